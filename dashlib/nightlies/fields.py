"""One cron line as sets of numbers, by the grammar that GitLab's parser accepts.

GitLab reads cron with Fugit (floraison/fugit, lib/fugit/cron.rb), which takes more than classic cron: names, ranges
over the end (``22-2``, ``fri-mon``), hour 24, ``5/15``, ``/15``, spare commas, ``@daily`` and its kin, the last day
(``L``, ``last``) and days before it (``-2``), the n-th weekday of a month (``mon#2``, ``fri#-1``, ``fri#L``), every
n-th week (``mon%2+1``), ``&`` for "both day fields" and a first field for seconds. A line that it would refuse is
Unreadable here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from dashlib.nightlies.errors import Unreadable

SPECIALS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@noon": "0 12 * * *",
    "@hourly": "0 * * * *",
}
_WEEKDAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Fugit counts weeks from the Monday before 1 January 2019, a Tuesday in week 1 (README, "the modulo extension").
_FIRST_WEEK = date(2018, 12, 31)


@dataclass(frozen=True)
class Weekday:
    """A weekday (0 is Sunday): all of them, the ``nth`` of a month (negative from its end), or every ``modulo``."""

    day: int
    nth: int | None = None
    modulo: tuple[int, int] | None = None

    def matches(self, day: date, month_days: int) -> bool:
        """Whether a date is such a day; ``month_days`` is the length of its month."""
        if day.isoweekday() % 7 != self.day:
            return False
        if self.modulo is not None:
            every, plus = self.modulo
            return ((day - _FIRST_WEEK).days // 7 + 1) % every == plus % every
        if self.nth is None:
            return True
        return self.nth in ((day.day - 1) // 7 + 1, -((month_days - day.day) // 7 + 1))


@dataclass(frozen=True)
class Fields:
    """A cron line. Days are None where the field is ``*``; negative days count from the month's end, -1 is the last.

    ``any_time``: the line means "so often" (a ``*`` or a step for minute or hour, every hour), not "at these times".
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] | None
    months: tuple[int, ...]
    weekdays: tuple[Weekday, ...] | None
    both_days: bool
    any_time: bool

    def matches(self, day: date, month_days: int) -> bool:
        """Whether the day fields match a date. Where both are restricted either will do, unless ``&`` joins them."""
        by_day = None if self.days is None else day.day in self.days or day.day - month_days - 1 in self.days
        by_weekday = (
            None if self.weekdays is None else any(weekday.matches(day, month_days) for weekday in self.weekdays)
        )
        given = [found for found in (by_day, by_weekday) if found is not None]
        if not given:
            return True
        return all(given) if self.both_days else any(given)


def fields(line: str | None) -> Fields:
    """A cron line's fields; a field for seconds is dropped, since GitLab starts nothing to the second.

    Raises Unreadable.
    """
    text = (line or "").strip()
    parts = SPECIALS.get(text.lower(), text).split()
    if not parts:
        raise Unreadable("there is no cron line")
    if len(parts) == 6:
        _numbers(parts[0], 0, 59)
        parts = parts[1:]
    if len(parts) != 5:
        raise Unreadable(f"the cron line {text!r} has {len(parts)} fields, not 5")
    minute, hour, day, month, weekday = parts
    try:
        days = _numbers(day.removesuffix("&"), 1, 31, _day)
        months = _numbers(month, 1, 12, _month)
        if days is not None and not any(1 <= abs(d) <= _LONGEST[m - 1] for d in days for m in months or range(1, 13)):
            raise Unreadable("no such day of the month")
        hours = tuple(sorted({number % 24 for number in _numbers(hour, 0, 23, _hour) or range(24)}))
        return Fields(
            _numbers(minute, 0, 59) or tuple(range(60)),
            hours,
            days,
            months or tuple(range(1, 13)),
            _weekdays(weekday.removesuffix("&")),
            both_days="&" in day + weekday,
            any_time=minute.startswith(("*", "/")) or hour.startswith(("*", "/")) or len(hours) == 24,
        )
    except Unreadable as error:
        raise Unreadable(f"the cron line {text!r} cannot be read: {error}") from error


def _plain(highest: int) -> Callable[[str], int]:
    def number(word: str) -> int:
        if not re.fullmatch(r"\d\d?", word) or int(word) > highest:
            raise Unreadable(f"{word!r} is out of range")
        return int(word)

    return number


def _hour(word: str) -> int:
    return _plain(24)(word)


def _day(word: str) -> int:
    if word.lower() in ("l", "last"):
        return -1
    number = _plain(31)(word.removeprefix("-"))
    if number == 0:
        raise Unreadable(f"{word!r} is out of range")
    return -number if word.startswith("-") else number


def _month(word: str) -> int:
    number = _MONTHS.get(word.lower()) or _plain(12)(word)
    if number == 0:
        raise Unreadable(f"{word!r} is out of range")
    return number


def _weekday(word: str) -> int:
    """0 to 7; both ends of the week are Sunday."""
    found = _WEEKDAYS.get(word.lower())
    return _plain(7)(word) if found is None else found


def _items(text: str) -> list[str]:
    """The parts of a list; Fugit forgives spare commas."""
    found = [part for part in text.split(",") if part]
    if not found:
        raise Unreadable(f"{text!r} is empty")
    return found


_ITEM = re.compile(r"(?P<first>\*|-?[a-z0-9]+)?(?:-(?P<last>-?[a-z0-9]+))?(?:/(?P<step>\d\d?))?", re.IGNORECASE)


def _parsed(item: str) -> tuple[str | None, str | None, int | None]:
    """First, last and step of ``a``, ``a-b``, ``a/n``, ``a-b/n``, ``*/n`` or ``/n``; ``*`` is no first."""
    match = _ITEM.fullmatch(item)
    if match is None or (match["first"] in (None, "*") and match["last"]) or item == "":
        raise Unreadable(f"{item!r} is no number, range or step")
    step = int(match["step"]) if match["step"] else None
    if step == 0:
        raise Unreadable(f"{item!r} steps by nothing")
    return (None if match["first"] == "*" else match["first"]), match["last"], step


def _numbers(
    text: str, lowest: int, highest: int, number: Callable[[str], int] | None = None
) -> tuple[int, ...] | None:
    """The numbers of a list, sorted; None where one of its parts is the whole range."""
    read = number or _plain(highest)
    found: set[int] = set()
    whole = False
    for item in _items(text):
        first, last, step = _parsed(item)
        if first is not None and last is None and step is None:
            found.add(read(first))
            continue
        start = lowest if first is None else read(first)
        end = highest if last is None else read(last)
        if start == lowest and end == highest and step in (None, 1):
            whole = True
        found.update(_range(start, end, lowest, highest)[:: step or 1])
    return None if whole else tuple(sorted(found))


def _range(start: int, end: int, lowest: int, highest: int) -> list[int]:
    """From start to end, over the end of the range where the end lies before the start (``22-2``)."""
    if start > 0 > end:
        end = highest
    if start < 0 < end:
        raise Unreadable("a range from a day before the month's end to a day after its start")
    if start < 0:
        lowest, highest = -highest, -1
    if end > highest:  # hour 24 as the end of a range
        return [*range(start, highest + 1), lowest] if start <= highest else [lowest]
    return [*range(start, end + 1)] if start <= end else [*range(start, highest + 1), *range(lowest, end + 1)]


def _weekdays(text: str) -> tuple[Weekday, ...] | None:
    """The weekdays of a list; None for ``*`` (steps and ranges restrict, even if they name every day)."""
    if text == "*":
        return None
    found: set[Weekday] = set()
    for item in _items(text):
        if "#" in item or "%" in item:
            found.add(_special_weekday(item))
            continue
        first, last, step = _parsed(item)
        if first is None and step is None:
            return None
        start = 0 if first is None else _weekday(first)
        end = 6 if first is None else start if last is None else _weekday(last)
        # "fri-mon" goes over the end of the week.
        days = range(start, (end if end >= start else end + 7) + 1)
        found.update(Weekday(day % 7) for day in days[:: step or 1])
    return tuple(sorted(found, key=lambda weekday: (weekday.day, weekday.nth or 0, weekday.modulo or (0, 0))))


def _special_weekday(item: str) -> Weekday:
    nth = re.fullmatch(r"([a-z]+|\d)#(-?[1-5]|l|last)", item, re.IGNORECASE)
    if nth is not None:
        return Weekday(_weekday(nth[1]) % 7, nth=-1 if nth[2].lower() in ("l", "last") else int(nth[2]))
    modulo = re.fullmatch(r"([a-z]+|\d)%(\d{1,4})(?:\+(\d{1,4}))?", item, re.IGNORECASE)
    if modulo is not None and int(modulo[2]):
        return Weekday(_weekday(modulo[1]) % 7, modulo=(int(modulo[2]), int(modulo[3] or 0)))
    raise Unreadable(f"{item!r} is no weekday")
