"""What people did: pushes, merge requests, issues, comments; by action, target, person and repository."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import tables
from dashlib.charts.over_time import shares, stacked
from dashlib.queries import activity, choices

widgets.header("Activity", "Who did what to what, from the events of every source.")
filters = widgets.filters()
words = widgets.asked(activity.words, filters, bots="with")
if words.empty:
    widgets.nothing("events", widgets.asked(choices.held).iloc[0]["last_event_day"])
    st.stop()

with st.container(horizontal=True):
    by = widgets.one_of("By", list(activity.BY), key="of")
    bots = widgets.one_from("Robots", list(activity.CHOICES), key="robots", width=130)
    actions = widgets.some_of("Actions", words[words["kind"] == "action"]["word"], key="action")
    targets = widgets.some_of("Targets", words[words["kind"] == "target"]["word"], key="target")
which = {"actions": actions, "targets": targets, "bots": bots}

sums = widgets.asked(activity.totals, filters, **which).iloc[0]
if not sums["events"]:
    st.info("There are events in this period, but none of this kind.", icon=":material/filter_alt_off:")
    st.stop()
widgets.metrics(tables.EVENT_SUMS, sums)

series = widgets.asked(activity.over_time, filters, by=by, **which)
st.subheader(f"Events a day, by {by}", anchor=False)
widgets.chart(stacked(series, "day", "events", "events"), series, f"Events a day by {by}", "events_over_time")

left, right = st.columns(2, gap="large")
for place, split in ((left, "person"), (right, "repository")):
    with place:
        st.subheader(f"By {split}", anchor=False)
        answer = widgets.asked(activity.over_time, filters, by=split, top=12, **which)
        widgets.chart(shares(answer, "events", "events"), answer, f"Events by {split}", f"events_by_{split}")

st.subheader("The events", anchor=False)
listing = widgets.asked(activity.listing, filters, **which)
widgets.table(listing, tables.EVENTS, "Events, newest first", "events", int(sums["events"]))
