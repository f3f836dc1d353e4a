"""The jobs of one pipeline on a time line: how long each waited for a runner and ran, and which decided the end."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.delivery_wording import span_told
from dashlib.charts.times import unit_of

_LOOKS = {"success": "passed", "failed": "failed", "canceled": "canceled", "canceling": "canceled"}


def time_line(frame: pd.DataFrame) -> alt.LayerChart:
    """From ``queries.time_line.jobs``: one row per attempt that began, in the order in which they were queued.

    Thin and grey while it waited for a runner, wide in its state's colour while it ran; a mark where half of its runs
    would have been done; framed if it decided when the pipeline ended.
    """
    began = frame[frame["ended_after"].notna()]
    size, unit = unit_of(float(began["ended_after"].max()))
    looks = [palette.STATES[_LOOKS.get(status, "running")] for status in began["status"]]
    shown = pd.DataFrame(
        {
            "row": [_named(job) for _, job in began.iterrows()],
            "queued": began["queued_after"] / size,
            "began": began["began_after"] / size,
            "ended": began["ended_after"] / size,
            "usual": (began["began_after"] + began["usual_p50"]) / size,
            "state": [look.label for look in looks],
            "opacity": [look.opacity for look in looks],
            "sign": [look.sign for look in looks],
            "edge": [2 if decisive else 0 for decisive in began["is_decisive"]],
            "Status": began["status"],
            "Stage": began["stage"].fillna("–"),
            "Waited": [span_told(value) for value in began["queue_time"]],
            "Ran": [span_told(value) for value in began["run_time"]],
            "Usually": [
                f"{span_told(half)} (n {n})" if n else "–"
                for half, n in zip(began["usual_p50"], began["usual_n"], strict=True)
            ],
            "After": began["after_job_name"].fillna("–"),
            "Runner": began["runner"].fillna("–"),
            "Decisive": ["yes" if decisive else "no" for decisive in began["is_decisive"]],
        }
    )
    names = list(shown["row"])
    y = alt.Y(
        "row:N", title=None, sort=names, scale=alt.Scale(domain=names, paddingInner=0.25, paddingOuter=0.15),
        axis=alt.Axis(ticks=False, domain=False, labelPadding=6, labelOverlap=False,
                      labelLimit=alt.ExprRef("min(240, containerSize()[0] * 0.36)")),
    )  # fmt: skip

    def at(field: str) -> alt.X:
        scale = alt.Scale(domain=[0, 1.04 * float(shown["ended"].max()) or 1.0])
        return alt.X(f"{field}:Q", title=f"{unit} after its creation", scale=scale, axis=alt.Axis(tickCount=6))

    told = [alt.Tooltip("row:N", title="Job")] + [
        alt.Tooltip(f"{name}:N")
        for name in ("Status", "Stage", "Waited", "Ran", "Usually", "After", "Runner", "Decisive")
    ]
    shown["usual"] = shown["usual"].where(shown["usual"] <= shown["ended"].max())
    base = alt.Chart(shown).encode(y=y, tooltip=told)
    waits = base.mark_bar(height=5, color=palette.OTHERS, opacity=0.7).encode(x=at("queued"), x2="began:Q")
    states = list(dict.fromkeys(shown["state"]))
    colours = {mark.label: mark.colour for mark in palette.STATES.values()}
    runs = base.mark_bar(cornerRadius=2, minBandSize=12).encode(
        x=at("began"),
        x2="ended:Q",
        color=alt.Color(
            "state:N",
            scale=alt.Scale(domain=states, range=[colours[state] for state in states]),
            legend=alt.Legend(title=None, orient="bottom", symbolType="square"),
        ),
        fillOpacity=alt.FillOpacity("opacity:Q", scale=None, legend=None),
        stroke=alt.value(palette.INK),
        strokeWidth=alt.StrokeWidth("edge:Q", scale=None, legend=None),
    )
    signs = base.mark_text(align="left", dx=4, baseline="middle", fontWeight=600, color=palette.INK).encode(
        x=at("ended"), text="sign:N"
    )
    usual = base.transform_filter("isValid(datum.usual)").mark_tick(
        orient="vertical", thickness=2, size=16, color=palette.SERIES[0]
    ).encode(x=at("usual"))  # fmt: skip
    whole: alt.LayerChart = alt.LayerChart(layer=[waits, runs, usual, signs]).properties(height=120 + 26 * len(shown))
    return whole


def _named(job: pd.Series) -> str:
    """The row's label: every attempt has its own."""
    return f"{job['job_name']} · attempt {int(job['attempt'])}" if job["attempts"] > 1 else str(job["job_name"])
