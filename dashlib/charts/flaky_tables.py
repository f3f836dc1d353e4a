"""The tables, top-line numbers and sentences of the page Flaky jobs."""

from __future__ import annotations

import pandas as pd

from dashlib.charts import palette
from dashlib.charts.delivery_wording import span_told
from dashlib.charts.tables import Column, Tile
from dashlib.queries.flaky import LONGEST_WAIT

SUMS = (
    Tile("flaky", "Flaky now", "Jobs that failed and passed by chance, and have not recovered since."),
    Tile("broken", "Broken now", "Jobs whose newest run on the default branch or of a schedule failed, not by chance."),
    Tile("flaky_failures", "Flaky failures", "Failed attempts in the period that passed later on the same commit."),
    Tile("flaky_minutes", "Minutes wasted", "How long those attempts ran in the period."),
    Tile("pipelines_hit", "Pipelines hit", "Pipelines in the period with such an attempt."),
    Tile("people", "People held up", "People (no robots) who set one of these pipelines off."),
    Tile("infrastructure_failures", "Infrastructure", "Failures by the runner, the network, the registry, the disk or"
         " fetching the repository, in the period: not counted as flaky."),
)  # fmt: skip

COLOURS = {
    "flaky": palette.SERIES[1],
    "infrastructure": palette.SERIES[4],
    "not proven": palette.SERIES[8],
}
"""Failures over time by kind: the kinds keep their colours, whichever is the most frequent."""

JOBS = (
    Column("state", "Now", width=62, help="As of now, over the last 30 days, whatever the period."),
    Column("path_with_namespace", "Repository", width=200),
    Column("job_name", "Job", width=120),
    Column(
        "failure_url", "Newest", "link", 58, text="open", help="Its newest flaky failure in the period, or failure."
    ),
    Column("evidence", "Evidence", width=77, help="proven: failed, then passed on the same commit. suspected: flips."),
    Column("flaky_failures", "Flakes", "number", 60, help="Flaky failures in the period."),
    Column("flaky_share", "Of its runs", "share", 85, help="Runs with a flaky failure, last 30 days."),
    Column("seconds_wasted", "Wasted", "seconds", 80, help="How long these attempts ran, in the period."),
    Column("people", "People", "number", 60, help="People (no robots) whose pipelines were hit, in the period."),
    Column("waited_p50", "They waited", "seconds", 85, help="From the failure to the pass, the middle of them."),
    Column("spread", "By day", "bars", 115, help="Flaky failures of each day of the period."),
    Column("last_flake", "Last flake", "moment", 130, help="Ever in the last 30 days; the team's wall clock."),
    Column("recovery", "On the mend", width=150, help="Passes since its last flake, of those that it takes."),
    Column("category", "Mostly", width=105, help="The category of most of its flaky failures."),
    Column("flip_rate", "Flips", "share", 85, help="How often it changed between passed and failed, last 30 days."),
    Column("infrastructure_failures", "Infrastructure", "number", 95, help="Failures of the infrastructure, apart."),
    Column("failures", "All failures", "number", 85, help="All its failed attempts in the period."),
    Column("runs", "Runs", "number", 60, help="Pipelines in which it got a verdict, last 30 days."),
    Column("red_since", "Red since", "moment", 130),
    Column("allow_failure", "Allowed", "flag", 65, help="It is allowed to fail."),
)

FAILURES = (
    Column("failed", "Failed", "moment", 130),
    Column("path_with_namespace", "Repository", width=190),
    Column("job_name", "Job", width=130),
    Column("failure_url", "Why", "link", 55, text="open"),
    Column(
        "proof", "Then passed by", width=105, help="A retry in the same pipeline, or another pipeline of the commit."
    ),
    Column("passed", "Passed", "moment", 130),
    Column("waited", "After", "seconds", 85),
    Column("duration", "Took", "seconds", 80, help="How long the failed attempt ran."),
    Column("category", "Category", width=110),
    Column("ref", "Ref", width=150),
    Column("sha", "Commit", width=85),
    Column("person_name", "Who waited", width=120, help="Who set the pipeline off; nobody for schedules and robots."),
    Column("runner", "Runner", width=130),
    Column("job_web_url", "On GitLab", "link", 90, text="open job"),
)

RULES = (
    "**Proven**: it failed, then passed on the same commit within four days: by a retry, or in another pipeline of the"
    " same kind (each schedule apart, since its variables are its own).",
    "**Suspected**: no proof, but on the default branch or in a schedule it changes between passed and failed at every"
    " tenth run or more, and its failures stand alone.",
    "**Recovered**: it passed as often since its last flake as would happen by luck in one case of twenty, or has"
    " passed and not flaked for 14 days.",
    "**Broken**: its newest run there failed and it is not known to be flaky, or its newest three failed.",
    f"**Waited**: from the failure to the pass, once a pipeline. Of a longer wait {LONGEST_WAIT} hours count towards"
    " the sum: a working day, since nobody waits through the night.",
    "**Infrastructure** failures (runner, network, registry, disk, fetching the repository) are no verdict on a job.",
)


def cost_told(sums: pd.Series) -> str:
    """What flaky jobs cost in the period, in one sentence; plain text."""
    if not sums["flaky_failures"]:
        return "No job failed and then passed on the same commit in this period."
    told = (
        f"{int(sums['flaky_failures']):,} of {int(sums['failures']):,} failed attempts passed later on the same commit;"
        f" they ran {span_told(60 * float(sums['flaky_minutes']))}."
    )
    if sums["people"]:
        people = "1 person" if sums["people"] == 1 else f"{int(sums['people']):,} people"
        many = int(sums["pipelines_waited"])
        told += (
            f" {people} waited for {many:,} {'pipeline' if many == 1 else 'pipelines'} that passed after all:"
            f" {span_told(float(sums['waited_p50']))} or less for half of them,"
            f" {span_told(3600 * float(sums['waited_hours']))} together, each {LONGEST_WAIT} h at most."
        )
    return told
