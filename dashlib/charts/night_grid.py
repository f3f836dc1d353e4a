"""Repositories × nights: one cell per night that ran, its state told by colour and by sign."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashlib.charts import palette

SELECTION = "cell"
"""The name of the chart's selection; a picked cell has the fields ``row``, ``path`` and ``slot`` (night, ISO)."""


def night_grid(frame: pd.DataFrame, night: str | None = None) -> alt.LayerChart:
    """The grid from ``queries.nightlies.grid``; newest night at the right end, freshest failure on top.

    ``night`` (ISO) is framed, by default the newest one.
    """
    shown = _shown(frame)
    rows = shown["row"].nunique()
    nights = sorted(shown["slot"].unique())
    step = 22 if rows <= 30 else 18
    x = alt.X(
        "slot:O",
        title=None,
        scale=alt.Scale(domain=_every_day(nights), paddingInner=0.12, paddingOuter=0.06),
        axis=alt.Axis(
            orient="top",
            labelExpr="timeFormat(toDate(datum.value + 'T00:00:00'), '%d %b')",
            labelAngle=0,
            labelOverlap="greedy",
            labelSeparation=6,
            ticks=False,
            domain=False,
            grid=False,
        ),
    )
    y = alt.Y(
        "row:N",
        title=None,
        sort=alt.EncodingSortField("position", op="min"),
        scale=alt.Scale(paddingInner=0.16),
        axis=alt.Axis(
            # A narrow screen has room for the repository's own name only.
            labelExpr="containerSize()[0] < 600 ? slice(datum.label, lastindexof(datum.label, '/') + 1) : datum.label",
            labelLimit=alt.ExprRef("containerSize()[0] < 600 ? 120 : 300"),
            ticks=False,
            domain=False,
            grid=False,
        ),
    )
    picked = alt.selection_point(name=SELECTION, fields=["row", "slot", "path"], on="click", empty=True)
    cells = (
        alt.Chart(shown)
        .mark_rect(cornerRadius=2, cursor="pointer")
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "look:N",
                scale=alt.Scale(
                    domain=[mark.label for mark in palette.STATES.values()],
                    range=[mark.colour for mark in palette.STATES.values()],
                ),
                legend=None,
            ),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
            strokeWidth=alt.when(picked, empty=False).then(alt.value(2)).otherwise(alt.value(0)),
            stroke=alt.value(palette.FRAME),
            tooltip=_tooltip(),
        )
        .add_params(picked)
    )
    size = "min(12, max(0, bandwidth('x') * 0.9), bandwidth('y') * 0.72)"
    signs = (
        alt.Chart(shown[shown["sign"] != ""])
        .mark_text(fontSize=alt.ExprRef(f"bandwidth('x') < 7 ? 0 : {size}"), fontWeight=600, baseline="middle")
        .encode(x=x, y=y, text="sign:N", color=alt.Color("ink:N", scale=None))
    )
    fresh = (
        alt.Chart(shown[shown["has_new"]])
        .mark_tick(
            orient="horizontal",
            color="white",
            opacity=0.95,
            thickness=2,
            size=alt.ExprRef("bandwidth('x') < 7 ? 0 : min(14, bandwidth('x') * 0.6)"),
            yOffset=alt.ExprRef("bandwidth('y') / 2 - 2.5"),
        )
        .encode(x=x, y=y)
    )
    frame_of_night = (
        alt.Chart(pd.DataFrame({"slot": [night] if night in nights else nights[-1:]}))
        .mark_rect(fillOpacity=0, stroke=palette.FRAME, strokeWidth=1.5, cornerRadius=3)
        .encode(x=x)
    )
    whole: alt.LayerChart = (
        alt.LayerChart(layer=[frame_of_night, cells, signs, fresh])
        .properties(height=step * rows)
        .configure_view(strokeWidth=0)
    )
    return whole


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """What the chart needs of the rows: states as looks, durations and nights as text."""
    marks = frame["state"].map(palette.STATES)
    nights = pd.to_datetime(frame["night"])
    since = pd.to_datetime(frame["red_since"])
    return pd.DataFrame(
        {
            "row": frame["row"],
            "path": frame["path_with_namespace"],
            "slot": nights.dt.strftime("%Y-%m-%d"),
            "position": frame["position"],
            "look": [mark.label for mark in marks],
            "opacity": [mark.opacity for mark in marks],
            "sign": [
                str(count) if mark.counts and count else mark.sign
                for mark, count in zip(marks, frame["failed_jobs"], strict=True)
            ],
            "ink": [mark.ink for mark in marks],
            "has_new": frame["has_new"] & pd.Series([mark.counts for mark in marks], index=frame.index),
            "Night": nights.dt.strftime("%a %d %b %Y"),
            "Failed jobs": frame["failed_job_names"].replace("", "none"),
            "Allowed failures": frame["failed_allowed_jobs"],
            "Reasons": frame["reasons"].replace("", "–"),
            "Red since": since.dt.strftime("%a %d %b").fillna("–"),
            "Run time": frame["duration"].map(_minutes),
            "Runs": frame["runs"],
        }
    )


def _tooltip() -> list[alt.Tooltip]:
    fields = ["Night", "Failed jobs", "Reasons", "Red since", "Allowed failures", "Run time", "Runs"]
    first = [alt.Tooltip("row:N", title="Nightly"), alt.Tooltip("look:N", title="State")]
    return first + [alt.Tooltip(f"{name}:N", title=name) for name in fields]


def _every_day(nights: list[str]) -> list[str]:
    """All days from the first night to the last: a night on which nothing ran is an empty column, not a missing one."""
    if not nights:
        return []
    return [day.strftime("%Y-%m-%d") for day in pd.date_range(nights[0], nights[-1])]


def _minutes(seconds: float) -> str:
    if pd.isna(seconds):
        return "–"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
