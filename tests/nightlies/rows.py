"""Expected times by hand, and the rows of the ledger in short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dashlib.model import Delete, Put, Replace
from dashlib.nightlies.tables import SCHEDULE_SLOTS
from dashlib.sources.tables import MEMBERS, PIPELINES, SCHEDULES
from dashlib.store import bookkeeping
from tests.queries.build import MIDNIGHT, Builder, row

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NIGHTS = [MIDNIGHT + place * DAY for place in range(5)]
"""Five nights from 10 March 2026, 01:00 UTC: long past, so that nothing of them is late."""


def now() -> datetime:
    """The clock as the views read it, to the minute."""
    return datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)


def expect(
    built: Builder, *moments: datetime, id: int = 7, off: str | None = None, repeated: timedelta | bool = False
) -> None:
    """Times at which a schedule is to run; ``repeated``: by how much the clock was put back before (True: an hour)."""
    back = HOUR if repeated is True else repeated or None
    rows = [
        {
            "project_id": 1,
            "schedule_id": id,
            "expected_at": at,
            "repeated": back is not None,
            "repeat_of": back and at - back,
            "off_cause": off,
        }
        for at in moments
    ]
    built.store.write(Put(SCHEDULE_SLOTS, rows))


def forget(built: Builder, *pipelines: int) -> None:
    """Scheduled pipelines that never were."""
    built.store.write(Delete(PIPELINES, [{"project_id": 1, "id": id} for id in pipelines]))


def schedule(built: Builder, id: int = 7, **values: Any) -> None:
    """The project's schedule, instead of the one that was there."""
    known = {"description": "Nightly", "ref": "main", "cron": "0 1 * * *", "cron_timezone": "UTC", "active": True}
    told = {"next_run_at": now() + DAY, "owner_id": 5, "owner_username": "ada", "owner_state": "active"}
    added = row(SCHEDULES, ["row"], project_id=1, id=id, **known | told | values)
    built.store.write(Replace(SCHEDULES, {"project_id": 1}, [added]))


def member(built: Builder, user_id: int = 5, **values: Any) -> None:
    """A member of the project."""
    known = {"username": "ada", "state": "active", "membership_state": "active", "access_level": 40}
    built.store.write(Put(MEMBERS, [row(MEMBERS, ["row"], project_id=1, user_id=user_id, **known | values)]))


def read_at(built: Builder, at: datetime) -> None:
    """When the project's pipelines were read."""
    done = {"source": "gitlab", "project_id": 1, "resource": "pipelines", "variant": "", "completed_at": at}
    built.store.write(Put(bookkeeping.PASSES, [done]))


def late_hours(built: Builder, hours: float) -> None:
    """DASH_LATE_HOURS."""
    built.store.write(Put(bookkeeping.SETTINGS, [{"name": "late_hours", "value": f"{hours:g}"}]))


def states(built: Builder) -> list[str]:
    """The states of expected nights, oldest first."""
    found = built.rows(
        "select state from nightly_slots where expected_at is not null order by expected_at, schedule_id"
    )
    return [one["state"] for one in found]


def causes(built: Builder) -> list[str | None]:
    """The causes of expected nights, oldest first."""
    found = built.rows("select cause from nightly_slots where expected_at is not null order by expected_at")
    return [one["cause"] for one in found]
