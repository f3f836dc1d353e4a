"""Runners: outages, failures that are not the jobs' own, how long jobs wait, how busy runners are."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import runner_tables as tables
from dashlib.queries import runners
from dashlib.widgets import attempts as shared

widgets.header("Runners", "Where and when jobs fail for reasons that are not theirs, and how long they wait.")
filters = widgets.filters()
known = shared.of_attempts(runners.choices)
if known.empty:
    shared.none_at_all()
    widgets.end_here()

with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = widgets.some_of("Runner", known["runner"], key="runner", placeholder="All runners", width=380)
    by = widgets.one_of("By", list(runners.BY), key="runners_by")
shared.outages(filters, chosen)
sums = shared.of_attempts(runners.totals, filters, runners=chosen)
if sums.empty:
    shared.none_left("jobs")
    widgets.end_here()
widgets.metrics(tables.SUMS, sums.iloc[0])
st.header("Failed by the infrastructure", anchor=False)
shared.infrastructure_over_time(filters, chosen)
shared.heats(filters, chosen, by)
st.header("In numbers", anchor=False)
shared.runner_table(filters, chosen, by)
