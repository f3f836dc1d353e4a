"""Signals as a chart (lanes on one time line, nightly failures above them), as tables, and as the sender's commands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd

from dashlib.charts import palette
from dashlib.charts.tables import Column, Tile
from dashlib.queries.signals import SLOTS
from dashlib.receive.setup import BY_TITLE, Guide

SUMS = (
    Tile("signals", "Signals", "Alerts, cloud events and Kubernetes events that this time touches."),
    Tile("firing", "Firing", "Alerts that nobody told to be resolved.", "less"),
    Tile("critical", "Critical", "Errors and pages too, whatever the sender calls them.", "less"),
    Tile("warnings", "Warnings", None, "less"),
    Tile("nodes", "Nodes", "Different hosts that signals name."),
    Tile("failed_jobs", "Failed jobs", "Of nightlies; the filter bar narrows them, this page's own do not.", "less"),
)
SIGNALS = (
    Column("begins", "Began", "moment", 135),
    Column("ends", "Ended", "moment", 135, help="Empty while an alert fires."),
    Column("level", "Severity", width=75),
    Column("status", "Status", width=75),
    Column("title", "What", width=330),
    Column("web_url", "Link", "link", 65, text="open"),
    Column("kind", "Kind", width=150),
    Column("node", "Node", width=150),
    Column("namespace", "Namespace", width=110),
    Column("object", "About", width=170),
    Column("count", "Times", "number", 60, help="How often Kubernetes counted it."),
    Column("source", "From", width=95),
    Column("description", "Says", width="large"),
)
NEAR = (
    "“Signals near” counts those from 15 minutes before the job began to 15 minutes after it ended that name the job, "
    "its runner or node, its repository or its Kubernetes namespace; what happened elsewhere meanwhile is not counted."
)
BESIDE = (
    Column("failed", "Failed", "moment", 135),
    Column("path_with_namespace", "Repository", width="medium"),
    Column("job_name", "Job", width=140),
    Column("failure_url", "Why", "link", 95, text="why it failed"),
    Column("signals", "Signals near", "number", 90, help=NEAR),
    Column("title", "The nearest", width=300),
    Column("why", "Shares", width=150, help="What the job and the nearest signal have in common."),
    Column("failure_reason", "GitLab says", width=150),
    Column("runner_description", "Runner", width=130),
    Column("job_web_url", "On GitLab", "link", 80, text="open job"),
)
AROUND = (
    Column("begins", "Began", "moment", 135),
    Column("ends", "Ended", "moment", 135, help="Empty while an alert fires."),
    Column("why", "Shares with the job", width=170),
    Column("level", "Severity", width=75),
    Column("status", "Status", width=75),
    Column("title", "What", width=330),
    Column("web_url", "Link", "link", 65, text="open"),
    Column("node", "Node", width=150),
    Column("namespace", "Namespace", width=110),
    Column("source", "From", width=95),
    Column("description", "Says", width="large"),
)

FAILED_LANE = "nightly failures"
BRUSH = "brush"
"""The selection of the time line: a brush over its time."""
_COLOURS = {"critical": "#C8500A", "warning": "#E69F00", "info": "#56B4E9", "not told": palette.OTHERS}
_FAILED_COLOUR = "#A05CC8"
_WHEN = "%a %d %b %H:%M"
_HOUR_OR_DAY = (
    "utchours(datum.value) == 0 && utcminutes(datum.value) == 0 ? utcFormat(datum.value, '%d %b')"
    " : utcFormat(datum.value, '%H:%M')"
)


def timeline(marks: pd.DataFrame, failures: pd.DataFrame, shown: tuple[datetime, datetime]) -> alt.LayerChart:
    """Bars from ``queries.signals.timeline`` in lanes, and ``queries.signals.beside`` as a lane above them.

    ``shown`` is the drawn time on the team's wall clock, which is also what the axis says: times go into the chart as
    if they were UTC, so that no browser moves them into a zone of its own. A brush (``BRUSH``) gives ``at``, two such
    times in milliseconds.
    """
    lanes = list(marks[["series", "rank"]].drop_duplicates().sort_values("rank")["series"])
    y = alt.Y(
        "lane:N",
        title=None,
        scale=alt.Scale(domain=[FAILED_LANE, *lanes], paddingInner=0.25),
        axis=alt.Axis(
            labelLimit=alt.ExprRef("min(210, containerSize()[0] * 0.33)"), ticks=False, domain=False, labelPadding=6,
            grid=True, gridOpacity=0.25, bandPosition=0.5,
        ),
    )  # fmt: skip
    domain = [_milliseconds(moment) for moment in shown]
    axis = alt.Axis(labelExpr=_HOUR_OR_DAY, labelOverlap=True)
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc", domain=domain), axis=axis)
    brush = alt.selection_interval(name=BRUSH, encodings=["x"], empty=True)
    levels = [level for level in _COLOURS if level in set(marks["level"])]
    colour = alt.Color(
        "level:N",
        scale=alt.Scale(domain=levels, range=[_COLOURS[level] for level in levels]),
        legend=alt.Legend(title=None, orient="bottom", offset=8, padding=0, symbolType="square", symbolStrokeWidth=0),
    )
    bars = (
        alt.Chart(_bars(marks))
        .mark_bar(cornerRadius=2, opacity=0.8, minBandSize=6, stroke=palette.FRAME, strokeWidth=0.3)
        .encode(x=x, x2="until:T", y=y, color=colour, tooltip=_tooltip("Signals"))
    )
    # What is shorter than a pixel is still seen: a thin line at the beginning of each bar.
    ticks = (
        alt.Chart(_bars(marks))
        .mark_tick(thickness=3, cornerRadius=1)
        .encode(x=x, y=y, color=colour, tooltip=_tooltip("Signals"))
    )
    size = alt.Size("signals:Q", scale=alt.Scale(domain=[1, 40], range=[45, 260], clamp=True), legend=None)
    failed = (
        alt.Chart(_failed(failures, shown))
        .mark_point(shape="diamond", filled=True, color=_FAILED_COLOUR, opacity=0.9)
        .encode(x=x, y=y, size=size, tooltip=_tooltip("Failed jobs"))
        .add_params(brush)
    )
    whole: alt.LayerChart = alt.LayerChart(layer=[bars, ticks, failed]).properties(height=60 + 26 * (1 + len(lanes)))
    return whole


def _bars(marks: pd.DataFrame) -> pd.DataFrame:
    """The marks with their times in milliseconds and as words; the gravest are drawn last."""
    firing = [" (firing)" if count else "" for count in marks["firing"]]
    frame = pd.DataFrame(
        {
            "lane": marks["series"],
            "level": marks["level"],
            "at": [_milliseconds(moment) for moment in marks["begins"]],
            "until": [_milliseconds(moment) for moment in marks["ends"]],
            "signals": marks["signals"],
            "What": marks["says"].fillna("").str.slice(0, 200) + firing,
            "When": [_told(begins, ends) for begins, ends in zip(marks["begins"], marks["ends"], strict=True)],
            "Severity": marks["level"],
        }
    )
    order = {level: place for place, level in enumerate(reversed(list(_COLOURS)))}
    return frame.sort_values("level", key=lambda column: column.map(order), kind="stable")


def _failed(failures: pd.DataFrame, shown: tuple[datetime, datetime]) -> pd.DataFrame:
    """Failed jobs, oldest first: those of one slot of the time are one mark with their number and a few names."""
    rows: list[dict[str, Any]] = []
    failures = failures.sort_values(["failed", "path_with_namespace", "job_name"])
    slots = (failures["failed"] - shown[0]) // ((shown[1] - shown[0]) / SLOTS)
    for _, part in failures.groupby(slots, sort=True):
        names = [f"{job} of {path}" for path, job in zip(part["path_with_namespace"], part["job_name"], strict=True)]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        first, last = part["failed"].iloc[0], part["failed"].iloc[-1]
        rows.append(
            {
                "lane": FAILED_LANE,
                "at": _milliseconds(first + (last - first) / 2),
                "signals": len(part),
                "What": ", ".join(names[:3])[:200] + more,
                "When": _told(first, last),
                "Severity": "failed jobs of nightlies",
            }
        )
    return pd.DataFrame(rows, columns=["lane", "at", "signals", "What", "When", "Severity"])


def _tooltip(counted: str) -> list[alt.Tooltip]:
    words = [alt.Tooltip(f"{name}:N") for name in ("When", "What", "Severity")]
    return [*words, alt.Tooltip("signals:Q", title=counted, format=",d")]


def _told(begins: datetime, ends: datetime) -> str:
    first, last = f"{begins:{_WHEN}}", f"{ends:{_WHEN}}"
    return first if first == last else f"{first} – {last}"


def _milliseconds(moment: datetime) -> int:
    """A wall clock as milliseconds since 1970, as if it were UTC."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


# The zoom in the address


_ZOOM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)_(\d{4}-\d\d-\d\dT\d\d:\d\d)")


def zoom_word(first: datetime, last: datetime) -> str:
    """A span of the team's wall clock as the address has it, whole minutes, a minute at least."""
    first, last = sorted((first, last))
    first = first.replace(second=0, microsecond=0)
    last = max((last + timedelta(seconds=59)).replace(second=0, microsecond=0), first + timedelta(minutes=1))
    return f"{first:%Y-%m-%dT%H:%M}_{last:%Y-%m-%dT%H:%M}"


def brushed(selected: Any) -> str | None:
    """The span that a brush gives (two times in milliseconds) as the address has it; None where there is none."""
    if not isinstance(selected, list) or len(selected) != 2:
        return None
    first, last = (datetime.fromtimestamp(float(value) / 1000, UTC).replace(tzinfo=None) for value in selected)
    return zoom_word(first, last)


def zoomed(word: str) -> tuple[datetime, datetime] | None:
    """The span that the address names, on the team's wall clock; None where it names none that can be."""
    found = _ZOOM.fullmatch(word)
    if found is None:
        return None
    try:
        first, last = (datetime.fromisoformat(part) for part in found.groups())
    except ValueError:
        return None
    return (first, last) if 1900 < first.year < 9000 and first < last else None


# Sending the first one

SENDERS = ("CloudEvents", "Alertmanager", "Kubernetes")


def first_signal(sender: str, now: datetime) -> Guide:
    """How a sender of SENDERS is set up, with a delivery to try that makes one signal of ``now`` (naive UTC)."""
    at, guide = f"{now:%Y-%m-%dT%H:%M:%SZ}", BY_TITLE[sender]
    if sender == "CloudEvents":
        event = {"specversion": "1.0", "id": f"hello-{now:%H%M%S}", "source": "/hello", "type": "hello.dashboard"}
        trial: dict[str, Any] = event | {"time": at, "subject": "A first signal"}
        return replace(guide, trial=json.dumps(trial), headers=("Content-Type: application/cloudevents+json",))
    if sender == "Alertmanager":
        alert = {"status": "resolved", "startsAt": at, "endsAt": at} | {
            "labels": {"alertname": "HelloDashboard", "severity": "info"},
            "annotations": {"summary": "A first signal"},
        }
        return replace(guide, trial=json.dumps({"version": "4", "status": "resolved", "alerts": [alert]}))
    about = {"kind": "Node", "name": "hello-node"}
    event = {"apiVersion": "v1", "kind": "Event", "type": "Normal", "reason": "HelloDashboard"}
    times = {"firstTimestamp": at, "lastTimestamp": at, "involvedObject": about, "message": "A first signal"}
    return replace(guide, trial=json.dumps(event | times | {"metadata": {"uid": f"hello-{now:%H%M%S}"}}))
