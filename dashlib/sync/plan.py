"""What to ask for: the decisions of a sync, pure, so that they can be tested without a server.

The call plan. With R repositories, P pipelines and J jobs per repository in the window, F failed jobs on the main line,
S schedules, C commits and E events per repository, G groups with I issues each, a first sync makes about

    ⌈R/100⌉  projects
    + R · ( ⌈P/100⌉ pipelines + 1 child pipelines + ⌈J/100⌉ jobs + 1 schedules + (S-1) their pipelines
            + 1 members + ⌈C/100⌉ commits + 1 default branch + 1 mailmap + ⌈E/100⌉ events )
    + ⌈I/100⌉ issues of each of G groups (of each repository where a group holds few of them)
    + F logs + one call for each failed pipeline that no failed job explains

(the runs at the time of the project's last schedule need no call to be linked; child pipelines are asked only where the
list's numbers or the jobs tell of pipelines that it left out), and a later one, in which m repositories had a pipeline
that moved and a were active,

    ⌈R/100⌉ + R pipelines + G issues + m · (jobs, child pipelines) + a · (events, commits, default branch) + new logs.

What webhooks left in doubt costs two calls for a pipeline and one for each hundred unknown commits of a push.

The seed's plan is ``5 + R + R·D + R·D·J``: one call for the jobs of each of D nightlies, and one for each log. Reading
a project's jobs as one list costs a hundredth of a call per job, whichever pipeline it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from cronsim import CronSim, CronSimError

from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.zones import zone

PER_PAGE = 100
JOBS_PER_PIPELINE = 8.0
"""A guess for the first sync, before anything is known."""
ACTIVITY_LAG = timedelta(minutes=70)
"""GitLab moves ``last_activity_at`` at most once an hour (app/models/event.rb): what follows may not show in it."""
DAILY = timedelta(hours=20)
_AFTER_ITS_TIME = timedelta(minutes=15)


@dataclass(frozen=True)
class DuePipeline:
    """A pipeline whose jobs must be read; ``rank`` is its place among all of the project, newest first (1…)."""

    id: int
    created_at: datetime
    updated_at: datetime
    rank: int


@dataclass(frozen=True)
class JobsPlan:
    """Read the project's job list back to ``until`` (None: not at all), and ``singles`` one by one."""

    until: datetime | None
    singles: tuple[DuePipeline, ...]


def jobs_plan(due: Sequence[DuePipeline], jobs_per_pipeline: float) -> JobsPlan:
    """The cheapest way to read the jobs of these pipelines (newest first).

    The project's list holds a hundred jobs a call but also those of pipelines that are not due; one pipeline costs a
    call of its own. So: the list for the newest k, single calls for the rest; the list where both cost the same, since
    it also gives away child pipelines.
    """
    best, covered = float(len(due)), 0
    for count, pipeline in enumerate(due, start=1):
        pages = -(-pipeline.rank * jobs_per_pipeline // PER_PAGE) or 1.0
        cost = pages + len(due) - count
        if cost <= best:
            best, covered = cost, count
    until = due[covered - 1].created_at - timedelta(minutes=1) if covered else None
    return JobsPlan(until, tuple(due[covered:]))


@dataclass(frozen=True)
class Schedule:
    """What tells whether a run can be a schedule's: its cron line in its zone, its ref, since when it exists."""

    id: int
    ref: str | None
    cron: str | None
    cron_timezone: str | None
    created_at: datetime | None


def ran_on_time(schedule: Schedule, ref: str | None, created_at: datetime) -> bool:
    """Whether a run of that moment (UTC) and ref is surely this schedule's, if it is the project's only one.

    GitLab looks for due schedules every few minutes, so a run begins up to a quarter of an hour after its time. A zone
    or a cron line that cannot be read proves nothing.
    """
    if schedule.ref is None or ref != schedule.ref or schedule.created_at is None or created_at < schedule.created_at:
        return False
    try:
        moment = created_at.replace(tzinfo=UTC).astimezone(zone(schedule.cron_timezone))
        slot = next(CronSim(schedule.cron or "", moment + timedelta(minutes=1), reverse=True))
    except (CronSimError, StopIteration, Unreadable, ValueError):
        return False
    return timedelta(minutes=-1) <= moment - slot <= _AFTER_ITS_TIME


def wants_history(completed_at: datetime | None, activity: datetime | None, last_activity_at: datetime | None) -> str:
    """Whether a project's commits and issues may have moved since they were read: ``yes``, ``no`` or ``perhaps``."""
    if completed_at is None or last_activity_at is None or activity is None or last_activity_at > activity:
        return "yes"
    return "perhaps" if completed_at < last_activity_at + ACTIVITY_LAG else "no"


def is_due_daily(completed_at: datetime | None, now: datetime) -> bool:
    """For what changes rarely: schedules and members."""
    return completed_at is None or now - completed_at > DAILY


def chosen(path: str, groups: Sequence[str], projects: Sequence[str]) -> bool:
    """Whether DASH_GROUPS and DASH_PROJECTS name a project; ``*`` crosses slashes, case does not matter."""
    if not groups and not projects:
        return True
    low = path.lower()
    if any(fnmatchcase(low, pattern.lower().strip("/")) for pattern in projects):
        return True
    namespace = low.rpartition("/")[0]
    parts = namespace.split("/")
    ancestors = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    return any(fnmatchcase(ancestor, pattern.lower().strip("/")) for pattern in groups for ancestor in ancestors)


@dataclass(frozen=True)
class ProjectQuery:
    """One list of projects to read: of the group, project or namespace ``name``, else of everything.

    ``fallback`` is read instead where the server does not know the group.
    """

    path: str
    params: tuple[tuple[str, str], ...]
    name: str = ""
    keyset: bool = False
    single: bool = False
    fallback: bool = False


_MEMBERSHIP = ProjectQuery("/projects", (("membership", "true"),), keyset=True)
EVERYTHING = ProjectQuery("/projects", (), keyset=True)


def project_queries(groups: Sequence[str], projects: Sequence[str]) -> list[ProjectQuery]:
    """The lists that hold the chosen projects, none wider than needed (``chosen`` filters afterwards)."""
    if not groups and not projects:
        return [_MEMBERSHIP]
    found: dict[tuple[str, bool], ProjectQuery] = {}
    for pattern in [*projects, *(f"{group.rstrip('/')}/*" for group in groups)]:
        literal = pattern.split("*")[0].split("?")[0].split("[")[0]
        if literal == pattern:
            query = ProjectQuery(f"/projects/{quoted(pattern)}", (), pattern.strip("/"), single=True)
        elif "/" in literal:
            group = literal.rpartition("/")[0]
            query = ProjectQuery(
                f"/groups/{quoted(group)}/projects",
                (("include_subgroups", "true"), ("with_shared", "false"), ("order_by", "id"), ("sort", "asc")),
                group.strip("/"),
                fallback=True,
            )
        else:
            return [EVERYTHING]
        found[query.path, query.single] = query
    return list(found.values())


def quoted(path: str) -> str:
    """A project's or group's path as one segment of a URL."""
    return (
        path.strip("/")
        .replace("%", "%25")
        .replace("/", "%2F")
        .replace("?", "%3F")
        .replace("#", "%23")
        .replace(" ", "%20")
    )
