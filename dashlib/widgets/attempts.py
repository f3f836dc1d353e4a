"""What the pages of flaky jobs and of runners share: their questions answered from memory, and what they draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts import flaky_tables, heat, runner_tables
from dashlib.charts.over_time import stacked
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import choices, flaky, runners
from dashlib.runtime import runtime
from dashlib.widgets.address import forget
from dashlib.widgets.answers import NO_FILTERS, asked, chart, table
from dashlib.widgets.choose import one_of, some_of
from dashlib.widgets.empty import nothing
from dashlib.widgets.kept import of_copy

_OPEN_OUTAGES = 3
_AS_WIDE = """<style>
.st-key-{name} [data-testid=stElementContainer]:has([data-testid=stVegaLiteChart]) {{overflow-x: auto}}
.st-key-{name} [data-testid=stElementContainer] > :has([data-testid=stVegaLiteChart]) {{min-width: {width}px}}
</style>"""
"""A chart that keeps its width in a narrow window and is moved along there."""
_MEASURES = {
    "infrastructure": "failed by the infrastructure",
    "failed": "failed",
    "queue": "waited for a runner",
    "busy": "jobs at once",
}
_MEANS = {
    "infrastructure": "Share of the jobs that the runner, the network, the registry, the disk or fetching failed.",
    "failed": "Share of the jobs that failed, for whatever reason.",
    "queue": "Seconds for which 95 of 100 jobs waited for a runner, or less.",
    "busy": "How many jobs ran at once, on average.",
}


def of_attempts(question: Callable[..., pd.DataFrame], chosen: Filters = NO_FILTERS, **arguments: Any) -> pd.DataFrame:
    """The answer to a question of job attempts, from their copy in memory; kept until data moved."""
    return of_copy(runtime().attempts.newest(), question, chosen, arguments)


def none_at_all() -> None:
    """Why there is no job that ended, and what to do next."""
    held = asked(choices.held).iloc[0]
    if held["projects"] and held["pipelines"]:
        st.info(
            "No job has ended yet, as far as it was read. The Sources page says what was read.", icon=":material/inbox:"
        )
    else:
        nothing("pipelines")


def none_left(what: str) -> None:
    """There are jobs, and none that these filters leave."""
    st.info(f"No {what} for these filters.", icon=":material/filter_alt_off:")
    st.button("Clear the filters", icon=":material/restart_alt:", on_click=forget, key="clear_filters")


def rules() -> None:
    """What proven, suspected, broken and recovered mean."""
    with st.expander("What these words mean", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- {rule}" for rule in flaky_tables.RULES))


def jobs_table(filters: Filters, search: str) -> None:
    """Which jobs are flaky or broken, and what they cost."""
    states = some_of("Now", flaky.STATES, key="now", placeholder="Flaky and broken", width=380)
    answer = of_attempts(flaky.jobs, filters, search=search, states=states or flaky.STATES[:2])
    if answer.empty:
        st.success("No job is flaky or broken." if not states else "No job is.", icon=":material/check_circle:")
    else:
        says = "Jobs, flaky ones first, with what shows it, what it cost, and how far they have recovered"
        table(answer, flaky_tables.JOBS, says, "flaky_jobs")


def failures_table(filters: Filters, search: str) -> None:
    """The flaky failures one by one."""
    answer = of_attempts(flaky.listing, filters, search=search)
    if answer.empty:
        st.info("No job failed and then passed on the same commit in this period.", icon=":material/check_circle:")
    else:
        says = "Failed attempts that passed later on the same commit, newest first"
        table(answer, flaky_tables.FAILURES, says, "flaky_failures", int(answer["whole"].iloc[0]))


def flaky_over_time(filters: Filters, search: str) -> None:
    """All failures by kind, or the flaky ones by what else they are told by."""
    by = one_of("Split by", list(flaky.BY), key="flaky_by")
    answer = of_attempts(flaky.over_time, filters, search=search, by=by)
    if answer.empty:
        st.caption("No such failure in this period.")
        return
    what = "Failed attempts a day by kind" if by == "kind" else f"Flaky failures a day by {by}"
    figure = stacked(answer, "day", "failures", "failed attempts", colours=flaky_tables.COLOURS)
    chart(figure, answer, what, "flaky_over_time")


def outages(filters: Filters, chosen: tuple[str, ...]) -> None:
    """The outages of the period, above everything else; the older ones of many tucked away."""
    found = of_attempts(runners.outages, filters, runners=chosen)
    if found.empty:
        return
    told = [plain(runner_tables.outage_told(row)) for _, row in found.iterrows()]
    with st.container(gap="xsmall"):
        st.error("**Outage** " + "  \n**Outage** ".join(told[:_OPEN_OUTAGES]), icon=":material/power_off:")
        if len(told) > _OPEN_OUTAGES:
            with st.expander(f"{len(told) - _OPEN_OUTAGES} earlier ones"):
                st.markdown("\n".join(f"- {one}" for one in told[_OPEN_OUTAGES:]))


def infrastructure_over_time(filters: Filters, chosen: tuple[str, ...]) -> None:
    """Failures of the infrastructure by their category."""
    answer = of_attempts(runners.over_time, filters, runners=chosen)
    if answer.empty:
        st.caption("The infrastructure failed no job in this period.")
        return
    says = "Jobs a day that the infrastructure failed, by category"
    chart(stacked(answer, "day", "failures", "failed jobs"), answer, says, "infrastructure")


def heats(filters: Filters, chosen: tuple[str, ...], by: str) -> None:
    """One measure by runner (or what else) and day, and by weekday and hour."""
    measure = one_of("Cells tell", list(_MEASURES), key="cells", titles=_MEASURES)
    drawn = heat.MEASURES[measure]
    grey = "" if drawn.of_few else f" Grey: fewer than {heat.FEW} jobs, too few to tell."
    st.caption(f"{_MEANS[measure]} Below it in each cell: of how many jobs.{grey}")
    grain = runners.usual_grain(filters)
    days = of_attempts(runners.days, filters, measure=measure, by=by, grain=grain, runners=chosen)
    st.header(f"By {by} and {grain}", anchor=False)
    says = f"{by.capitalize()} by {grain}: {drawn.title}; with the number of jobs"
    with st.container(key="wide_runner_days"):
        st.html(_AS_WIDE.format(name="wide_runner_days", width=heat.least_width(days, grain)))
        chart(heat.by_day(days, drawn, by.capitalize(), grain), days, says, "runner_days")
    week = of_attempts(runners.week, filters, measure=measure, runners=chosen)
    st.header("By weekday and hour", anchor=False)
    if week.empty:
        st.caption("No job tells when it ran.")
        return
    says = f"Weekday by hour: {drawn.title}; with the number of jobs"
    chart(heat.by_hour(week, drawn), week, says, "runner_week")


def runner_table(filters: Filters, chosen: tuple[str, ...], by: str) -> None:
    """Failure rates, waits and load in numbers."""
    answer = of_attempts(runners.table, filters, by=by, runners=chosen)
    table(answer, runner_tables.columns(by), f"Jobs, failures, waits and load by {by}", "runners")
