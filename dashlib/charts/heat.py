"""Heat maps whose cells tell a value and of how many jobs it is: by day, and by hour of the week. Few jobs are grey.

Every cell is large enough for both, on a telephone, too: there the days are wider than the window, and are moved along
under it (``least_width``); the hours of the week stand below each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.commit_hours import DAYS

_ROW, _HOUR = 36, 30
"""Pixels of a row of days, and of an hour: two lines of numbers."""
_COLUMN, _NAMES = 27, 150
"""Pixels of a day at least, and of the names beside the days."""
_SLOTS = {
    "day": ("%d %b", "%a %d %b %Y", "D"),
    "week": ("%d %b", "week of %a %d %b %Y", "7D"),
    "month": ("%b %Y", "%B %Y", "MS"),
}
"""Of each grain: how the axis and the tooltip name a period, and how far the next one is."""
FEW = 10
"""Of fewer jobs a share, or the wait of 95 in 100, is chance: the cell is grey."""
_GREY = "few jobs"
_DARK, _LIGHT = "#111820", "#FFFFFF"


@dataclass(frozen=True)
class Measure:
    """What cells tell: its title, its d3 format, its colour, and the least value that is as full as can be.

    ``unit`` stands behind the value in the tooltip; ``of_few``: a value of few jobs counts as well.
    """

    title: str
    format: str
    colour: str
    full: float
    unit: str = ""
    of_few: bool = False


BAD, MUCH = palette.STATES["failed"].colour, palette.SERIES[0]
MEASURES = {
    "infrastructure": Measure("failed by the infrastructure", ".0%", BAD, 0.15),
    "failed": Measure("failed at all", ".0%", BAD, 0.2),
    "queue": Measure("waited, 95 of 100 jobs no longer", ",.0f", MUCH, 30, " s"),
    "busy": Measure("jobs at once, on average", ",.2f", MUCH, 0.1, of_few=True),
}


def by_day(frame: pd.DataFrame, measure: Measure, what: str, grain: str = "day") -> alt.LayerChart:
    """Rows of ``series`` by days (weeks, months), from columns series, day, value and n; ``what`` a series is."""
    on_axis, named, _ = _SLOTS[grain]
    days = pd.to_datetime(frame["day"])
    shown = frame.assign(slot=days.dt.strftime("%Y-%m-%d"), when=days.dt.strftime(named))
    names = list(dict.fromkeys(frame["series"]))
    x = alt.X(
        "slot:O",
        title=None,
        scale=alt.Scale(domain=_slots(frame, grain), paddingInner=0.08),
        axis=alt.Axis(
            labelExpr=f"timeFormat(toDate(datum.value + 'T00:00:00'), '{on_axis}')",
            labelAngle=0, labelOverlap="greedy", labelSeparation=8, ticks=False, domain=False, grid=False,
        ),
    )  # fmt: skip
    y = alt.Y(
        "series:N",
        title=None,
        sort=names,
        scale=alt.Scale(domain=names, paddingInner=0.08, paddingOuter=0.1),
        axis=alt.Axis(
            ticks=False, domain=False, labelPadding=6, labelOverlap=False,
            labelLimit=alt.ExprRef(f"containerSize()[0] < 700 ? {_NAMES - 20} : 240"),
        ),
    )  # fmt: skip
    told = [alt.Tooltip("series:N", title=what), alt.Tooltip("when:N", title=grain.capitalize())]
    return _cells(shown, measure, x, y, told).properties(height=30 + max(60, _ROW * len(names)))


def least_width(frame: pd.DataFrame, grain: str) -> int:
    """The pixels that ``by_day`` needs for the numbers in its cells."""
    return _NAMES + _COLUMN * len(_slots(frame, grain))


def _slots(frame: pd.DataFrame, grain: str) -> list[str]:
    """The first days of all periods from the first to the last."""
    days = pd.to_datetime(frame["day"])
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(days.min(), days.max(), freq=_SLOTS[grain][2])]


def by_hour(frame: pd.DataFrame, measure: Measure) -> alt.LayerChart:
    """Hours by weekdays, as in a calendar, from columns weekday (1 is Monday), hour, value and n."""
    shown = frame.assign(
        series=[DAYS[int(day) - 1] for day in frame["weekday"]], at=[f"{int(hour):02d}:00" for hour in frame["hour"]]
    )
    hours = [f"{hour:02d}:00" for hour in range(int(frame["hour"].min()), int(frame["hour"].max()) + 1)]
    x = alt.X(
        "series:N",
        title=None,
        scale=alt.Scale(domain=list(DAYS), paddingInner=0.04),
        axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False),
    )
    y = alt.Y(
        "at:O",
        title=None,
        scale=alt.Scale(domain=hours, paddingInner=0.08),
        axis=alt.Axis(ticks=False, domain=False, grid=False, labelPadding=6),
    )
    told = [alt.Tooltip("series:N", title="Day"), alt.Tooltip("at:N", title="From")]
    return _cells(shown, measure, x, y, told).properties(height=30 + _HOUR * len(hours))


def _cells(shown: pd.DataFrame, measure: Measure, x: alt.X, y: alt.Y, told: list[alt.Tooltip]) -> alt.LayerChart:
    """Cells in the measure's colour, the fuller the more; in each its value and, below, of how many jobs it is."""
    is_few = pd.Series(False, index=shown.index) if measure.of_few else shown["n"] < FEW
    known = shown["value"].where(~is_few).dropna()
    most = max(measure.full, float(known.max()) if len(known) else 0.0)
    values = shown.assign(
        is_few=is_few,
        fill=[_GREY if few else "enough" for few in is_few],
        remark=["too few to tell" if few else "" for few in is_few],
    )
    told = [
        *told,
        alt.Tooltip("value:Q", title=f"{measure.title.capitalize()}{measure.unit and f' ({measure.unit.strip()})'}",
                    format=measure.format),
        alt.Tooltip("n:Q", title="Jobs", format=",d"),
        alt.Tooltip("remark:N", title="Note"),
    ]  # fmt: skip
    shade = f"datum.is_few ? 0.12 : 0.9 * sqrt(min(1, max(0, datum.value) / {most}))"
    base = alt.Chart(values).encode(x=x, y=y, tooltip=told)
    cells = base.mark_rect(cornerRadius=2, stroke=palette.FRAME, strokeOpacity=0.15).encode(
        color=alt.Color(
            "fill:N",
            scale=alt.Scale(domain=["enough", _GREY], range=[measure.colour, palette.OTHERS]),
            legend=None,
        ),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None),
    ).transform_calculate(shade=shade)  # fmt: skip
    small = "<1%" if measure.format.endswith("%") else "<0.01"
    told_in_cell = f"datum.value < 0.005 ? '{small}' : format(datum.value, '{measure.format}')"
    ink = alt.ColorValue(alt.ExprRef(_ink(measure.colour)))
    both = "!datum.is_few && datum.value > 0"
    base = base.transform_calculate(shade=shade)
    numbers = (
        base.transform_filter(both)
        .transform_calculate(told=told_in_cell)
        .mark_text(fontSize=11, baseline="middle", dy=-6)
        .encode(text="told:N", color=ink)
    )
    counts = base.mark_text(fontSize=10, baseline="middle", dy=alt.ExprRef(f"{both} ? 7 : 0")).encode(
        text=alt.Text("n:Q", format=",d"), color=ink
    )
    whole: alt.LayerChart = alt.LayerChart(layer=[cells, numbers, counts])
    return whole


def _ink(colour: str) -> str:
    """Dark or white, whichever is read better on a cell: its colour, as full as it is, over the page's own ground."""
    parts = zip("rgb", (int(colour[at : at + 2], 16) for at in (1, 3, 5)), strict=True)
    grey = zip("rgb", (int(palette.OTHERS[at : at + 2], 16) for at in (1, 3, 5)), strict=True)
    mixed = ", ".join(
        f"(datum.is_few ? {few} : {full}) * datum.shade + rgb(background).{channel} * (1 - datum.shade)"
        for (channel, full), (_, few) in zip(parts, grey, strict=True)
    )
    return f"contrast(rgb({mixed}), '{_DARK}') > contrast(rgb({mixed}), '{_LIGHT}') ? '{_DARK}' : '{_LIGHT}'"
