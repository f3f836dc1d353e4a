"""The last runs of one job as a strip: oldest left, the state by colour and sign."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashlib.charts import palette

_LOOKS = {"success": "passed", "failed": "failed", "canceled": "canceled", "skipped": "skipped", "manual": "manual"}


def run_strip(frame: pd.DataFrame) -> alt.LayerChart:
    """A strip from ``queries.failure.runs``: failures of the same signature are full, others hatched by a lighter tone.

    The run that the page is about is framed. Below its ends stand the days of the first and of the last run.
    """
    marks = [palette.STATES[_LOOKS.get(status, "running")] for status in frame["status"]]
    shown = pd.DataFrame(
        {
            "slot": frame["job_id"].astype(str),
            "order": frame["ended"],
            "colour": [mark.colour for mark in marks],
            "opacity": [
                0.45 if status == "failed" and not same else mark.opacity
                for mark, status, same in zip(marks, frame["status"], frame["same_failure"], strict=True)
            ],
            "sign": ["=" if same else mark.sign for mark, same in zip(marks, frame["same_failure"], strict=True)],
            "ink": [mark.ink for mark in marks],
            "here": frame["here"],
            "Ended": frame["ended"].dt.strftime("%a %d %b %Y, %H:%M"),
            "Status": frame["status"],
            "Reason": frame["reason"].fillna("–").str.slice(0, 160),
        }
    )[::-1]
    x = alt.X("slot:O", sort=None, title=None, axis=_ends(shown), scale=alt.Scale(paddingInner=0.12))
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("Ended", "Status", "Reason")]
    cells = (
        alt.Chart(shown)
        .mark_rect(cornerRadius=2)
        .encode(
            x=x,
            color=alt.Color("colour:N", scale=None),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
            stroke=alt.value(palette.FRAME),
            strokeWidth=alt.StrokeWidth("edge:Q", scale=None),
            tooltip=tooltip,
        )
        .transform_calculate(edge="datum.here ? 2.5 : 0")
    )
    signs = (
        alt.Chart(shown)
        .mark_text(baseline="middle", fontWeight=600, fontSize=alt.ExprRef("bandwidth('x') < 9 ? 0 : 12"))
        .encode(x=x, text="sign:N", color=alt.Color("ink:N", scale=None), tooltip=tooltip)
    )
    strip: alt.LayerChart = (cells + signs).properties(height=86).configure_view(strokeWidth=0)
    return strip


def _ends(shown: pd.DataFrame) -> alt.Axis:
    """The days of the oldest and the newest run; of a single one its own."""
    first, last = shown.iloc[0], shown.iloc[-1]
    days = {row["slot"]: f"{row['order']:%d %b %Y}" for row in (first, last) if not pd.isna(row["order"])}
    told = f"datum.value == '{first['slot']}' ? '{days.get(first['slot'], '')}' : '{days.get(last['slot'], '')}'"
    is_first = {"test": f"datum.value == '{first['slot']}'"}
    return alt.Axis(
        values=list(days),
        labelExpr=told,
        labelAlign={"condition": is_first | {"value": "left"}, "value": "right"},
        labelOffset={"expr": f"(datum.value == '{first['slot']}' ? -1 : 1) * bandwidth('x') / 2"},
        labelOverlap=False,
        labelAngle=0,
        ticks=False,
        domain=False,
    )
