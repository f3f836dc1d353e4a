"""The last runs of one job as a strip: oldest left, the state by colour and sign."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashlib.charts import palette

_LOOKS = {"success": "passed", "failed": "failed", "canceled": "canceled", "skipped": "skipped", "manual": "manual"}


def run_strip(frame: pd.DataFrame) -> alt.LayerChart:
    """A strip from ``queries.failure.runs``: failures of the same signature are full, others hatched by a lighter tone.

    The run that the page is about is framed.
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
    x = alt.X("slot:O", sort=None, title=None, axis=None, scale=alt.Scale(paddingInner=0.12))
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
    strip: alt.LayerChart = (cells + signs).properties(height=46).configure_view(strokeWidth=0)
    return strip
