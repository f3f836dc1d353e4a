"""What a schedule said, since when: GitLab tells its present state only, so each sync adds what it has not met before.

GitLab saves a schedule whenever it runs (app/models/concerns/schedulable.rb), so ``updated_at`` is no proof of an edit.
It is the best guess of when, once an edit is seen: the change lies between the last look and this one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

LONG_AGO = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
_LATEST_START = timedelta(hours=2)
_CLOCK_SKEW = timedelta(minutes=1)
_TIMES_TO_BE_SURE = 2
_DAYS_OF_A_LINE = 3
# GitLab starts what is due when it looks, at the same minutes of every hour; a person is not that punctual.
_SAME_TIME = timedelta(minutes=3)
_WIDEST = timedelta(minutes=10)
_DAY = timedelta(days=1)
_NOON = LONG_AGO + timedelta(hours=12)
_WORTH_A_WRITE = timedelta(hours=1)


@dataclass(frozen=True)
class Edition:
    """A schedule from ``valid_from`` (UTC) on, last seen so at ``seen_at``; no cron line: its times are not known.

    ``off_cause`` is None, ``schedule_off``, ``schedule_deleted``, ``project_archived`` or ``ci_off``.
    """

    valid_from: datetime
    cron: str | None
    cron_timezone: str | None
    off_cause: str | None
    seen_at: datetime

    def says(self, seen: Seen) -> bool:
        """Whether it is what was seen."""
        return (self.cron, self.cron_timezone, self.off_cause) == (seen.cron, seen.cron_timezone, seen.off_cause)


@dataclass(frozen=True)
class Seen:
    """A schedule as it is now. ``changed_at`` is what GitLab says of its, or its project's, last change."""

    cron: str | None
    cron_timezone: str | None
    off_cause: str | None
    created_at: datetime | None
    changed_at: datetime | None
    seen_at: datetime


def grown(known: Sequence[Edition], seen: Seen, valid_from: datetime | None = None) -> list[Edition]:
    """The editions, oldest first, with what is seen now at their end.

    A schedule that is met for the first time said the same since it was created, if nothing else is known: before
    ``valid_from``, where it is given, its times are unknown. One that is met switched off was on until ``changed_at``.
    """
    if not known:
        return _first(seen, valid_from)
    last = known[-1]
    if last.says(seen):
        fresher = seen.seen_at - last.seen_at >= _WORTH_A_WRITE
        return [*known[:-1], replace(last, seen_at=seen.seen_at)] if fresher else list(known)
    start = min(max(seen.changed_at or seen.seen_at, last.seen_at, last.valid_from), seen.seen_at)
    if seen.off_cause == "schedule_deleted":
        start = max(last.seen_at, last.valid_from)
    kept = [edition for edition in known if edition.valid_from < start]
    return [*kept, Edition(start, seen.cron, seen.cron_timezone, seen.off_cause, seen.seen_at)]


def _first(seen: Seen, valid_from: datetime | None) -> list[Edition]:
    created = seen.created_at or LONG_AGO
    found = [Edition(created, seen.cron, seen.cron_timezone, None, seen.seen_at)]
    if valid_from is not None and valid_from > created:
        unknown = replace(found[0], cron=None)
        found = [unknown, replace(found[0], valid_from=valid_from)]
    if seen.off_cause is not None:
        since = max(seen.changed_at or found[-1].valid_from, found[-1].valid_from)
        found = [edition for edition in found if edition.valid_from < since]
        found.append(Edition(since, seen.cron, seen.cron_timezone, seen.off_cause, seen.seen_at))
    return found


def edited_before(slots: Sequence[datetime], runs: Sequence[datetime], changed_at: datetime | None) -> datetime | None:
    """Since when the present cron line holds, as far as the runs tell when a schedule is met for the first time.

    ``slots`` are the times by the present line, ``runs`` when its pipelines were created, both sorted. The line was
    another one where runs came at other times as a clock starts them, and no more: on most days, or in most weeks, at
    one time of the day (three times at least; twice, where nothing came on time before and something at every second
    slot). It holds from the first run on time after them, or since the schedule's last change where there is none.
    None: nothing speaks against it; few runs, and runs at any time of the day, somebody started.
    """
    on_time: list[datetime] = []
    strays: list[datetime] = []
    before: dict[int, datetime] = {}
    for run in runs:
        place = bisect_right(slots, run + _CLOCK_SKEW)
        if place and run - slots[place - 1] <= _LATEST_START:
            on_time.append(slots[place - 1])
            continue
        strays.append(run)
        if not on_time:
            before.setdefault(place, run)
    ended = max((each[-1] for each in _series(strays) if _is_a_line(each) and _is_over(each, runs[-1])), default=None)
    if ended is None and _were_all(before, bisect_right(slots, on_time[0]) - 1 if on_time else max(before, default=0)):
        ended = min(strays)
    return None if ended is None else next((slot for slot in on_time if slot > ended), changed_at)


def _were_all(strays: dict[int, datetime], slots: int) -> bool:
    """Whether what ran, the first by each slot, ran for the schedule: at every second slot, and two at one time."""
    often = len(strays) >= max(_TIMES_TO_BE_SURE, slots / 2)
    return often and any(len(each) > 1 for each in _series(list(strays.values())))


def _series(runs: Sequence[datetime]) -> list[list[datetime]]:
    """Runs at one time of the day, each list by date; runs a few minutes apart are one."""
    by_clock = sorted(runs, key=lambda run: (run - _NOON) % _DAY)
    found: list[list[datetime]] = []
    for run in by_clock:
        if found and (run - found[-1][-1]) % _DAY <= _SAME_TIME:
            found[-1].append(run)
        else:
            found.append([run])
    if len(found) > 1 and (found[0][0] - found[-1][-1]) % _DAY <= _SAME_TIME:
        found[0] += found.pop()
    return [sorted(each) for each in found]


def _is_a_line(series: Sequence[datetime]) -> bool:
    """Whether a clock started them: three at least, on most days or in most weeks from the first to the last."""
    days = sorted({round((run - series[0]) / _DAY) for run in series})
    clocks = [(run - series[0] + _DAY / 2) % _DAY for run in series]
    unit = 7 if all(day % 7 == 0 for day in days) else 1
    often = len(days) >= _DAYS_OF_A_LINE and 2 * len(days) > days[-1] / unit
    return often and max(clocks) - min(clocks) <= _WIDEST


def _is_over(series: Sequence[datetime], last: datetime) -> bool:
    """Whether no more of them came, though the schedule ran on: at their longest distance one would have."""
    return last - series[-1] > max(later - earlier for earlier, later in pairwise(series)) + _LATEST_START
