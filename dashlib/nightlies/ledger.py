"""Keep the table of expected nights up to date: at the start of the app and after every sync."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import zip_longest

import duckdb

from dashlib.model import Change, Delete, Put, Replace, Row
from dashlib.nightlies.editions import LONG_AGO, Edition, Seen, edited_before, grown
from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.firings import firings
from dashlib.nightlies.tables import SCHEDULE_EDITIONS, SCHEDULE_SLOTS, SCHEDULES_READ
from dashlib.settings import Settings
from dashlib.store import Store

_VERSION = "2"
"""Of the way from editions to slots: raise it, and the slots of every schedule are worked out anew."""

# A project's nights count from where its pipelines were read, once they were read completely.
_SCHEDULES = """
select s.project_id, s.id, s.cron, s.cron_timezone, s.created_at, s.updated_at,
       coalesce(p.updated_at, p.last_activity_at),
       case when s.deleted then 'schedule_deleted'
            when p.archived then 'project_archived'
            when p.builds_enabled is false then 'ci_off'
            when s.active is false then 'schedule_off' end,
       (select max(completed_at) from bookkeeping.passes
        where project_id = s.project_id and resource = 'schedules'),
       case when not exists (from bookkeeping.passes where resource = 'window') then $earliest::timestamp
            else (select min(since) from bookkeeping.passes
                  where project_id = s.project_id and resource = 'pipelines' and variant = ''
                    and completed_at is not null) end
from schedules s left join projects p on p.id = s.project_id
order by s.project_id, s.id
"""
_RUNS = """
select project_id, schedule_id, list(created_at order by created_at)
from pipelines
where source = 'schedule' and created_at is not null and schedule_id is not null
  and (project_id, schedule_id) not in (select (project_id, schedule_id) from bookkeeping.schedule_editions)
group by all
"""
_EDITIONS = """
select project_id, schedule_id, valid_from, cron, cron_timezone, off_cause, seen_at
from bookkeeping.schedule_editions order by project_id, schedule_id, valid_from
"""
_READ = "select project_id, schedule_id, digest, until from bookkeeping.schedules_read"
_PROJECT_CAUSES = ("project_archived", "ci_off")

Key = tuple[int, int]


@dataclass(frozen=True)
class _Schedule:
    key: Key
    seen: Seen
    start: datetime | None


def refresh(store: Store, settings: Settings, now: datetime | None = None) -> int:
    """Work out the expected nights of every schedule whose times are not known yet; returns how many those were.

    ``now`` is UTC without zone (default: the clock). Schedules that cannot be read get no slots and a ``problem``.
    Does nothing but look where nothing is new; safe to repeat and to cut off.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    reader = store.reader()
    try:
        schedules = _schedules(reader, settings, now, _horizon(reader, settings))
        editions = _editions(reader)
        runs = {(project, schedule): found for project, schedule, found in reader.execute(_RUNS).fetchall()}
        done = {(project, schedule): tuple(known) for project, schedule, *known in reader.execute(_READ).fetchall()}
    finally:
        reader.close()
    until = _midnight(settings, now, 2)
    changes: list[Change] = []
    worked_out = 0
    for schedule in schedules:
        known = editions.get(schedule.key, [])
        since = None if known else _edited(schedule, runs.get(schedule.key, ()), now)
        current = grown(known, schedule.seen, since)
        if known or schedule.start is not None:
            # Before its project's pipelines were read nothing tells whether the line was another one.
            changes += _remembered(schedule.key, known, current)
        digest = _digest(current, schedule.start)
        done_digest, done_until = done.get(schedule.key, (None, LONG_AGO))
        if (done_digest, done_until) != (digest, until):
            begin = done_until if done_digest == digest and done_until < until else LONG_AGO
            changes += _worked_out(schedule, current, begin, until, digest)
            worked_out += 1
    if changes:
        store.write(*changes)
    return worked_out


def _horizon(reader: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    """The first instant of the team's day of the oldest pipeline of all: GitLab may keep none that are older."""
    (oldest,) = reader.execute("select min(created_at) from pipelines").fetchone() or (None,)
    return LONG_AGO if oldest is None else _midnight(settings, oldest, 0)


def _midnight(settings: Settings, moment: datetime, days: int) -> datetime:
    """The first instant (UTC) of the team's day that lies so many days after a moment's."""
    day = moment.replace(tzinfo=UTC).astimezone(settings.zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), settings.zone).astimezone(UTC).replace(tzinfo=None)


def _schedules(
    reader: duckdb.DuckDBPyConnection, settings: Settings, now: datetime, horizon: datetime
) -> list[_Schedule]:
    found = []
    for row in reader.execute(_SCHEDULES, {"earliest": _midnight(settings, now, -settings.window_days)}).fetchall():
        project, ident, cron, zone, created, updated, project_updated, cause, listed, start = row
        of_project = cause in _PROJECT_CAUSES
        changed, seen = (project_updated, now) if of_project else (updated, listed or now)
        told = Seen(cron, zone, cause, created, changed, seen)
        found.append(_Schedule((project, ident), told, start and max(start, horizon)))
    return found


def _editions(reader: duckdb.DuckDBPyConnection) -> dict[Key, list[Edition]]:
    found: dict[Key, list[Edition]] = {}
    for project, schedule, *values in reader.execute(_EDITIONS).fetchall():
        found.setdefault((project, schedule), []).append(Edition(*values))
    return found


def _edited(schedule: _Schedule, runs: Sequence[datetime], now: datetime) -> datetime | None:
    """Since when a schedule's present line holds, where its runs tell (see ``edited_before``)."""
    seen = schedule.seen
    if not runs or schedule.start is None:
        return None
    start = max(schedule.start, seen.created_at or schedule.start)
    try:
        slots = [firing.at for firing in firings(seen.cron, seen.cron_timezone, start, now)]
    except Unreadable:
        return None
    return edited_before(slots, [run for run in runs if slots and run >= slots[0]], seen.changed_at)


def _remembered(key: Key, known: Sequence[Edition], current: Sequence[Edition]) -> list[Change]:
    gone = {edition.valid_from for edition in known} - {edition.valid_from for edition in current}
    fresh = [edition for edition in current if edition not in known]
    changes: list[Change] = []
    if gone:
        changes.append(Delete(SCHEDULE_EDITIONS, [{**_named(key), "valid_from": moment} for moment in sorted(gone)]))
    if fresh:
        changes.append(Put(SCHEDULE_EDITIONS, [_named(key) | vars(edition) for edition in fresh]))
    return changes


def _digest(editions: Iterable[Edition], start: datetime | None) -> str:
    said = [(each.valid_from, each.cron, each.cron_timezone, each.off_cause) for each in editions]
    return hashlib.sha256(repr((_VERSION, said, start)).encode("utf-8", "replace")).hexdigest()


def _worked_out(
    schedule: _Schedule, editions: Sequence[Edition], begin: datetime, until: datetime, digest: str
) -> list[Change]:
    """The schedule's slots from ``begin`` on: all of them anew, or a day more."""
    rows: list[Row] = []
    problem = None
    for edition, following in zip_longest(editions, editions[1:]):
        if edition.off_cause == "schedule_deleted":
            continue
        end = min(until, following.valid_from) if following else until
        try:
            rows += _slots(schedule, edition, begin, end)
            problem = None
        except Unreadable as error:
            problem = str(error)
    return [
        Replace(SCHEDULE_SLOTS, _named(schedule.key), rows) if begin == LONG_AGO else Put(SCHEDULE_SLOTS, rows),
        Put(SCHEDULES_READ, [{**_named(schedule.key), "digest": digest, "until": until, "problem": problem}]),
    ]


def _slots(schedule: _Schedule, edition: Edition, begin: datetime, end: datetime) -> list[Row]:
    """The times of one edition, none where its line was not known or its project's pipelines were never read."""
    if edition.cron is None and schedule.seen.cron is not None:
        return []
    start = end if schedule.start is None else max(edition.valid_from, schedule.start)
    # What came shortly before ``begin`` decides which of close times count.
    start = max(start, begin - timedelta(hours=1))
    found = firings(edition.cron, edition.cron_timezone, start, end)
    return [
        {
            **_named(schedule.key),
            "expected_at": firing.at,
            "repeated": firing.repeated,
            "repeat_of": firing.repeat_of,
            "off_cause": edition.off_cause,
        }
        for firing in found
        if firing.at >= begin
    ]


def _named(key: Key) -> dict[str, int]:
    return {"project_id": key[0], "schedule_id": key[1]}
