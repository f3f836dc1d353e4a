"""Counts of fourteen days as bars with their numbers: the last seven in colour, the seven before them in grey."""

from __future__ import annotations

from datetime import date, timedelta

import altair as alt
import pandas as pd

from dashlib.charts import palette

NOW, BEFORE = "these 7 days", "the 7 days before"


def two_weeks(frame: pd.DataFrame, value: str, last: date) -> alt.LayerChart:
    """Bars from ``period`` (days) and ``value``, whose series are added up; ``last`` is the last day.

    Days stand under each other by weekday: of each pair of bars the grey one is a week older.
    """
    sums = frame.groupby(pd.to_datetime(frame["period"]).dt.date)[value].sum()
    days = [last - timedelta(days=back) for back in range(13, -1, -1)]
    shown = pd.DataFrame(
        {
            "weekday": [f"{day:%a}" for day in days],
            "when": [f"{day:%A, %d %B %Y}" for day in days],
            "week": [BEFORE] * 7 + [NOW] * 7,
            value: [int(sums.get(day, 0)) for day in days],
        }
    )
    order = [f"{day:%a}" for day in days[7:]]
    base = alt.Chart(shown).encode(
        x=alt.X(
            "weekday:N",
            title=None,
            sort=order,
            scale=alt.Scale(domain=order, paddingInner=0.3),
            axis=alt.Axis(labelAngle=0, ticks=False, labelPadding=6),
        ),
        xOffset=alt.XOffset("week:N", sort=[BEFORE, NOW], scale=alt.Scale(domain=[BEFORE, NOW])),
        y=alt.Y(f"{value}:Q", title=None, axis=None, scale=alt.Scale(range=[alt.ExprRef("height"), 14])),
        tooltip=[alt.Tooltip("when:N", title="Day"), alt.Tooltip(f"{value}:Q", title=value.capitalize(), format=",d")],
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color(
            "week:N",
            scale=alt.Scale(domain=[NOW, BEFORE], range=[palette.SERIES[0], palette.OTHERS]),
            legend=alt.Legend(title=None, orient="bottom", offset=4, padding=0, symbolType="square"),
        ),
        opacity=alt.condition(f"datum.week === '{NOW}'", alt.value(1), alt.value(0.45)),
    )
    numbers = base.mark_text(dy=-7, fontSize=11, color=palette.INK).encode(text=alt.Text(f"{value}:Q", format=",d"))
    whole: alt.LayerChart = alt.LayerChart(
        layer=[bars, numbers.transform_filter(f"datum.week === '{NOW}' && datum.{value} > 0")]
    ).properties(height=120)
    return whole
