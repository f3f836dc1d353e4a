"""The stored times of schedules: which there are, that they keep their past, and that nothing new costs nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Put, Replace
from dashlib.nightlies.ledger import refresh
from dashlib.settings import Settings
from dashlib.sources.tables import PROJECTS, SCHEDULES
from dashlib.store import bookkeeping, open_store
from tests.queries.build import Builder, row

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 10, 6)
BORN = datetime(2026, 3, 5, 12)
ONE_WEEK = Settings(window_days=7)


def schedule(built: Builder, id: int = 7, **values: Any) -> None:
    """The schedule as a later look at its project's list finds it."""
    known = {"description": "Nightly", "ref": "main", "cron": "0 1 * * *", "cron_timezone": "UTC", "active": True}
    told = {"created_at": BORN, "updated_at": BORN, "next_run_at": NOW + DAY} | known | values
    built.store.write(Replace(SCHEDULES, {"project_id": 1}, [row(SCHEDULES, ["row"], project_id=1, id=id, **told)]))


def project(built: Builder, **values: Any) -> None:
    known = {"path_with_namespace": "acme/core/engine", "name": "engine", "namespace": "acme/core", "archived": False}
    told = {"updated_at": BORN, "web_url": "https://gitlab.example/acme/core/engine"} | known | values
    built.store.write(
        Put(PROJECTS, [row(PROJECTS, ["path", "name", "address", "list"], id=1, source="gitlab", **told)])
    )


def looked(built: Builder, resource: str, at: datetime | None, since: datetime | None = None, id: int = 1) -> None:
    """A finished pass of a sync (without ``at``: one that is still under way)."""
    done = {"source": "gitlab", "project_id": id, "resource": resource, "variant": "", "since": since}
    built.store.write(Put(bookkeeping.PASSES, [done | {"completed_at": at}]))


def stored(built: Builder) -> list[tuple[str, str | None]]:
    found = built.rows("select expected_at, off_cause from schedule_slots order by schedule_id, expected_at")
    return [(one["expected_at"].strftime("%d %H:%M"), one["off_cause"]) for one in found]


def days(built: Builder) -> list[str]:
    return [moment for moment, _ in stored(built)]


def test_from_its_creation_to_the_end_of_tomorrow(built: Builder) -> None:
    schedule(built)
    assert refresh(built.store, ONE_WEEK, NOW) == 1
    assert days(built) == [f"{day:02} 01:00" for day in range(6, 12)]


def test_nothing_new_is_nothing_to_do(built: Builder) -> None:
    schedule(built)
    refresh(built.store, ONE_WEEK, NOW)
    version = built.store.data_version
    assert refresh(built.store, ONE_WEEK, NOW + timedelta(hours=3)) == 0
    assert built.store.data_version == version


def test_tomorrow_is_the_teams(built: Builder) -> None:
    schedule(built, cron="0 */6 * * *")
    refresh(built.store, Settings(window_days=7, timezone="Australia/Sydney"), NOW)
    # In Sydney it is 17:00 of the 10th: tomorrow ends with the 11th there, 13:00 UTC.
    assert days(built)[-1] == "11 12:00"


def test_an_old_schedule_begins_with_the_window(built: Builder) -> None:
    schedule(built, created_at=datetime(2020, 1, 1))
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built)[0] == "03 01:00"


def test_nothing_is_expected_before_the_oldest_pipeline_of_all(built: Builder) -> None:
    schedule(built, created_at=datetime(2020, 1, 1))
    built.pipeline(datetime(2026, 3, 6, 15), source="push")
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built)[0] == "06 01:00"


def test_the_window_is_the_projects_own(built: Builder) -> None:
    schedule(built, created_at=datetime(2020, 1, 1))
    looked(built, "window", None, datetime(2026, 3, 1), id=0)
    looked(built, "pipelines", NOW, datetime(2026, 3, 8))
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built)[0] == "08 01:00"


def test_nothing_is_expected_of_a_project_whose_pipelines_were_never_read(built: Builder) -> None:
    schedule(built)
    looked(built, "window", None, datetime(2026, 3, 1), id=0)
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built) == []
    looked(built, "pipelines", NOW, datetime(2026, 3, 1))
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built)[0] == "06 01:00"


def test_before_the_pipelines_are_read_nobody_judges_the_line(built: Builder) -> None:
    """The first sync was killed between the schedules and the pipelines; what these tell counts all the same."""
    schedule(built)
    looked(built, "window", None, datetime(2026, 3, 1), id=0)
    refresh(built.store, ONE_WEEK, NOW)
    for at in (datetime(2026, 3, 6, 22, 3), datetime(2026, 3, 7, 22, 3), datetime(2026, 3, 9, 1, 3)):
        built.pipeline(at)
    looked(built, "pipelines", NOW, datetime(2026, 3, 1))
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built)[0] == "09 01:00"


def test_a_window_that_grows_backwards_brings_earlier_nights(built: Builder) -> None:
    schedule(built, created_at=datetime(2020, 1, 1))
    looked(built, "window", None, datetime(2026, 3, 8), id=0)
    looked(built, "pipelines", NOW, datetime(2026, 3, 8))
    refresh(built.store, ONE_WEEK, NOW)
    looked(built, "pipelines", NOW + timedelta(hours=1), datetime(2026, 3, 4))
    refresh(built.store, ONE_WEEK, NOW + timedelta(hours=1))
    assert days(built)[0] == "04 01:00"


def test_an_edited_schedule_keeps_its_past(built: Builder) -> None:
    schedule(built)
    refresh(built.store, ONE_WEEK, NOW)
    schedule(built, cron="0 4 * * *", updated_at=NOW + timedelta(hours=2))
    refresh(built.store, ONE_WEEK, NOW + timedelta(hours=5))
    assert days(built) == [*(f"{day:02} 01:00" for day in range(6, 11)), "11 04:00"]


def test_one_that_was_edited_before_the_first_look_has_no_nights_before(built: Builder) -> None:
    schedule(built)
    for day in (6, 7):
        built.pipeline(datetime(2026, 3, day, 22, 3))
    for day in (8, 9, 10):
        built.pipeline(datetime(2026, 3, day, 1, 3))
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built) == ["08 01:00", "09 01:00", "10 01:00", "11 01:00"]


def test_runs_by_hand_before_the_first_look_take_no_missing_night_away(built: Builder) -> None:
    """Nothing ran by itself on four nights, somebody started it on two: all four were to run."""
    schedule(built)
    for at in (datetime(2026, 3, 6, 15), datetime(2026, 3, 10, 15), datetime(2026, 3, 11, 1, 3)):
        built.pipeline(at)
    refresh(built.store, ONE_WEEK, NOW + DAY)
    assert days(built)[:6] == [f"{day:02} 01:00" for day in range(6, 12)]


def test_switched_off_and_on_again(built: Builder) -> None:
    schedule(built)
    refresh(built.store, ONE_WEEK, NOW - 3 * DAY)
    schedule(built, active=False, updated_at=NOW - 2 * DAY)
    refresh(built.store, ONE_WEEK, NOW - 2 * DAY + timedelta(hours=1))
    schedule(built, updated_at=NOW)
    refresh(built.store, ONE_WEEK, NOW + timedelta(hours=1))
    assert stored(built) == [
        ("06 01:00", None),
        ("07 01:00", None),
        ("08 01:00", None),
        ("09 01:00", "schedule_off"),
        ("10 01:00", "schedule_off"),
        ("11 01:00", None),
    ]


def test_one_that_is_met_switched_off_was_on_before(built: Builder) -> None:
    schedule(built, active=False, updated_at=datetime(2026, 3, 8, 1, 3))
    refresh(built.store, ONE_WEEK, NOW)
    assert stored(built)[2:4] == [("08 01:00", None), ("09 01:00", "schedule_off")]


@pytest.mark.parametrize(
    ("told", "cause"), [({"archived": True}, "project_archived"), ({"builds_enabled": False}, "ci_off")]
)
def test_an_archived_project_is_off_from_then(built: Builder, told: dict[str, bool], cause: str) -> None:
    schedule(built)
    project(built, updated_at=datetime(2026, 3, 8, 15), **told)
    refresh(built.store, ONE_WEEK, NOW)
    assert stored(built)[2:5] == [("08 01:00", None), ("09 01:00", cause), ("10 01:00", cause)]


def test_a_deleted_schedule_has_no_nights_after_it_was_last_seen(built: Builder) -> None:
    schedule(built)
    looked(built, "schedules", NOW - 2 * DAY)
    refresh(built.store, ONE_WEEK, NOW - 2 * DAY)
    built.store.write(Replace(SCHEDULES, {"project_id": 1}, []))
    looked(built, "schedules", NOW)
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built) == ["06 01:00", "07 01:00", "08 01:00"]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"cron": "61 * * * *"}, "cron line '61 \\* \\* \\* \\*' cannot be read"),
        ({"cron": None}, "there is no cron line"),
        ({"cron_timezone": "Atlantis"}, "time zone 'Atlantis' is not known"),
    ],
)
def test_one_that_cannot_be_read_says_why_and_has_no_nights(built: Builder, told: dict[str, Any], problem: str) -> None:
    schedule(built, **told)
    refresh(built.store, ONE_WEEK, NOW)
    assert days(built) == []
    (found,) = built.rows("select problem from bookkeeping.schedules_read")
    assert re.search(problem, found["problem"])
    schedule(built, updated_at=NOW)
    refresh(built.store, ONE_WEEK, NOW + timedelta(hours=1))
    assert built.rows("select problem from bookkeeping.schedules_read") == [{"problem": None}]
    assert days(built) == ["11 01:00"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.integers(1, 50), max_size=5),
    cron=st.sampled_from(["0 1 * * *", "*/5 * * * *", "20 3 * * 6", "30 2 * * *", "59 23 * * *"]),
    zone=st.sampled_from(["UTC", "Berlin", "Pacific Time (US & Canada)"]),
)
def test_day_by_day_is_the_same_as_at_once(tmp_path: Path, steps: list[int], cron: str, zone: str) -> None:
    start, end = datetime(2026, 10, 20, 5), datetime(2026, 10, 20, 5) + timedelta(hours=sum(steps))
    found: list[list[dict[str, Any]]] = []
    for moments in ([end], [start + timedelta(hours=sum(steps[:place])) for place in range(len(steps) + 1)]):
        path = tmp_path / f"{len(found)}.duckdb"
        path.unlink(missing_ok=True)
        with open_store(path) as store:
            built = Builder(store)
            built.project()
            schedule(built, cron=cron, cron_timezone=zone, created_at=start)
            looked(built, "window", None, start, id=0)
            looked(built, "pipelines", start, start)
            for moment in moments:
                refresh(store, Settings(timezone="Europe/Berlin"), moment)
            found.append(built.rows("select * from schedule_slots order by all"))
    assert found[0] == found[1]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cron=st.none()
    | st.text(max_size=40)
    | st.from_regex(r"[0-9*/,\-L#%&]{1,9}( [0-9*/,\-L#%&]{1,9}){4}", fullmatch=True),
    zone=st.none() | st.text(max_size=60) | st.sampled_from(["UTC", "Samoa", "Europe", "/etc/passwd", "x" * 5000]),
    created=st.none() | st.datetimes(),
    updated=st.none() | st.datetimes(),
    active=st.none() | st.booleans(),
)
def test_whatever_a_schedule_says_is_never_fatal(built: Builder, **told: Any) -> None:
    values = {"cron": told["cron"], "cron_timezone": told["zone"], "active": told["active"]}
    schedule(built, created_at=told["created"], updated_at=told["updated"], **values)
    refresh(built.store, ONE_WEEK, NOW)
    assert len(built.rows("select * from nightly_schedules")) == 1
    for view in ("nightly_slots", "nightly_cells", "schedules_at_risk"):
        built.rows(f"select * from {view}")


def test_a_database_of_the_release_before_gets_its_ledger(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with open_store(path) as store:
        Builder(store).project()
        schedule(Builder(store))
    with duckdb.connect(str(path)) as old:
        for (view,) in old.execute("select view_name from duckdb_views() where not internal").fetchall():
            old.execute(f"drop view {view}")
        for table in ("schedule_slots", "bookkeeping.schedule_editions", "bookkeeping.schedules_read"):
            old.execute(f"drop table {table}")
        old.execute("delete from bookkeeping.meta where name = 'views'")
    with open_store(path) as store:
        assert refresh(store, ONE_WEEK, NOW) == 1
        assert days(Builder(store))[0] == "06 01:00"


def test_the_clock_is_the_default(built: Builder) -> None:
    schedule(built, created_at=datetime(2020, 1, 1))
    refresh(built.store, ONE_WEEK)
    last = built.rows("select max(expected_at) as at from schedule_slots")[0]["at"]
    assert last.date() == (datetime.now(UTC) + DAY).date()
