"""One failed job: why it failed, its log, its attempts and last runs, and the same failure elsewhere."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import failure_tables as tables
from dashlib.charts.job_runs import run_strip
from dashlib.queries import failure
from dashlib.widgets import failure as shared
from dashlib.widgets.act_forms import actions
from dashlib.widgets.signals import around_failure
from dashlib.widgets.what_changed import what_changed

asked_for = shared.failure_asked_for() or shared.job_asked_for()
if asked_for is None:
    shared.which_failure()
    widgets.end_here()
project, job = asked_for
found = widgets.asked(failure.one, project=project, job=job)
if found.empty:
    shared.no_such_failure(project, job)
    widgets.end_here()
row = found.iloc[0]
shared.failure_header(row)

left, right = st.columns([3, 1], gap="medium")
with left:
    shared.failure_reason(row)
    widgets.below(found, "failure")
with right:
    shared.issue_and_person(row)
actions(row)

st.header("Log", anchor=False)
shared.failure_log(row)

if row["attempts"] > 1:
    st.header("Attempts of this job", anchor=False)
    attempts = widgets.asked(failure.attempts, project=project, job=job)
    widgets.table(attempts, tables.ATTEMPTS, "Attempts of this job in its pipeline", "attempts")

what_changed(row)

st.header("What was firing or evicted around it", anchor=False)
around_failure(row)

st.header("The same failure elsewhere", anchor=False)
elsewhere = widgets.asked(failure.elsewhere, project=project, job=job)
shared.the_same_failure(row, elsewhere)
if len(elsewhere):
    widgets.table(elsewhere, tables.ELSEWHERE, "Other jobs that failed with the same signature", "elsewhere")

similar = widgets.asked(failure.similar, project=project, job=job)
if len(similar):
    st.header("Similar failures", anchor=False)
    st.caption("Nearly the same signature, and not the same. Whether they are one failure, a person says.")
    pairs = {"view": "nearly the same", "allowed": "true", "period": "365 days"}
    st.page_link("failures.py", label="Judge such pairs", icon=":material/compare_arrows:", query_params=pairs)
    widgets.table(similar, tables.SIMILAR, "Failures whose signature is nearly this one's", "similar")

st.header("Last runs of this job", anchor=False)
runs = widgets.asked(failure.runs, project=project, job=job)
st.caption("Oldest left; = is the same failure as this one, which is framed.")
st.altair_chart(widgets.unchecked(run_strip(runs)), alt="The last runs of this job, oldest left", key="run_strip")
widgets.table(runs, tables.RUNS, "The last runs of this job, newest first", "runs")
