"""Cron the slow way, independent of the program: look at the clock on the wall in every single minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def _allowed(field: str, lowest: int, highest: int) -> set[int]:
    """Classic cron: ``*``, ``a``, ``a-b``, each with ``/n``, joined by commas."""
    allowed: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            first, last = str(lowest), str(highest)
        elif not last:
            last = str(highest) if step else first
        allowed |= {
            number for number in range(int(first), int(last) + 1) if (number - int(first)) % int(step or 1) == 0
        }
    return allowed


@lru_cache(maxsize=12)
def minutes_of(zone: str, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Every minute (UTC) with what a clock in the zone shows then, both without zone."""
    where, moment, found = ZoneInfo(zone), start, []
    while moment < end:
        found.append((moment, moment.replace(tzinfo=UTC).astimezone(where).replace(tzinfo=None)))
        moment += MINUTE
    return tuple(found)


def matching(line: str, zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The minutes that match a classic cron line: both restricted day fields join by "or"."""
    minute, hour, day, month, weekday = line.split()
    minutes, hours, months = _allowed(minute, 0, 59), _allowed(hour, 0, 23), _allowed(month, 1, 12)
    days, weekdays = _allowed(day, 1, 31), {number % 7 for number in _allowed(weekday, 0, 7)}
    either = "*" not in (day, weekday)
    for moment, clock in minutes_of(zone, start, end):
        if clock.minute not in minutes or clock.hour not in hours or clock.month not in months:
            continue
        by_day, by_weekday = clock.day in days, (clock.weekday() + 1) % 7 in weekdays
        if (by_day or by_weekday) if either else (by_day and by_weekday):
            yield moment, clock


def looked_at(moments: list[datetime]) -> list[datetime]:
    """Those that GitLab's worker can tell apart: it looks at minutes 3, 13, 23 … and starts what fell due since."""
    kept: list[datetime] = []
    for moment in moments:
        look = moment + MINUTE
        while look.minute % 10 != 3:
            look += MINUTE
        if not kept or kept[-1] < look - timedelta(minutes=10):
            kept.append(moment)
    return kept
