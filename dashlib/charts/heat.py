"""Heat maps whose cells tell a value and of how many jobs it is: by day, and by hour of the week. Few jobs are grey."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.commit_hours import DAYS

FEW = 10
"""Of fewer jobs a share, or the wait of 95 in 100, is chance: the cell is grey."""
_GREY = "few jobs"


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
    "busy": Measure("jobs at once, on average", ",.1f", MUCH, 0.1, of_few=True),
}


def by_day(frame: pd.DataFrame, measure: Measure, what: str) -> alt.LayerChart:
    """Rows of ``series`` by days, from columns series, day, value and n; ``what`` a series is, for the tooltip."""
    days = pd.to_datetime(frame["day"])
    shown = frame.assign(slot=days.dt.strftime("%Y-%m-%d"), when=days.dt.strftime("%a %d %b %Y"))
    slots = [f"{day:%Y-%m-%d}" for day in pd.date_range(days.min(), days.max())]
    names = list(dict.fromkeys(frame["series"]))
    x = alt.X(
        "slot:O",
        title=None,
        scale=alt.Scale(domain=slots, paddingInner=0.08),
        axis=alt.Axis(
            labelExpr="timeFormat(toDate(datum.value + 'T00:00:00'), '%d %b')",
            labelAngle=0, labelOverlap="greedy", labelSeparation=8, ticks=False, domain=False, grid=False,
        ),
    )  # fmt: skip
    y = alt.Y(
        "series:N",
        title=None,
        sort=names,
        scale=alt.Scale(paddingInner=0.08, paddingOuter=0.1),
        axis=alt.Axis(
            ticks=False, domain=False, labelPadding=6, labelOverlap=False,
            labelLimit=alt.ExprRef("min(240, containerSize()[0] * 0.36)"),
        ),
    )  # fmt: skip
    told = [alt.Tooltip("series:N", title=what), alt.Tooltip("when:N", title="Day")]
    return _cells(shown, measure, x, y, told).properties(height=30 + max(60, 26 * len(names)))


def by_hour(frame: pd.DataFrame, measure: Measure) -> alt.LayerChart:
    """Weekdays by hours, from columns weekday (1 is Monday), hour, value and n."""
    shown = frame.assign(
        series=[DAYS[int(day) - 1] for day in frame["weekday"]], at=[f"{int(hour):02d}:00" for hour in frame["hour"]]
    )
    x = alt.X(
        "hour:O",
        title=None,
        scale=alt.Scale(domain=list(range(24)), paddingInner=0.08),
        axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6, ticks=False, domain=False),
    )
    y = alt.Y(
        "series:N",
        title=None,
        scale=alt.Scale(domain=list(DAYS), paddingInner=0.08),
        axis=alt.Axis(ticks=False, domain=False, labelPadding=6),
    )
    told = [alt.Tooltip("series:N", title="Day"), alt.Tooltip("at:N", title="From")]
    return _cells(shown, measure, x, y, told).properties(height=7 * 42 + 30)


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
    base = alt.Chart(values).encode(x=x, y=y, tooltip=told)
    cells = base.mark_rect(cornerRadius=2, stroke=palette.FRAME, strokeOpacity=0.15).encode(
        color=alt.Color(
            "fill:N",
            scale=alt.Scale(domain=["enough", _GREY], range=[measure.colour, palette.OTHERS]),
            legend=None,
        ),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None),
    ).transform_calculate(
        shade=f"datum.is_few ? 0.12 : 0.9 * sqrt(min(1, max(0, datum.value) / {most}))"
    )  # fmt: skip
    share = measure.format.endswith("%")
    told_in_cell = f"{'datum.value < 0.005' if share else 'false'} ? '<1%' : format(datum.value, '{measure.format}')"
    # Two lines need room: the value alone where cells are low, nothing where they are narrow.
    wide, wider = 8 + 6 * len(_longest(known, measure)), 6 + 5 * len(str(int(shown["n"].max())))
    ink = alt.ColorValue(
        alt.ExprRef(f"!datum.is_few && datum.value > {most} * 0.3 ? '#FFFFFF' : '{palette.INK}'")
    )  # fmt: skip
    numbers = (
        base.transform_filter(f"!datum.is_few && datum.value > {0 if share else 0.05}")
        .transform_calculate(told=told_in_cell)
        .mark_text(
            fontSize=alt.ExprRef(f"bandwidth('x') < {wide} ? 0 : 11"),
            baseline="middle",
            dy=alt.ExprRef("bandwidth('y') < 32 ? 0 : -6"),
        )
        .encode(text="told:N", color=ink)
    )
    counts = base.mark_text(
        fontSize=alt.ExprRef(f"bandwidth('y') < 32 || bandwidth('x') < {wider} ? 0 : 9"), baseline="middle", dy=8
    ).encode(text=alt.Text("n:Q", format="d"), color=ink)
    whole: alt.LayerChart = alt.LayerChart(layer=[cells, numbers, counts])
    return whole


def _longest(known: pd.Series, measure: Measure) -> str:
    """The longest text of a value, near enough."""
    most = float(known.max()) if len(known) else 0.0
    return f"{most:.0%}" if measure.format.endswith("%") else f"{most:,.{1 if '.1' in measure.format else 0}f}"
