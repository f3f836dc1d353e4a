"""The stacked bars and shares, read from their Vega-Lite: the rest is told, and does not squeeze what is drawn."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.charts import palette
from dashlib.charts.over_time import shares, stacked

COUNTS = st.lists(st.integers(0, 50), min_size=3, max_size=3)


def frame(counts: list[list[int]], rest: list[int] | None) -> pd.DataFrame:
    """One series per list, and the rest, over three days."""
    series = [(f"person {place}", place + 1, numbers) for place, numbers in enumerate(counts)]
    if rest is not None:
        series.append(("47 others", len(counts) + 1, rest))
    days = pd.date_range("2026-03-01", periods=3)
    return pd.DataFrame(
        [
            {"day": day, "series": name, "rank": rank, "commits": number}
            for name, rank, numbers in series
            for day, number in zip(days, numbers, strict=True)
        ]
    )


def layers(chart: alt.LayerChart) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each layer and its rows."""
    spec = chart.to_dict()
    return [(layer, spec["datasets"][layer.get("data", spec.get("data"))["name"]]) for layer in spec["layer"]]


@settings(deadline=None)
@given(st.lists(COUNTS, min_size=1, max_size=5), st.none() | COUNTS)
def test_bars_and_rest_add_up_to_every_number(counts: list[list[int]], rest: list[int] | None) -> None:
    drawn = layers(stacked(frame(counts, rest), "day", "commits", "commits"))
    bars = drawn[0][1]
    assert sum(row["commits"] for row in bars) == sum(map(sum, counts))
    assert {row["series"] for row in bars} == {f"person {place}" for place in range(len(counts))}
    whole = [sum(numbers) for numbers in zip(*counts, *([rest] if rest else []), strict=True)]
    assert [row["whole"] for row in bars[:3]] == whole
    if rest is None:
        assert len(drawn) == 1
    else:
        assert [row["commits"] for row in drawn[1][1]] == [number for number in rest if number]


def test_the_scale_of_the_bars_knows_nothing_of_the_rest() -> None:
    (bars, _), (cells, _), (numbers, _), _ = layers(
        stacked(frame([[3, 2, 1]], [900, 800, 700]), "day", "commits", "commits")
    )
    assert bars["encoding"]["y"]["scale"]["range"] == [{"expr": "height"}, 32]
    assert cells["encoding"]["y"] == {"value": 0} and cells["encoding"]["y2"] == {"value": 20}
    assert numbers["encoding"]["text"]["field"] == "commits"
    assert bars["encoding"]["color"]["scale"]["domain"] == ["person 0"]


def test_shares_draw_no_bar_for_the_rest_but_tell_its_sum() -> None:
    (bars, shown), (numbers, _), (rest, told) = layers(
        shares(frame([[30, 20, 10], [5, 5, 5]], [900, 800, 700]), "commits", "commits")
    )
    assert [(row["series"], row["commits"]) for row in shown] == [("person 0", 60), ("person 1", 15)]
    assert 60 < bars["encoding"]["x"]["scale"]["domain"][1] < 80
    assert [(row["series"], row["text"]) for row in told] == [("47 others", "2,400 together")]
    assert "x" in numbers["encoding"] and rest["encoding"]["x"] == {"value": 0}
    # No bar goes without its name.
    assert bars["encoding"]["y"]["axis"]["labelOverlap"] is False


def test_series_that_stand_beside_each_other_differ_in_colour() -> None:
    assert len(set(palette.SERIES)) == len(palette.SERIES) >= 15
