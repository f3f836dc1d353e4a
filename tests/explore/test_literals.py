"""A value written into SQL reads back as the same value."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashlib.explore.literals import literal

WHOLE = st.integers(-(2**63), 2**63 - 1)
ONE = st.none() | st.text() | st.booleans() | WHOLE | st.floats() | st.dates() | st.datetimes()
LISTS = (
    st.lists(st.text()) | st.lists(WHOLE) | st.lists(st.dates()) | st.lists(st.datetimes()) | st.lists(st.booleans())
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return bool(one == other) and isinstance(other, type(one))


@settings(deadline=None)
@given(ONE | LISTS)
@example("'; drop table jobs; --")
@example("a\0b'\\''\n\u2028")
@example(-0.0)
@example(float("-inf"))
@example(datetime(1, 1, 1, 0, 0, 0, 1))
@example([])
@example(["'", "\0", "$x", "?"])
def test_it_reads_back(value: Any) -> None:
    with duckdb.connect() as database:
        [found] = database.execute(f"select {literal(value)}").fetchone() or []
        assert same(value, found)
        assert len(database.extract_statements(f"select {literal(value)}, 1")) == 1


def test_a_moment_with_a_zone_is_told_in_utc() -> None:
    assert literal(datetime(2026, 3, 11, 3, tzinfo=timezone(timedelta(hours=1)))) == "timestamp '2026-03-11 02:00:00'"
    assert literal(datetime(2026, 3, 11, 3, tzinfo=UTC)) == "timestamp '2026-03-11 03:00:00'"
    assert literal((date(2026, 3, 11), None)) == "[date '2026-03-11', null]"


@pytest.mark.parametrize("value", [object(), b"x", {"a": 1}, {1}, 2**63, [2**64]])
def test_what_is_not_known_is_not_pasted(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="no literal for"):
        literal(value)
