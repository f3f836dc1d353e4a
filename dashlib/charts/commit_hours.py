"""When in the week people commit: a heat map of hours and weekdays on the authors' own clocks."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashlib.charts import palette

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def heat(frame: pd.DataFrame) -> alt.LayerChart:
    """Cells from ``weekday`` (1 is Monday), ``hour`` and ``commits``: the fuller the more, the number where it fits."""
    shown = frame.assign(
        day=[DAYS[day - 1] for day in frame["weekday"]], at=[f"{hour:02d}:00" for hour in frame["hour"]]
    )
    most = max(1, int(shown["commits"].max()))
    base = alt.Chart(shown).encode(
        x=alt.X(
            "hour:O",
            title=None,
            axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6, ticks=False, domain=False),
        ),
        y=alt.Y("day:N", title=None, sort=list(DAYS), axis=alt.Axis(ticks=False, domain=False, labelPadding=6)),
        tooltip=[
            alt.Tooltip("day:N", title="Day"),
            alt.Tooltip("at:N", title="From"),
            alt.Tooltip("commits:Q", title="Commits", format=",d"),
        ],
    )
    cells = base.mark_rect(color=palette.SERIES[0], cornerRadius=2, stroke=palette.FRAME, strokeOpacity=0.15).encode(
        fillOpacity=alt.FillOpacity(
            "commits:Q", scale=alt.Scale(type="sqrt", domain=[0, most], range=[0.0, 0.85]), legend=None
        )
    )
    size = f"bandwidth('x') < 4 + 7 * length(format({most}, ',d')) ? 0 : 11"
    light = f"datum.commits > {most} * 0.35 ? '#FFFFFF' : '{palette.INK}'"
    numbers = (
        base.transform_filter("datum.commits > 0")
        .mark_text(fontSize=alt.ExprRef(size), baseline="middle")
        .encode(text=alt.Text("commits:Q", format=",d"), color=alt.ColorValue(alt.ExprRef(light)))
    )
    whole: alt.LayerChart = alt.LayerChart(layer=[cells, numbers]).properties(height=7 * 30)
    return whole
