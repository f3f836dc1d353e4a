"""Jobs that fail and pass by chance: which, since when, what they cost, and which have recovered."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import flaky_tables as tables
from dashlib.charts.wording import plain
from dashlib.queries import flaky
from dashlib.widgets import attempts as shared

widgets.header("Flaky jobs", "Jobs that fail and pass on the same commit, and what that costs.")
filters = widgets.filters()
if not shared.of_attempts(flaky.totals).iloc[0]["ever"]:
    shared.none_at_all()
    widgets.end_here()

search = widgets.search_for("repository or job", key="flaky_search")
sums = shared.of_attempts(flaky.totals, filters, search=search).iloc[0]
if not sums["jobs"] and not sums["failures"]:
    shared.none_left("jobs")
    widgets.end_here()
widgets.metrics(tables.SUMS, sums)
st.caption(plain(tables.cost_told(sums)))
shared.rules()
if widgets.one_of("Show", ["jobs", "failures one by one"], key="flaky_view") == "jobs":
    shared.jobs_table(filters, search)
else:
    shared.failures_table(filters, search)
st.header("Over time", anchor=False)
shared.flaky_over_time(filters, search)
