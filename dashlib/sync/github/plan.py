"""What to ask GitHub for: decisions, pure.

The call plan. With R repositories, W runs each in the window, M of them on the main line (scheduled, failed, or of the
default branch), F failed jobs among those and C commits, a first sync makes about

    ⌈R/100⌉ repositories + R · ( 1 workflows + 1 their files + ⌈W/100⌉ runs + M jobs + ⌈C/100⌉ commits ) + F logs.

GitHub has no list of a repository's jobs: each run costs a call, and the hour has five thousand. So jobs come in order
of use (nightlies, failures, the default branch), and of other runs that passed only the run itself is read, unless
DASH_LOGS is ``all``. A later sync, in which m repositories were pushed to, makes

    ⌈R/100⌉ + R runs + m · (workflows, files, commits) + new jobs and logs,

where a list of runs that did not change is answered 304 and costs nothing of the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from dashlib.sources.github.schedules import Candidate, Line, schedule_id, started_by
from dashlib.sources.gitlab import stamps

PER_PAGE = 100
LOOK_BACK = timedelta(hours=1)
"""Runs begin in the order of the list, but one may show in it a little late."""
LONGEST_RUN = timedelta(days=35)
"""GitHub ends every run after so long (docs.github.com, usage limits of Actions)."""
_GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Query:
    """One list of repositories to read; ``instead`` is read where GitHub knows no such organisation."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    single: bool = False
    instead: tuple[Query, ...] = ()


MINE = Query("/user/repos", (("affiliation", "owner,collaborator,organization_member"), ("sort", "full_name")))
"""What the token's user has something to do with."""


def api(url: str) -> str:
    """Where the API of a GitHub begins (docs.github.com: github.com, data residency at ghe.com, Enterprise Server)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host.startswith("api.") or parts.path.rstrip("/").endswith("/api/v3"):
        return url.rstrip("/")
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{url.rstrip('/')}/api/v3"


def queries(patterns: Sequence[str]) -> list[Query]:
    """The lists that hold the chosen repositories, none wider than needed (``chosen`` filters afterwards)."""
    if not patterns:
        return [MINE]
    found: dict[str, Query] = {}
    for pattern in patterns:
        owner, _, name = pattern.strip("/").partition("/")
        if _is_glob(owner) or not owner:
            return [MINE]
        if name and not _is_glob(name):
            one = Query(f"/repos/{quote(owner)}/{quote(name)}", single=True)
        else:
            of_user = Query(f"/users/{quote(owner)}/repos", (("type", "all"),))
            one = Query(f"/orgs/{quote(owner)}/repos", (("type", "all"),), instead=(of_user, MINE))
        found[one.path] = one
    return list(found.values())


def chosen(path: str, patterns: Sequence[str]) -> bool:
    """Whether the patterns name a repository; an owner alone means all of theirs; case does not matter."""
    low = path.lower()
    return not patterns or any(fnmatchcase(low, _whole(pattern)) for pattern in patterns)


def _whole(pattern: str) -> str:
    low = pattern.lower().strip("/")
    return low if "/" in low else f"{low}/*" if low != "*" else low


def _is_glob(text: str) -> bool:
    return any(sign in text for sign in "*?[")


@dataclass(frozen=True)
class Cron:
    """A schedule as it is stored."""

    cron: str | None
    timezone: str | None


def schedule_of(run: Mapping[str, Any], schedules: Mapping[int, Cron]) -> int | None:
    """Which of a repository's schedules (by id) started a run; None where its workflow has none that is known."""
    created, workflow = stamps.utc(run.get("created_at")), run.get("workflow_id")
    if created is None or workflow is None:
        return None
    candidates = [
        Candidate(ident, _last_before(schedules[ident], created))
        for place in range(len(schedules))
        if (ident := schedule_id(workflow, place)) in schedules
    ]
    return started_by(candidates) if candidates else None


def _last_before(schedule: Cron, created: datetime) -> datetime | None:
    """The schedule's last time at or before a moment (UTC), a minute of grace; None where it cannot be told."""
    try:
        zone = ZoneInfo(schedule.timezone or "UTC")
        moment = created.replace(tzinfo=UTC).astimezone(zone) + _GRACE
        return next(CronSim(schedule.cron or "", moment, reverse=True)).astimezone(UTC).replace(tzinfo=None)
    except (CronSimError, StopIteration, ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None


def next_run(line: Line, now: datetime) -> datetime | None:
    """When a cron line is next to start something (UTC): GitHub plans it nowhere that one could read."""
    try:
        moment = now.replace(tzinfo=UTC).astimezone(ZoneInfo(line.timezone))
        return next(CronSim(line.cron, moment)).astimezone(UTC).replace(tzinfo=None)
    except (CronSimError, StopIteration, ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None


def reaches(items: Iterable[Mapping[str, Any]], floor: datetime) -> bool:
    """Whether a page of runs, newest first, ends before a moment."""
    created = [at for item in items if (at := stamps.utc(item.get("created_at")))]
    return bool(created) and min(created) < floor
