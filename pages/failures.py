"""Why jobs fail: reasons and signatures, what is new, what has no reason, and a search in all logs."""

from functools import partial

import streamlit as st

from dashlib import widgets
from dashlib.charts import failure_tables as tables
from dashlib.charts.over_time import stacked
from dashlib.queries import acts, failures, signatures
from dashlib.widgets import failures as shared
from dashlib.widgets.act import told
from dashlib.widgets.log_search import log_search_view

widgets.header("Failures", "Why jobs failed, and where the same failure struck.")
filters = widgets.filters()


def reasons() -> None:
    """The same failure as one row, wherever it struck; and failures over time."""
    rows = widgets.asked(signatures.signatures, filters, which=which)
    st.header("The same failure, wherever it struck", anchor=False)
    st.caption("Pick a row for all failed jobs of its signature, since when, and where it went.")
    says = "Signatures, new ones (never seen before) first, then the most frequent; pick one for its failures"
    pick = partial(shared.pick_signature, rows, "signatures")
    widgets.table(rows, tables.SIGNATURES, says, "signatures", int(sums["signatures"]), on_select=pick,
                  known_by=("signature_id",))  # fmt: skip
    with st.container():
        shared.chosen_signature(filters, below=True, has_table=True)
    st.header("Failed jobs over time", anchor=False)
    by = widgets.one_of("Split by", list(failures.BY), key="split")
    trend = widgets.asked(failures.over_time, filters, by=by, which=which)
    widgets.chart(stacked(trend, "day", "failed_jobs", "failed jobs"), trend, f"Failed jobs a day by {by}", "failures")


def jobs() -> None:
    """Every failed job, by what its analysis came to."""
    states = widgets.some_of("State", failures.STATES, key="analysis", placeholder="All states", width=420)
    listing = widgets.asked(failures.listing, filters, which=which, states=states)
    whole = shared.counted(sums, states)
    says = "Failed jobs, newest first; pick some to give them an issue or a person"
    widgets.table(listing, tables.JOBS, says, "failed_jobs", whole, on_select="rerun", picks="multi-row",
                  known_by=("project_id", "job_id"))  # fmt: skip
    shared.picked_jobs(listing, "failed_jobs")


def repositories() -> None:
    """How much of each repository's failures is explained."""
    answer = widgets.asked(failures.coverage, filters, which=which)
    widgets.table(answer, tables.COVERAGE, "How many failed jobs of each repository are explained", "coverage")


def nearly_the_same() -> None:
    """Pairs of signatures that somebody may want to merge."""
    pairs = widgets.asked(signatures.merge_proposals, filters, which=which)
    told("_judged")
    st.caption("Signatures of one category that differ in less than a tenth of their text: are they one failure?")
    if pairs.empty:
        st.info("No two signatures are nearly the same.", icon=":material/check_circle:")
    else:
        widgets.table(pairs, tables.MERGE, "Pairs of nearly equal signatures; pick one to judge it", "alike",
                      on_select="rerun", known_by=("signature", "other"))  # fmt: skip
        shared.judge_pair(pairs, "alike")
    judged = widgets.asked(acts.judged)
    if len(judged):
        st.header("Judged already", anchor=False)
        says = "Pairs of signatures that somebody judged; pick one to take that back"
        widgets.table(judged, tables.JUDGED, says, "judged", on_select="rerun", known_by=("signature", "other"))
        shared.take_back(judged, "judged")


VIEWS = {"reasons": reasons, "jobs": jobs, "repositories": repositories, "nearly the same": nearly_the_same}
if not widgets.asked(failures.progress).iloc[0]["failed_jobs"]:
    shared.no_failures(at_all=True)
else:
    shared.progress_line()
    # In containers that are always there: new data must not move what somebody is typing in.
    on_top = st.container()
    view = widgets.one_of("View", [*VIEWS, "search logs"], key="view")
    with on_top:
        shared.chosen_signature(filters, below=False, has_table=view == "reasons")
    if view == "search logs":
        log_search_view(filters)
    else:
        which = shared.narrowed(filters)
        sums = widgets.asked(failures.totals, filters, which=which).iloc[0]
        if sums["failed_jobs"]:
            widgets.metrics(tables.SUMS, sums)
            shared.without_reason(sums)
            VIEWS[view]()
        else:
            shared.no_failures(at_all=False)
