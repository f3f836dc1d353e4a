"""Heat maps: each cell has room for its value and for the number of jobs, in ink that is read on it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from dashlib.charts import heat


def days(*when: date) -> pd.DataFrame:
    return pd.DataFrame({"series": "r1", "day": pd.to_datetime(list(when)), "value": 0.5, "n": 12})


def layers(figure: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = figure.to_dict()["layer"]
    return found


@pytest.mark.parametrize(
    ("grain", "last", "columns"),
    [("day", date(2026, 3, 31), 30), ("week", date(2026, 3, 30), 5), ("month", date(2026, 5, 1), 3)],
)
def test_a_column_for_every_period_wide_enough_for_its_numbers(grain: str, last: date, columns: int) -> None:
    first = {"day": date(2026, 3, 2), "week": date(2026, 3, 2), "month": date(2026, 3, 1)}[grain]
    frame = days(first, last)
    [cells, *_] = layers(heat.by_day(frame, heat.MEASURES["failed"], "Runner", grain))
    assert len(cells["encoding"]["x"]["scale"]["domain"]) == columns
    wider = heat.least_width(days(first, last, first), grain)
    assert wider == heat.least_width(frame, grain) >= 30 * columns


@pytest.mark.parametrize("measure", heat.MEASURES.values(), ids=list(heat.MEASURES))
def test_every_cell_tells_of_how_many_jobs_it_is(measure: heat.Measure) -> None:
    """Whatever its value: the numbers of jobs are neither filtered nor of a size that depends on the window."""
    week = pd.DataFrame({"weekday": [1, 7], "hour": [0, 23], "value": [0.0, 0.5], "n": [3, 40]})
    for figure in (heat.by_hour(week, measure), heat.by_day(days(date(2026, 3, 2)), measure, "Runner")):
        counts = layers(figure)[-1]
        assert counts["encoding"]["text"]["field"] == "n"
        assert counts["mark"]["fontSize"] == 10
        assert not any("filter" in step for step in counts["transform"])
