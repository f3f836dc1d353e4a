"""Counts over time, stacked by series: the biggest at the bottom, the rest summed on top."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from dashlib.charts import palette

_FORMATS = {"day": "%a %d %b %Y", "week": "week of %d %b %Y", "month": "%B %Y"}
_AXIS = {"day": "%d %b", "week": "%d %b", "month": "%b %Y"}


def stacked(frame: pd.DataFrame, time: str, value: str, title: str, grain: str = "day") -> alt.Chart:
    """Stacked bars from ``time`` (dates), ``series``, ``rank`` and ``value``; one bar per day, week or month."""
    dates = pd.to_datetime(frame[time])
    shown = frame[["series", "rank", value]].assign(
        slot=dates.dt.strftime("%Y-%m-%d"), when=dates.dt.strftime(_FORMATS[grain])
    )
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_bar()
        .encode(
            x=alt.X(
                "slot:O",
                title=None,
                scale=alt.Scale(paddingInner=0.15, paddingOuter=0.1),
                axis=alt.Axis(
                    labelExpr=f"timeFormat(toDate(datum.value + 'T00:00:00'), '{_AXIS[grain]}')",
                    labelAngle=0,
                    labelOverlap="greedy",
                    labelSeparation=8,
                    grid=False,
                    ticks=False,
                ),
            ),
            y=alt.Y(
                f"sum({value}):Q",
                title=title,
                axis=alt.Axis(tickMinStep=1, tickCount=5),
                scale=alt.Scale(nice=5),
            ),
            color=_colour(frame),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("series:N", title="What"),
                alt.Tooltip(f"sum({value}):Q", title=title, format=",d"),
            ],
        )
        .properties(height=320)
    )
    return chart


def shares(frame: pd.DataFrame, value: str, title: str) -> alt.Chart:
    """The same series summed over the whole time, as horizontal bars with their numbers."""
    summed = pd.DataFrame(frame.groupby(["rank", "series"], as_index=False)[value].sum())
    base = alt.Chart(summed).encode(
        y=alt.Y(
            "series:N",
            title=None,
            sort=list(summed["series"]),
            axis=alt.Axis(labelLimit=190, ticks=False, domain=False),
        ),
        x=alt.X(f"{value}:Q", title=None, axis=None),
        tooltip=[alt.Tooltip("series:N", title="What"), alt.Tooltip(f"{value}:Q", title=title, format=",d")],
    )
    names = list(summed["series"])
    rest = alt.FieldOneOfPredicate(field="series", oneOf=[name for name in names if _is_rest(name, names)])
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.when(rest).then(alt.value(palette.OTHERS)).otherwise(alt.value(palette.SERIES[0]))
    )
    numbers = base.mark_text(align="left", dx=4, color=palette.FRAME).encode(text=alt.Text(f"{value}:Q", format=",d"))
    layered: alt.Chart = (bars + numbers).properties(height=max(60, 28 * len(summed)))
    return layered


def _colour(frame: pd.DataFrame) -> alt.Color:
    """The colours in order of rank; the rest is grey."""
    names = list(frame[["series", "rank"]].drop_duplicates().sort_values("rank")["series"])
    colours = [
        palette.OTHERS if _is_rest(name, names) else palette.SERIES[index % len(palette.SERIES)]
        for index, name in enumerate(names)
    ]
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            columns=alt.ExprRef("max(2, floor(width / 210))"),
            labelLimit=alt.ExprRef("width < 420 ? 110 : 190"),
            symbolType="square",
        ),
    )


def _is_rest(name: str, names: list[str]) -> bool:
    return len(names) > 1 and name == names[-1] and bool(re.fullmatch(r"\d+ others", name))
