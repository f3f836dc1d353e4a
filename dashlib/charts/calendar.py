"""A calendar of counts: a column is a week, a row a weekday, a square a day; the more, the fuller.

A day that was never read is no day without events: it is blank.
"""

from __future__ import annotations

from datetime import date

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.commit_hours import DAYS

PICK = "picked_day"
"""The name under which a click tells its ``slot``: the day, as ``YYYY-MM-DD``."""
_SQUARE = 20
"""Pixels of a square and the gap beside it, where there is room."""
_MONTHS = 26
"""Pixels above the squares, for the names of the months."""
_STEPS = (0.06, 0.28, 0.46, 0.7, 1.0)
"""How full a square is: nothing, then up to a quarter, half, three quarters, all of the days that have any."""


def calendar(frame: pd.DataFrame, value: str, *, chosen: date | None = None) -> alt.LayerChart:
    """Squares of ``day`` (every day of a span, in order) by ``value`` and ``people``; ``chosen`` has a frame.
    Days that are not ``is_read`` tell nothing.

    Squares stay squares: where a window is narrow they shrink together.
    """
    days = pd.to_datetime(frame["day"])
    mondays = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    weeks = [f"{monday:%Y-%m-%d}" for monday in pd.date_range(mondays.min(), mondays.max(), freq="7D")]
    shown = pd.DataFrame(
        {
            "slot": days.dt.strftime("%Y-%m-%d"),
            "week": mondays.dt.strftime("%Y-%m-%d"),
            "weekday": [DAYS[number] for number in days.dt.day_of_week],
            "when": days.dt.strftime("%A, %d %B %Y"),
            "shade": [
                shade if read else 0.0 for shade, read in zip(shades(frame[value]), frame["is_read"], strict=True)
            ],
            "remark": ["" if read else "not read" for read in frame["is_read"]],
            "is_read": frame["is_read"],
            "is_chosen": days.dt.date == chosen,
            value: frame[value],
            "people": frame["people"],
        }
    )
    side = f"min({_SQUARE}, width / {len(weeks)})"
    base = alt.Chart(shown).encode(
        x=alt.X(
            "week:O",
            title=None,
            scale=alt.Scale(domain=weeks, range=[0, alt.ExprRef(f"{len(weeks)} * {side}")], paddingInner=0.14),
            axis=_months(weeks),
        ),
        y=alt.Y(
            "weekday:O",
            title=None,
            scale=alt.Scale(domain=list(DAYS), range=[0, alt.ExprRef(f"7 * {side}")], paddingInner=0.14),
            axis=alt.Axis(ticks=False, domain=False, labelPadding=6, values=[DAYS[0], DAYS[2], DAYS[4], DAYS[6]]),
        ),
        tooltip=[
            alt.Tooltip("when:N", title="Day"),
            alt.Tooltip(f"{value}:Q", title=value.capitalize(), format=",d"),
            alt.Tooltip("people:Q", title="People", format=",d"),
            alt.Tooltip("remark:N", title="Note"),
        ],
    )
    squares = (
        base.mark_rect(cornerRadius=2, color=palette.SERIES[0], stroke=palette.FRAME, strokeWidth=0.6, cursor="pointer")
        .encode(
            fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None),
            strokeOpacity=alt.condition("datum.is_read", alt.value(0.35), alt.value(0)),
        )
        .add_params(alt.selection_point(name=PICK, fields=["slot"], toggle=False, empty=False))
    )
    framed = base.transform_filter("datum.is_chosen").mark_rect(
        cornerRadius=2, fillOpacity=0, stroke=palette.SERIES[1], strokeWidth=2.5
    )
    whole: alt.LayerChart = alt.LayerChart(layer=[squares, framed]).properties(height=7 * _SQUARE + _MONTHS)
    return whole


def read_told(frame: pd.DataFrame) -> str:
    """Which days of a calendar were read, where not all were; plain text."""
    read = pd.to_datetime(frame.loc[frame["is_read"].astype(bool), "day"])
    if len(read) == len(frame):
        return ""
    if read.empty:
        return "Blank: none of these days was read."
    return f"Blank: not read. Known are the days from {read.min():%d %b %Y} to {read.max():%d %b %Y}."


def shades(counts: pd.Series) -> list[float]:
    """How full each square is: nought is a class of its own, the others are in quarters of the days that have any."""
    some = counts[counts > 0]
    limits = [float(some.quantile(share)) for share in (0.25, 0.5, 0.75)] if len(some) else []
    return [_STEPS[0] if not count else _STEPS[1 + sum(count > limit for limit in limits)] for count in counts]


def _months(weeks: list[str]) -> alt.Axis:
    """The name of a month above the week in which it begins; above the first week where the next name is not near."""
    named = {week for week in weeks if pd.Timestamp(week).day <= 7}
    if not named & set(weeks[:3]):
        named.add(weeks[0])
    return alt.Axis(
        orient="top",
        values=sorted(named),
        labelExpr="timeFormat(toDate(datum.value + 'T00:00:00'), '%b')",
        labelAngle=0,
        labelAlign="left",
        labelOverlap="greedy",
        labelSeparation=4,
        ticks=False,
        domain=False,
        grid=False,
    )


def day_picked(picked: object) -> date | None:
    """The day that a click told (the selection PICK), None where it let go or told nothing that is a day."""
    if not isinstance(picked, list) or not picked or not isinstance(picked[0], dict):
        return None
    try:
        return date.fromisoformat(str(picked[0].get("slot")))
    except ValueError:
        return None
