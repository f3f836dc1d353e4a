"""Counts over time, stacked by series: the biggest at the bottom, the rest summed in a row above."""

from __future__ import annotations

import re
from collections.abc import Mapping

import altair as alt
import pandas as pd

from dashlib.charts import palette

_FORMATS = {
    "day": "%a %d %b %Y",
    "week": "week of %d %b %Y",
    "month": "%B %Y",
    "quarter": "quarter from %B %Y",
}
_AXIS = {"day": "%d %b", "week": "%d %b", "month": "%b %Y", "quarter": "%b %Y"}
PICK = "pick"
"""The name under which a chart tells which bar was clicked: its series and slot (the period's first day)."""
_ROW = 20
"""Pixels: the height of the row that tells the rest."""


def stacked(
    frame: pd.DataFrame,
    time: str,
    value: str,
    title: str,
    grain: str = "day",
    *,
    picks: bool = False,
    colours: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Stacked bars from ``time`` (dates), ``series``, ``rank`` and ``value``; one bar per day, week, month or quarter.
    With ``picks`` a click on a bar tells its series and slot under the name ``PICK``.
    ``colours`` of series whose colour means something.

    The rest ("n others") is often more than all the bars together: it stands above them as a row of numbers, so that
    the bars keep the whole height.
    """
    dates = pd.to_datetime(frame[time])
    names = _names(frame)
    shown = frame[["series", "rank", value]].assign(
        slot=dates.dt.strftime("%Y-%m-%d"),
        when=dates.dt.strftime(_FORMATS[grain]),
        whole=frame.groupby(time)[value].transform("sum"),
        is_rest=[_is_rest(name, names) for name in frame["series"]],
    )
    rest = shown[shown["is_rest"]]
    x = _slots(sorted(shown["slot"].unique()), grain)
    bars = (
        alt.Chart(shown[~shown["is_rest"]])
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y(
                f"sum({value}):Q",
                title=title,
                axis=alt.Axis(tickMinStep=1, tickCount=5, titlePadding=8),
                scale=alt.Scale(nice=5, range=[alt.ExprRef("height"), 0 if rest.empty else _ROW + 12]),
            ),
            color=_colour(names, colours or {}),
            order=alt.Order("rank:Q"),
            tooltip=_tooltip(value, title),
        )
    )
    if picks:
        bars = bars.add_params(alt.selection_point(name=PICK, fields=["series", "slot"], toggle=False, empty=False))
    layers = [bars] if rest.empty else [bars, *_row_of_rest(rest, value, title, x)]
    whole: alt.LayerChart = alt.LayerChart(layer=layers).properties(height=300)
    return whole


def _row_of_rest(rest: pd.DataFrame, value: str, title: str, x: alt.X) -> list[alt.Chart]:
    """The rest as a row of cells above the bars: the darker the more, with its number where there is room."""
    base = alt.Chart(rest[rest[value] > 0]).encode(x=x, tooltip=_tooltip(value, title))
    cells = base.mark_rect(color=palette.OTHERS, cornerRadius=2).encode(
        y=alt.value(0),
        y2=alt.value(_ROW),
        fillOpacity=alt.FillOpacity(
            f"{value}:Q", scale=alt.Scale(domain=[0, int(rest[value].max())], range=[0.05, 0.2]), legend=None
        ),
    )
    size = f"bandwidth('x') < 8 + 6 * length(format({int(rest[value].max())}, ',d')) ? 0 : 11"
    numbers = base.mark_text(fontSize=alt.ExprRef(size), baseline="middle", color=palette.INK).encode(
        y=alt.value(_ROW / 2), text=alt.Text(f"{value}:Q", format=",d")
    )
    named = (
        alt.Chart(pd.DataFrame({"text": ["others"]}))
        .mark_text(align="right", baseline="middle", fontSize=11, color=palette.INK)
        .encode(x=alt.value(-6), y=alt.value(_ROW / 2), text="text:N")
    )
    return [cells, numbers, named]


def _slots(slots: list[str], grain: str) -> alt.X:
    return alt.X(
        "slot:O",
        title=None,
        scale=alt.Scale(domain=slots, paddingInner=0.15, paddingOuter=0.1),
        axis=alt.Axis(
            labelExpr=f"timeFormat(toDate(datum.value + 'T00:00:00'), '{_AXIS[grain]}')",
            labelAngle=0,
            labelOverlap="greedy",
            labelSeparation=8,
            labelPadding=6,
            grid=False,
            ticks=False,
        ),
    )


def _tooltip(value: str, title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("series:N", title="What"),
        alt.Tooltip(f"{value}:Q", title=title, format=",d"),
        alt.Tooltip("whole:Q", title="of all", format=",d"),
    ]


_AROUND = 34
"""Pixels of a chart's height that are not its bars'."""


def shares(frame: pd.DataFrame, value: str, title: str) -> alt.LayerChart:
    """The same series summed over the whole time: horizontal bars with their numbers; of the rest the number alone."""
    summed = pd.DataFrame(frame.groupby(["rank", "series"], as_index=False)[value].sum())
    names = list(summed["series"])
    is_rest = pd.Series([_is_rest(name, names) for name in names], index=summed.index, dtype=bool)
    bars, rest = summed[~is_rest], summed[is_rest]
    room = 1.0 + 0.06 * (1 + len(f"{int(bars[value].max()):,}"))
    y = alt.Y(
        "series:N",
        title=None,
        scale=alt.Scale(domain=names),
        axis=alt.Axis(
            labelLimit=alt.ExprRef("min(220, containerSize()[0] * 0.5)"),
            ticks=False,
            domain=False,
            labelPadding=6,
            # Every bar has its name: of three of them Vega would leave the middle one out.
            labelOverlap=False,
        ),
    )
    x = alt.X(f"{value}:Q", title=None, axis=None, scale=alt.Scale(domain=[0, float(bars[value].max()) * room]))
    tooltip = [alt.Tooltip("series:N", title="What"), alt.Tooltip(f"{value}:Q", title=title, format=",d")]
    drawn = alt.Chart(bars).encode(y=y, x=x, tooltip=tooltip)
    together = alt.Chart(rest.assign(text=[f"{number:,} together" for number in rest[value]]))
    layers = [
        drawn.mark_bar(cornerRadiusEnd=2, color=palette.SERIES[0]),
        drawn.mark_text(align="left", dx=4, color=palette.INK).encode(text=alt.Text(f"{value}:Q", format=",d")),
        together.mark_text(align="left", dx=4, color=palette.INK, fontStyle="italic").encode(
            y=y, x=alt.value(0), text="text:N"
        ),
    ]
    whole: alt.LayerChart = alt.LayerChart(layer=layers).properties(height=26 * len(summed) + _AROUND)
    return whole


def _names(frame: pd.DataFrame) -> list[str]:
    """The series, the largest first."""
    return list(frame[["series", "rank"]].drop_duplicates().sort_values("rank")["series"])


def _colour(names: list[str], known: Mapping[str, str]) -> alt.Color:
    """The colours in order of rank; of the rest none, which is told in a row of its own."""
    bars = [name for name in names if not _is_rest(name, names)]
    return alt.Color(
        "series:N",
        scale=alt.Scale(
            domain=bars,
            range=[known.get(name, palette.SERIES[place % len(palette.SERIES)]) for place, name in enumerate(bars)],
        ),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            offset=8,
            padding=0,
            rowPadding=4,
            columns=alt.ExprRef("max(2, floor(width / 210))"),
            labelLimit=alt.ExprRef("width < 420 ? 110 : 190"),
            symbolType="square",
        ),
    )


def _is_rest(name: str, names: list[str]) -> bool:
    return len(names) > 1 and name == names[-1] and bool(re.fullmatch(r"\d+ others", name))
