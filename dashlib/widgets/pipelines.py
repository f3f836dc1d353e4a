"""What the page Pipelines draws: run and queue times beside the period before, slow jobs, one pipeline's time line."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts import pipeline_tables as tables
from dashlib.charts import time_line as drawn
from dashlib.charts import time_line_wording as wording
from dashlib.charts import times
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import pipelines, time_line
from dashlib.queries.pipelines import FEW
from dashlib.widgets.address import Words, put
from dashlib.widgets.answers import asked, chart, metrics, table
from dashlib.widgets.attempts import none_left, of_attempts
from dashlib.widgets.choose import one_of, some_of
from dashlib.widgets.empty import nothing
from dashlib.widgets.failures import from_address

VIEWS = ("times", "jobs", "one pipeline")
VIEW = "pipelines_view"
_PIPELINE = "pipeline_id"
_KEY = re.compile(r"(?:(\d{1,18})-)?(\d{1,18})")
_BESIDE = 25
"""How many are drawn beside each other; the table below names up to 500."""
_TIME_TITLES = {"passed or failed": "passed or failed", "passed": "passed alone"}


def asked_for() -> tuple[int | None, int] | None:
    """The numbers of the repository and the pipeline that the address names (``pipeline_id=345``, ``12-345``)."""

    def read(words: Words) -> str | None:
        return words[-1] if _KEY.fullmatch(words[-1]) else None

    found = _KEY.fullmatch(from_address(_PIPELINE, read, "Pipeline"))
    return (int(found[1]) if found[1] else None, int(found[2])) if found else None


def none_at_all() -> bool:
    """Whether no pipeline is stored; says why, and what to do next."""
    held = of_attempts(pipelines.totals).iloc[0]
    if not held["ever"]:
        nothing("pipelines")
    return not held["ever"]


def rules() -> None:
    """What run time, queue time, before and passed mean."""
    with st.expander("What these words mean", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- {rule}" for rule in tables.RULES))


def run_times(filters: Filters) -> None:
    """Times and success of pipelines (or jobs): the whole, by week, and by repository, ref, source or author."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of = one_of("Of", list(pipelines.OF), key="times_of")
        measure = one_of("Tell", list(pipelines.MEASURES), key="times_tell", titles={"success": "success rate"})
        which = _which()
    sums = of_attempts(pipelines.totals, filters, of=of, **which).iloc[0]
    if not sums["n"]:
        _none_ended(of)
        return
    metrics(tables.TILES, sums)
    st.caption(plain(tables.totals_told(sums, of, filters)))
    rules()
    _over_time(filters, of, measure, which)
    _beside(filters, of, measure, which)


def _none_ended(of: str) -> None:
    if of_attempts(pipelines.totals, of=of).iloc[0]["n"]:
        none_left(f"{of} that passed or failed")
    else:
        about = "The Sources page says what was read."
        st.info(f"No {of[:-1]} has passed or failed yet, as far as it was read. {about}", icon=":material/inbox:")


def _which() -> dict[str, Any]:
    """Whose times count: by how they ended, and by source."""
    ended = one_of("Times of those that", pipelines.ENDED, key="times_ended", titles=_TIME_TITLES)
    about = "Pushes and nightlies run different jobs: to compare like with like, choose one."
    known = of_attempts(pipelines.sources)["source"]
    sources = some_of("Source", known, key="times_source", placeholder="All sources", width=300, help=about)
    return {"ended": ended, "sources": sources}


def _over_time(filters: Filters, of: str, measure: str, which: dict[str, Any]) -> None:
    st.header("Over time", anchor=False)
    grain = one_of("Per", list(pipelines.GRAINS), key="times_per")
    answer = tables.with_changes(of_attempts(pipelines.over_time, filters, of=of, grain=grain, **which))
    look = times.MEASURES[measure]
    if answer[look.upper].isna().all():
        st.caption("None of them tells how long.")
        return
    st.caption(f"n: how many it is of; hollow and grey: fewer than {FEW}. The first and last {grain} may be cut short.")
    says = f"{of.capitalize()} by {grain}: {look.title}; with how many it is of"
    chart(times.over_time(answer, look, grain), answer, says, "times_over_time")
    with st.expander(
        f"{grain.capitalize()} by {grain} in numbers, against the {grain} before", icon=":material/table:"
    ):
        says = f"Times and success of {of} by {grain}, newest first, each against the {grain} before"
        table(answer[::-1], tables.slot_columns(grain), says, "times_by_slot")


def _beside(filters: Filters, of: str, measure: str, which: dict[str, Any]) -> None:
    st.header("Beside each other", anchor=False)
    ways = [way for way in pipelines.BY if way != "job" or of == "jobs"]
    by = one_of("By", ways, key="times_by")
    answer = tables.with_changes(of_attempts(pipelines.table, filters, of=of, by=by, measure=measure, **which))
    look = times.MEASURES[measure]
    top = answer.head(_BESIDE)
    if not top[look.upper].isna().all():
        more = f" The first {_BESIDE} of {len(answer):,}." if len(answer) > _BESIDE else ""
        dot, line = ("share that passed", "to the period before") if look.is_share else ("half of them", "to 95 of 100")
        st.caption(
            f"Dot: {dot}; line: {line}; orange mark: the period before. Grey: fewer than {FEW}, too few to tell.{more}"
        )
        says = f"{of.capitalize()} by {by}: {look.title}, the worst first; with how many it is of and the period before"
        chart(times.beside(top, look, by), answer, says, "times_beside")
    table(answer, tables.by_columns(by), f"Times and success of {of} by {by}", "times")


def slow_jobs(filters: Filters) -> None:
    """The jobs that take longest, or grew most against the period before."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = one_of("First", list(pipelines.JOB_ORDERS), key="jobs_first")
        which = _which()
    answer = of_attempts(pipelines.jobs, filters, order=order, **which)
    if order != "slowest":
        seconds, share = pipelines.LEAST_GROWTH
        st.caption(
            f"Half of the runs take at least {100 * share:.0f} % and {seconds:.0f} s longer than in the period before; "
            f"of {FEW} runs or more in both."
        )
    if answer.empty and order == "slowest":
        _none_ended("jobs")
    elif answer.empty:
        st.info("No job grew that much, or nothing is stored to compare with.", icon=":material/check_circle:")
    else:
        says = "Jobs, the slowest first" if order == "slowest" else "Jobs, those that grew most first"
        table(tables.with_changes(answer), tables.JOBS, f"{says}, with the period before", "slow_jobs")
    rules()


def one_pipeline(filters: Filters, chosen: tuple[int | None, int] | None) -> None:
    """The time line of the chosen pipeline, above the pipelines to choose from."""
    if chosen is None:
        st.caption("Pick a pipeline in the table: its jobs appear here on a time line.")
    else:
        _drawn(*chosen)
    st.header("Pipelines", anchor=False)
    order = one_of("First", list(pipelines.ORDERS), key="pipelines_first")
    answer = of_attempts(pipelines.listing, filters, order=order)
    if answer.empty:
        none_left("pipelines that began")
        return
    whole = int(answer["whole"].iloc[0])
    if whole > len(answer):
        st.caption(f"{len(answer):,} of {whole:,}.")
    says = f"Pipelines, {order} first; a picked one is shown on a time line"
    table(
        answer, tables.PIPELINES, says, "pipelines", on_select=_picker(answer), known_by=("project_id", "pipeline_id")
    )


def _picker(answer: pd.DataFrame) -> Callable[[], None]:
    keys = [f"{row.project_id}-{row.pipeline_id}" for row in answer[["project_id", "pipeline_id"]].itertuples()]

    def picked() -> None:
        rows = st.session_state["table_pipelines"]["selection"]["rows"]
        if rows and rows[0] < len(keys):
            _choose(keys[rows[0]])
        else:
            _close()

    return picked


def _choose(key: str) -> None:
    put({_PIPELINE: [key]})


def _close() -> None:
    """Without a pipeline the page would start with another view: stay among the pipelines to choose from."""
    put({_PIPELINE: [], VIEW: [VIEWS[-1]]})


def _drawn(project: int | None, pipeline: int) -> None:
    found = asked(time_line.one, pipeline=pipeline, project=project)
    if found.empty:
        st.warning(f"Pipeline {pipeline} is not stored here.", icon=":material/link_off:")
        return
    if len(found) > 1:
        st.caption(f"{len(found)} repositories have a pipeline {pipeline}: which of them?")
        for one in found.itertuples():
            choose = partial(_choose, f"{one.project_id}-{one.pipeline_id}")
            st.button(plain(str(one.path_with_namespace)), key=f"choose_{one.project_id}", on_click=choose)
        return
    row = found.iloc[0]
    st.header(f"Pipeline {pipeline}", anchor=False)
    st.caption(plain(wording.pipeline_told(row)))
    jobs = asked(time_line.jobs, project=int(row["project_id"]), pipeline=pipeline)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if isinstance(row["web_url"], str):
            st.link_button("Open on GitLab", row["web_url"], icon=":material/open_in_new:", type="tertiary")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=_close, key="unpick")
    if jobs.empty:
        st.info("Its jobs were not read, or it has none.", icon=":material/inbox:")
        return
    st.markdown(plain(wording.time_told(jobs)))
    if idle := wording.not_run_told(jobs):
        st.caption(plain(idle))
    if jobs["ended_after"].notna().any():
        st.caption(
            "Grey: waits for a runner. Framed: decided when it ended; that follows from the times, since GitLab does"
            " not tell `needs`. Blue mark: half of its passed runs in the 30 days before are done by then."
        )
        says = f"Time line of the jobs of pipeline {pipeline}: when each was queued, began and ended, and its status"
        chart(drawn.time_line(jobs), jobs, says, "time_line")
    table(jobs, tables.TIME_LINE, f"The jobs of pipeline {pipeline} as they were queued", "time_line_jobs")
