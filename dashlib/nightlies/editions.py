"""What a schedule said, since when: GitLab tells its present state only, so each sync adds what it has not met before.

GitLab saves a schedule whenever it runs (app/models/concerns/schedulable.rb), so ``updated_at`` is no proof of an edit.
It is the best guess of when, once an edit is seen: the change lies between the last look and this one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

LONG_AGO = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
_LATEST_START = timedelta(hours=2)
_CLOCK_SKEW = timedelta(minutes=1)
_TIMES_TO_BE_SURE = 2
_SAME_TIME = timedelta(minutes=15)
_DAY = timedelta(days=1)
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

    ``slots`` are the times by the present line, ``runs`` when its pipelines were created, both sorted. Where the oldest
    runs came at other times, at every second slot at least and two at one time of the day, and none on time, the line
    was another one: it holds from the first run on time, or since the schedule's last change where there is none. None:
    nothing speaks against it; few runs, and runs at any time of the day, were started by hand while the nightly did not
    run.
    """
    strays: dict[int, datetime] = {}
    for run in runs:
        place = bisect_right(slots, run + _CLOCK_SKEW)
        if place and run - slots[place - 1] <= _LATEST_START:
            return slots[place - 1] if _are_another_line(strays, place - 1) else None
        strays.setdefault(place, run)
    return changed_at if _are_another_line(strays, max(strays, default=0)) else None


def _are_another_line(strays: dict[int, datetime], slots: int) -> bool:
    """Whether runs, of each slot before which they came the first, follow a line: often enough, two at one time."""
    return len(strays) >= max(_TIMES_TO_BE_SURE, slots / 2) and any(
        min((one - other) % _DAY, (other - one) % _DAY) <= _SAME_TIME for one, other in combinations(strays.values(), 2)
    )
