"""What machines said: alerts, cloud events and Kubernetes events on one time line beside the nightly failures."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import signals as tables
from dashlib.charts.wording import plain
from dashlib.queries import signals
from dashlib.widgets import signals as shared

widgets.header("Signals", "What was firing, evicted or deployed, beside the nightly failures.")
filters, whole = shared.days_shown()
held = widgets.asked(signals.held).iloc[0]
if held["signals"] == held["without_time"]:
    shared.none_at_all(held)
    widgets.end_here()

which = shared.narrowed(whole)
beside = widgets.asked(signals.beside, filters, which=which)
failed_jobs = shared.failed_jobs(beside)
sums = widgets.asked(signals.totals, filters, which=which).assign(failed_jobs=failed_jobs).iloc[0]
widgets.metrics(tables.SUMS, sums)
by = widgets.one_of("Group by", list(signals.BY), key="lanes")
shared.zoom_line()
if sums["signals"] or failed_jobs:
    shared.time_line(filters, which, beside, by)
if not sums["signals"]:
    shared.none_here(held)
else:
    st.header("The signals", anchor=False)
    if which.search:
        st.caption(f"Those in which “{plain(which.search)}” occurs.")
    listing = widgets.asked(signals.listing, filters, which=which)
    widgets.table(listing, tables.SIGNALS, "Signals, newest first, with links", "signals", int(sums["signals"]))

st.header("Failed jobs of nightlies in this time", anchor=False)
if beside.empty:
    st.caption("No job of a nightly failed in this time.")
else:
    says = "Failed jobs of nightlies, newest first, each with the signals near it"
    widgets.table(beside, tables.BESIDE, says, "beside", failed_jobs)
    st.caption(tables.NEAR)
with st.expander("Send signals here", icon=":material/add_link:"):
    shared.how_to_send()
