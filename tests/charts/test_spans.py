"""Spans of time, written the same way everywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.charts import commit_tables, failure_tables, flaky_tables, pipeline_tables, runner_tables, tables
from dashlib.charts.delivery_wording import late_line, late_told, span_told
from dashlib.charts.tables import Column
from dashlib.widgets.answers import _configured as configured

SIZES = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0.0 s"), (6.34, "6.3 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (252, "4 min 12 s"),
        (3599.7, "1 h"), (3780, "1 h 03 min"), (86399, "1 day"), (90_000, "1 day 1 h"), (273_600, "3 days 4 h"),
        (None, "unknown"), (float("nan"), "unknown"),
    ],
)  # fmt: skip
def test_examples(seconds: float | None, told: str) -> None:
    assert span_told(seconds) == told


def test_how_late_deliveries_are() -> None:
    assert late_told(1, 7.2).startswith("1 delivery waits for 7.2 s: ")
    assert late_told(1204, 71).startswith("1,204 deliveries wait, the oldest for 1 min 11 s: ")
    assert late_line(1, 7.2) == "1 delivery waits for its rows for 7.2 s"
    assert late_line(1204, 71) == "1,204 deliveries wait for their rows, the oldest for 1 min 11 s"


@given(st.floats(0, 1e8))
def test_what_is_told_is_what_it_is(seconds: float) -> None:
    """Read back, it is off by no more than half of its last unit."""
    parts = re.findall(r"([\d.,]+) (s|min|h|days?)(?= |$)", span_told(seconds))
    back = sum(float(number.replace(",", "")) * SIZES[unit] for number, unit in parts)
    exact = {"s": 0.5, "min": 30, "h": 1800}
    finest = min(SIZES[unit] for _, unit in parts)
    assert abs(back - seconds) <= exact["s" if finest == 1 or back < 3600 else "min" if back < 86400 else "h"] + 1e-6


def test_a_duration_in_a_table_never_loses_its_hours() -> None:
    """A cell too narrow cuts numbers on the left; a clock is as wide for hours as for seconds."""
    modules = (tables, flaky_tables, pipeline_tables, failure_tables, commit_tables)
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, tuple)]
    declared += [pipeline_tables.by_columns("job"), runner_tables.columns("runner")]
    columns = [column for group in declared for column in group if isinstance(column, Column)]
    spans = [column for column in columns if column.kind == "seconds"]
    assert len(spans) > 20
    assert [column.title for column in spans if not isinstance(column.width, int) or column.width < 80] == []
    assert {configured(column)["type_config"]["format"] for column in spans} == {"compact"}
