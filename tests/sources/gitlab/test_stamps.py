"""All spellings of a time that GitLab is known for (GITLAB.md 6.3), to naive UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.sources.gitlab import stamps


@pytest.mark.parametrize(
    ("spelling", "moment"),
    [
        ("2025-05-21 16:06:02 UTC", datetime(2025, 5, 21, 16, 6, 2)),
        ("2025-05-21T16:06:02Z", datetime(2025, 5, 21, 16, 6, 2)),
        ("2025-05-21T16:06:02.869Z", datetime(2025, 5, 21, 16, 6, 2, 869000)),
        ("2025-05-21T16:06:02.123456789Z", datetime(2025, 5, 21, 16, 6, 2, 123456)),
        ("2025-05-21T16:06:02+02:00", datetime(2025, 5, 21, 14, 6, 2)),
        ("2025-05-21T16:06:02.5-07:00", datetime(2025, 5, 21, 23, 6, 2, 500000)),
        ("2025-05-21 16:06:02 +0200", datetime(2025, 5, 21, 14, 6, 2)),
        ("2025-05-21 16:06:02 -0330", datetime(2025, 5, 21, 19, 36, 2)),
        ("2025-05-21", datetime(2025, 5, 21)),
        ("2015-04-08T21: 00:25-07:00", datetime(2015, 4, 9, 4, 0, 25)),
        ("2025-05-21T16:06:02", datetime(2025, 5, 21, 16, 6, 2)),
        (" 2025-05-21t16:06:02z ", datetime(2025, 5, 21, 16, 6, 2)),
        ("2025-05-21 16:06:02 GMT", datetime(2025, 5, 21, 16, 6, 2)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59)),
        ("2016-12-31T23:59:60.000Z", datetime(2016, 12, 31, 23, 59, 59)),
        ("2025-05-21T16: 06:02.86Z", datetime(2025, 5, 21, 16, 6, 2, 860000)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
    ],
)
def test_a_time(spelling: str, moment: datetime) -> None:
    assert stamps.utc(spelling) == moment


@pytest.mark.parametrize(
    "nothing",
    [
        None, "", "now", 5, 5.5, True, [], {}, "9999-99-99 99:99:99 UTC", "2025-02-30", "2025-05-21T25:00:00Z",
        "2025-05-21T16", "2025-05-21T16:06:02+99:99", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00",
        "2025-05-21T16:06:02Z extra",
        "2025-05-21T16:06:02 CEST", "1747843562", "\x00", "\ud83d",
    ],
)  # fmt: skip
def test_no_time(nothing: Any) -> None:
    assert stamps.utc(nothing) is None


def test_a_day_is_the_writers_day() -> None:
    assert stamps.day("2026-12-31") == date(2026, 12, 31)
    assert stamps.day("2026-12-31T23:30:00-05:00") == date(2026, 12, 31)
    assert stamps.day("soon") is None


@pytest.mark.parametrize(
    ("spelling", "minutes"),
    [
        ("2026-01-01T00:00:00+03:00", 180),
        ("2026-01-01T00:00:00-03:30", -210),
        ("2026-01-01T00:00:00Z", 0),
        ("never", None),
    ],
)
def test_the_authors_clock(spelling: str, minutes: int | None) -> None:
    assert stamps.offset_minutes(spelling) == minutes


def test_the_newest_of_what_is_there() -> None:
    early, late = datetime(2026, 1, 1), datetime(2026, 1, 2)
    assert stamps.newest(None, late, early, None) == late
    assert stamps.newest(None) is None


@given(
    moment=st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_every_iso_time_with_an_offset(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert stamps.utc(aware.isoformat()) == aware.astimezone(UTC).replace(tzinfo=None)
    assert stamps.offset_minutes(aware.isoformat()) == minutes


@given(st.text(alphabet="0123456789-:T+Z. UC٣", max_size=40) | st.text(max_size=20))
def test_no_text_is_fatal(text: str) -> None:
    assert stamps.utc(text) is None or isinstance(stamps.utc(text), datetime)
    stamps.day(text)
    stamps.offset_minutes(text)
