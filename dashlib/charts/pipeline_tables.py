"""The tables, top-line numbers and sentences of the page Pipelines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd

from dashlib.charts.delivery_wording import share_told, span_told
from dashlib.charts.tables import Column, Tile
from dashlib.model import Filters
from dashlib.queries.pipelines import FEW, LEAST_GROWTH

TILES = (
    Tile("n", "Ended", "That passed or failed; canceled, skipped and running ones have no verdict."),
    Tile("run_p50", "Ran, half", "Half of them ran no longer.", "less", "span"),
    Tile("run_p95", "Ran, 95 %", "95 of 100 ran no longer.", "less", "span"),
    Tile("queue_p50", "Waited, half", "Half of them waited no longer.", "less", "span"),
    Tile("queue_p95", "Waited, 95 %", "95 of 100 waited no longer.", "less", "span"),
    Tile("success_rate", "Passed", "Of those that passed or failed.", "more", "share"),
)

JOBS = (
    Column("path_with_namespace", "Repository", width=190),
    Column("job_name", "Job", width=125),
    Column("run_p50", "Ran, half", "seconds", 80, help="Half of its runs took no longer."),
    Column("run_p95", "Ran, 95 %", "seconds", 80, help="95 of 100 of its runs took no longer."),
    Column("run_change", "Half, against before", width=170, help="Against the period before, as long as this one."),
    Column("spread", "By week", "bars", 105, help="The middle run time of each week, the period before included."),
    Column("n", "Runs", "number", 65, help="Attempts that passed or failed."),
    Column("success_rate", "Passed", "share", 90),
    Column("queue_p95", "Waited, 95 %", "seconds", 100, help="95 of 100 waited no longer for a runner."),
    Column("hours", "Hours", "number", 75, help="That it ran altogether."),
    Column("n_before", "Runs before", "number", 90),
)

PIPELINES = (
    Column("created", "Created", "moment", 128, help="The team's wall clock."),
    Column("path_with_namespace", "Repository", width=185),
    Column("run_time", "Ran", "seconds", 80, help="While at least one of its jobs ran."),
    Column("queue_time", "Waited", "seconds", 85, help="Until its first job began."),
    Column("elapsed", "Until the end", "seconds", 95, help="From its creation, waiting and everything included."),
    Column("status", "Status", width=75),
    Column("web_url", "On GitLab", "link", 95, text="open pipeline"),
    Column("ref", "Ref", width=135),
    Column("person_name", "Author", width=110, help="Who set it off; nobody for schedules and child pipelines."),
    Column("source", "Source", width=120),
    Column("pipeline_id", "Pipeline", "text", 80),
)

TIME_LINE = (
    Column("job_name", "Job", width=160),
    Column("stage", "Stage", width=85),
    Column("attempt", "Attempt", "number", 65),
    Column("status", "Status", width=75),
    Column("is_decisive", "Decisive", "flag", 70, help="On the chain of jobs that decided when the pipeline ended."),
    Column("queued", "Queued", "clock", 70, help="When nothing but a runner was missing; the team's wall clock."),
    Column("queue_time", "Waited", "seconds", 85, help="For a runner."),
    Column("run_time", "Ran", "seconds", 85),
    Column("usual_p50", "Usually", "seconds", 85, help="Half of its passed runs in the 30 days before."),
    Column("usual_n", "Of runs", "number", 70, help="How many runs that is of."),
    Column("after_job_name", "After", width=130, help="The job that ended last before this one was queued."),
    Column("runner", "Runner", width=130),
    Column("failure_url", "Why", "link", 55, text="open"),
    Column("job_web_url", "On GitLab", "link", 85, text="open job"),
)

RULES = (
    "**Run time of a pipeline**: GitLab's `duration`, the time in which at least one of its jobs ran. Waiting and"
    " retried attempts do not count. **Of a job**: each attempt's own time, retried ones too.",
    "**Queue time of a pipeline**: from its creation until its first job began. **Of a job**: from when only a runner"
    " was missing until one took it.",
    "**What counts**: what passed or failed. Canceled, skipped, manual, and running ones do not; a pipeline in which"
    " only allowed jobs failed has passed. Child pipelines are part of their parent: their jobs count, they do not.",
    "**Passed, 90 %**: of those that passed or failed. Failed ones often end early: *passed* alone tells whether things"
    " got slower.",
    "**Before**: the period before, as long as this one; of a week or a day, the one before it. **Week**: from Monday,"
    " in the team's zone. "
    f"**Grey**, or *too few to tell*: fewer than {FEW} runs.",
    "**Author**: the person who set a pipeline off, under all names; nobody for schedules and what pipelines start.",
)


_BEFORE_SLOT = "Of all of it that is stored and within the period or the one before it."


def by_columns(by: str) -> tuple[Column, ...]:
    """The table by repository, or by what else it is told by."""
    return (
        Column("key", by.capitalize(), width=220),
        Column("n", "Ended", "number", 62, help="That passed or failed in the period."),
        Column("success_rate", "Passed", "share", 90, help="Of those that passed or failed."),
        Column("run_p50", "Ran, half", "seconds", 80, help="Half ran no longer."),
        Column("run_p95", "Ran, 95 %", "seconds", 80, help="95 of 100 ran no longer."),
        Column("run_change", "Half, against before", width=170, help="Against the period before."),
        Column("queue_p50", "Waited, half", "seconds", 88, help="Half waited no longer."),
        Column("queue_p95", "Waited, 95 %", "seconds", 93, help="95 of 100 waited no longer."),
        Column("queue_change", "95 %, against before", width=170, help="Against the period before."),
        Column("success_change", "Passed, against before", width=150, help="In points of a hundred."),
        Column("n_before", "Ended before", "number", 95, help="In the period before."),
    )


def slot_columns(grain: str) -> tuple[Column, ...]:
    """The table by week, or by day: as by repository, its changes against the week or day before."""
    first = Column("period", f"{grain.capitalize()} of" if grain == "week" else "Day", "day", 105)
    renamed = {
        "run_change": f"Half, against the {grain} before",
        "queue_change": f"95 %, against the {grain} before",
        "success_change": f"Passed, against the {grain} before",
        "n_before": f"Ended the {grain} before",
    }
    told = [
        replace(one, title=renamed[one.name], width=190, help=_BEFORE_SLOT) if one.name in renamed else one
        for one in by_columns("")[1:]
    ]
    return (first, *told)


def with_changes(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what changed against the period before in words, where it has the figures for it."""
    told = frame.copy()
    told.attrs = frame.attrs
    for name, figure in (("run_change", "run_p50"), ("queue_change", "queue_p95")):
        if f"{figure}_before" in frame:
            columns = [frame[figure], frame[f"{figure}_before"], frame["timed"], frame["timed_before"]]
            told[name] = [time_change(*row) for row in zip(*columns, strict=True)]
    if "success_rate_before" in frame:
        columns = [frame["success_rate"], frame["success_rate_before"], frame["n"], frame["n_before"]]
        told["success_change"] = [rate_change(*row) for row in zip(*columns, strict=True)]
    return told


def time_change(now: float, before: float, n: int, n_before: int) -> str:
    """How a time (seconds) changed, of so many runs now and before."""
    if not n_before or pd.isna(before) or pd.isna(now):
        return "nothing before"
    if min(n, n_before) < FEW:
        return "too few to tell"
    more, least = now - before, LEAST_GROWTH[0]
    if abs(more) < max(1.0, 0.05 * before) or (abs(more) < least and before < least):
        return "about the same"
    share = f"{100 * abs(more) / before:,.0f} % " if before >= 1 else ""
    return f"{share}{'longer' if more > 0 else 'shorter'} ({'+' if more > 0 else '−'}{span_told(abs(more))})"


_POINTS = 0.5
"""A smaller change of a share is none."""


def rate_change(now: float, before: float, n: int, n_before: int) -> str:
    """How a share (0..1) changed, in points of a hundred."""
    if not n_before or pd.isna(before):
        return "nothing before"
    if min(n, n_before) < FEW:
        return "too few to tell"
    points = round(100 * now, 1) - round(100 * before, 1)
    if abs(points) < _POINTS:
        return "about the same"
    return f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'}"


def totals_told(sums: pd.Series, what: str, chosen: Filters) -> str:
    """The period beside the one before it, in a sentence or two; plain text."""
    if chosen.since is None or chosen.until is None:
        return ""
    days = (chosen.until - chosen.since).days + 1
    first = chosen.since - timedelta(days=days)
    span = "The day before" if days == 1 else f"The {days} days before"
    stored: date = pd.Timestamp(sums["first_day"]).date()
    if not sums["n_before"]:
        return f"{span}: no {what} with a verdict, so nothing to compare with. {_stored(stored, first)}".strip()
    told = (
        f"{span}: {int(sums['n_before']):,} {what if sums['n_before'] != 1 else what[:-1]}."
        f" Half of them ran {span_told(sums['run_p50_before'])} or less "
        f"(now: {time_change(sums['run_p50'], sums['run_p50_before'], sums['timed'], sums['timed_before'])}), "
        f"95 of 100 waited {span_told(sums['queue_p95_before'])} or less "
        f"(now: {time_change(sums['queue_p95'], sums['queue_p95_before'], sums['timed'], sums['timed_before'])}), "
        f"{share_told(sums['success_rate_before'])} passed "
        f"(now: {rate_change(sums['success_rate'], sums['success_rate_before'], sums['n'], sums['n_before'])})."
    )
    return f"{told} {_stored(stored, first)}".strip()


def _stored(since: date, first: date) -> str:
    return f"What is stored begins on {since:%d %b %Y}, within or after that time." if since > first else ""
