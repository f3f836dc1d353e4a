"""When a schedule ought to run, held against every single minute of zones whose clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.firings import Firing, firings
from tests.nightlies.brute_force import looked_at, matching

# Both changes of 2026 in three zones (and a fourth that changes by half an hour): spring and autumn, UTC.
WINDOWS = {
    "Europe/Berlin": (datetime(2026, 3, 20), datetime(2026, 11, 5)),
    "America/Los_Angeles": (datetime(2026, 3, 1), datetime(2026, 11, 10)),
    "Australia/Sydney": (datetime(2026, 3, 25), datetime(2026, 10, 15)),
    "Australia/Lord_Howe": (datetime(2026, 3, 25), datetime(2026, 10, 15)),
}
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29)),
    ("Europe/Berlin", datetime(2026, 10, 25)),
    ("America/Los_Angeles", datetime(2026, 3, 8)),
    ("America/Los_Angeles", datetime(2026, 11, 1)),
    ("Australia/Sydney", datetime(2026, 4, 4)),
    ("Australia/Sydney", datetime(2026, 10, 3)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4)),
]


def by_brute_force(line: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    return looked_at([moment for moment, _ in matching(line, zone, start, end)])


@pytest.mark.parametrize("zone", WINDOWS)
@pytest.mark.parametrize(
    "line",
    [
        "0 1 * * *",
        "30 2 * * *",
        "45 1,2,3 * * *",
        "0 * * * *",
        "*/15 2 * * *",
        "20 3 * * 6",
        "0 */2 * * 1-5",
        "7 2 1,15 * 0",
    ],
)
def test_over_both_changes_of_a_year(line: str, zone: str) -> None:
    start, end = WINDOWS[zone]
    expected = by_brute_force(line, zone, start, end)
    assert expected
    assert [firing.at for firing in firings(line, zone, start, end)] == expected


def _list(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    part = number.map(str) | span | st.builds(lambda one, step: f"{one}/{step}", span | st.just("*"), st.integers(1, 9))
    return st.just("*") | st.lists(part, min_size=1, max_size=3).map(",".join)


@settings(max_examples=150, deadline=None)
@given(
    line=st.tuples(_list(0, 59), _list(0, 23), _list(1, 31), _list(1, 12), _list(0, 7)).map(" ".join),
    change=st.sampled_from(CHANGES),
)
def test_any_classic_line_around_a_change(line: str, change: tuple[str, datetime]) -> None:
    zone, day = change
    start, end = day - timedelta(hours=30), day + timedelta(hours=48)
    assume(not _never(line) and not _all_days_otherwise(line))
    assert [firing.at for firing in firings(line, zone, start, end)] == by_brute_force(line, zone, start, end)


def _all_days_otherwise(line: str) -> bool:
    """``1-31`` is ``*`` for Fugit, which joins the day fields by "and" then; crons differ."""
    day = line.split()[2]
    return day != "*" and bool({"*/1", "1-31", "1-31/1"} & set(day.split(",")))


def _never(line: str) -> bool:
    """A day that no month of the line has: refused, not read."""
    try:
        firings(line, "UTC", datetime(2026, 1, 1), datetime(2026, 1, 1))
    except Unreadable:
        return True
    return False


def test_what_a_clock_skips_has_no_moment() -> None:
    found = firings("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28), datetime(2026, 3, 31))
    assert found == [Firing(datetime(2026, 3, 28, 1, 30)), Firing(datetime(2026, 3, 30, 0, 30))]


def test_what_a_clock_shows_twice_is_expected_once() -> None:
    found = firings("30 2 * * *", "Berlin", datetime(2026, 10, 25), datetime(2026, 10, 26))
    first = datetime(2026, 10, 25, 0, 30)
    assert found == [Firing(first), Firing(first + timedelta(hours=1), repeat_of=first)]


def test_a_clock_that_is_put_back_by_half_an_hour_shows_a_time_again_half_an_hour_later() -> None:
    found = firings("30,45 1 * * *", "Australia/Lord_Howe", datetime(2026, 4, 4), datetime(2026, 4, 5))
    first, half = datetime(2026, 4, 4, 14, 30), timedelta(minutes=30)
    assert found == [
        Firing(first),
        Firing(first + half / 2),
        Firing(first + half, repeat_of=first),
        Firing(first + 3 * half / 2, repeat_of=first + half / 2),
    ]


@pytest.mark.parametrize("line", ["30 * * * *", "30 */1 * * *", "30 0-23 * * *"])
def test_every_hour_goes_on_through_the_repeated_one(line: str) -> None:
    found = firings(line, "Berlin", datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 4))
    assert [firing.at.hour for firing in found] == [22, 23, 0, 1, 2, 3]
    assert not any(firing.repeated for firing in found)


def test_close_times_count_once_per_look_of_gitlabs_worker() -> None:
    found = firings("*/5 1 * * *", "UTC", datetime(2026, 5, 1), datetime(2026, 5, 2))
    assert [firing.at.minute for firing in found] == [0, 5, 15, 25, 35, 45, 55]


@settings(max_examples=40, deadline=None)
@given(
    line=st.sampled_from(["*/5 * * * *", "* 2 * * *", "30 2 * * *", "0 0 L * *", "@weekly"]),
    cut=st.integers(0, 24 * 60 * 12),
)
def test_a_stretch_is_the_sum_of_its_parts(line: str, cut: int) -> None:
    """Whatever the cut, but for close times at it: the first of a look that began before it is not counted again."""
    start, end = datetime(2026, 10, 20), datetime(2026, 11, 2)
    middle = start + timedelta(minutes=cut)
    whole = firings(line, "Europe/Berlin", start, end)
    before, after = firings(line, "Europe/Berlin", start, middle), firings(line, "Europe/Berlin", middle, end)
    near = timedelta(minutes=10)
    assert [each for each in whole if each.at < middle] == before
    assert [each for each in whole if each.at >= middle + near] == [each for each in after if each.at >= middle + near]


def test_the_end_is_not_in_it_and_the_start_is() -> None:
    day = datetime(2026, 5, 1, 1)
    assert [each.at for each in firings("0 1 * * *", None, day, day + timedelta(days=1))] == [day]
    assert firings("0 1 * * *", None, day, day) == []


@pytest.mark.parametrize(("line", "zone"), [("nada", "UTC"), ("0 1 * * *", "Atlantis")])
def test_what_cannot_be_read_is_told_even_of_no_time_at_all(line: str, zone: str) -> None:
    with pytest.raises(Unreadable):
        firings(line, zone, datetime(2026, 5, 2), datetime(2026, 5, 1))
