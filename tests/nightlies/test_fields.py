"""Cron lines as GitLab's parser reads them: what Fugit says of itself (its README and spec), in our words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.fields import Weekday, fields

EVERY_MINUTE, EVERY_HOUR, EVERY_MONTH = tuple(range(60)), tuple(range(24)), tuple(range(1, 13))


def days_of(line: str, year: int, month: int) -> list[int]:
    """The days of a month that match."""
    read, first = fields(line), date(year, month, 1)
    length = ((first + timedelta(days=31)).replace(day=1) - first).days
    return [day for day in range(1, length + 1) if read.matches(date(year, month, day), length)]


@pytest.mark.parametrize(
    ("line", "minutes", "hours"),
    [
        ("5 0 * * *", (5,), (0,)),
        ("0,20,40 1-3 * * *", (0, 20, 40), (1, 2, 3)),
        ("23 0-23/2 * * *", (23,), tuple(range(0, 24, 2))),
        ("14,24 8-12,14-19/2 * * *", (14, 24), (8, 9, 10, 11, 12, 14, 16, 18)),
        ("*/15 * * * *", (0, 15, 30, 45), EVERY_HOUR),
        ("15/30 * * * *", (15, 45), EVERY_HOUR),
        ("/20 * * * *", (0, 20, 40), EVERY_HOUR),
        ("0 22-2 * * *", (0,), (0, 1, 2, 22, 23)),
        ("0 24 * * *", (0,), (0,)),
        ("0 0-24 * * *", (0,), EVERY_HOUR),
        ("0 */27 * * *", (0,), (0,)),
        ("* 0 * * *", EVERY_MINUTE, (0,)),
        (",0,, 1,,2, * * *", (0,), (1, 2)),
        ("@hourly", (0,), EVERY_HOUR),
        ("@noon", (0,), (12,)),
        (" @daily ", (0,), (0,)),
        ("30 0 1 * * *", (0,), (1,)),
    ],
)
def test_minutes_and_hours(line: str, minutes: tuple[int, ...], hours: tuple[int, ...]) -> None:
    read = fields(line)
    assert (read.minutes, read.hours) == (minutes, hours)


@pytest.mark.parametrize(
    ("line", "year", "month", "days"),
    [
        ("0 0 1,15 * *", 2026, 3, [1, 15]),
        ("0 0 L * *", 2024, 2, [29]),
        ("0 0 last * *", 2026, 2, [28]),
        ("0 0 -1 * *", 2026, 4, [30]),
        ("0 0 -4,-3 * *", 2016, 2, [26, 27]),
        ("0 0 -7-L * *", 2026, 6, [24, 25, 26, 27, 28, 29, 30]),
        ("0 0 25-L * *", 2026, 1, [25, 26, 27, 28, 29, 30, 31]),
        ("0 0 28-3 * *", 2026, 2, [1, 2, 3, 28]),
        ("0 0 */10 * *", 2026, 1, [1, 11, 21, 31]),
        ("0 0 * * sun", 2017, 1, [1, 8, 15, 22, 29]),
        ("0 0 * * 7", 2017, 1, [1, 8, 15, 22, 29]),
        ("0 0 * * Sun,mOn", 2017, 1, [1, 2, 8, 9, 15, 16, 22, 23, 29, 30]),
        ("0 0 * * fri-mon", 2026, 11, [1, 2, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 27, 28, 29, 30]),
        ("0 0 * * 6-7", 2026, 11, [1, 7, 8, 14, 15, 21, 22, 28, 29]),
        ("0 0 * * 3/2", 2026, 11, [4, 11, 18, 25]),
        ("0 0 * * mon#2", 2017, 1, [9]),
        ("0 0 * * mon#-1", 2017, 1, [30]),
        ("0 0 * * tue#L", 2017, 1, [31]),
        ("0 0 * * fri#last", 2026, 11, [27]),
        ("0 0 * * fri#4,fri#5", 2026, 10, [23, 30]),
        ("0 0 * * mon#2,tue", 2016, 12, [6, 12, 13, 20, 27]),
        ("30 4 1,15 * 5", 2017, 1, [1, 6, 13, 15, 20, 27]),
        ("0 8 L * mon-thu", 2018, 6, [4, 5, 6, 7, 11, 12, 13, 14, 18, 19, 20, 21, 25, 26, 27, 28, 30]),
        ("59 6 1-7& * 2", 2020, 4, [7]),
        ("59 6 1-7 * 2&", 2020, 4, [7]),
        ("0 0 */2 * 1-5", 2022, 8, [*range(1, 6), *range(7, 14), *range(15, 20), *range(21, 28), *range(29, 32)]),
        ("0 0 * * tue%2", 2019, 1, [8, 22]),
        ("0 0 * * tue%2+1", 2019, 1, [1, 15, 29]),
        ("0 0 * * 0-6", 2026, 2, list(range(1, 29))),
        ("0 0 * * 0-7", 2026, 2, list(range(1, 29))),
        ("0 0 1-31 * mon", 2026, 11, [2, 9, 16, 23, 30]),
        ("0 0 5 * */1", 2026, 2, list(range(1, 29))),
    ],
)  # fmt: skip
def test_days(line: str, year: int, month: int, days: list[int]) -> None:
    assert days_of(line, year, month) == days


@pytest.mark.parametrize(
    ("line", "months"),
    [
        ("0 0 1 jan-mar *", (1, 2, 3)),
        ("0 0 1 Jan-Aug/2 *", (1, 3, 5, 7)),
        ("0 0 1 nov-feb *", (1, 2, 11, 12)),
        ("0 0 1 */3 *", (1, 4, 7, 10)),
        ("@yearly", (1,)),
        ("@monthly", EVERY_MONTH),
    ],
)
def test_months(line: str, months: tuple[int, ...]) -> None:
    assert fields(line).months == months


@pytest.mark.parametrize(
    "line",
    [
        None,
        "",
        "nada",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 25 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "0 0 30 2 *",
        "0 0 31 feb,apr *",
        "*/0 * * * *",
        "1-2-3 * * * *",
        "*-5 * * * *",
        ", * * * *",
        "0 0 -3-5 * *",
        "0 0 * * mon#6",
        "0 0 * * mon%0",
        "0 1 * * * Europe/Rome",
        "@reboot",
        "@every 5m",
        "every day at five",
        "٣ * * * *",
        "1e3 * * * *",
        "0 0 * * mon%" + "9" * 5000,
    ],
)
def test_what_gitlab_refuses_is_told(line: str | None) -> None:
    with pytest.raises(Unreadable) as refused:
        fields(line)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=30) | st.from_regex(r"[0-9*/,\-L#%& a-z]{1,40}", fullmatch=True))
def test_any_text_is_read_or_refused(line: str) -> None:
    try:
        read = fields(line)
    except Unreadable:
        return
    assert set(read.minutes) <= set(EVERY_MINUTE) and read.minutes
    assert set(read.hours) <= set(EVERY_HOUR) and read.hours
    assert set(read.months) <= set(EVERY_MONTH) and read.months


@given(st.dates(date(2019, 1, 1), date(2030, 12, 31)), st.integers(0, 6))
def test_the_nth_from_either_end_is_one_day_a_month(day: date, weekday: int) -> None:
    first = day.replace(day=1)
    length = ((first + timedelta(days=31)).replace(day=1) - first).days
    whole = [first + timedelta(days=place) for place in range(length)]
    mine = [each for each in whole if each.isoweekday() % 7 == weekday]
    for place in range(1, 6):
        expected = mine[place - 1 : place]
        assert [each for each in whole if Weekday(weekday, nth=place).matches(each, length)] == expected
        expected = mine[-place : len(mine) - place + 1] if place <= len(mine) else []
        assert [each for each in whole if Weekday(weekday, nth=-place).matches(each, length)] == expected
