"""Who wrote what: commits by person, repository, group and team; when; beside what was pushed; and builds by author."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import commit_tables
from dashlib.queries import choices, commits
from dashlib.widgets import commits as parts

widgets.header("Commits", "Who wrote what, where and when.")
filters = widgets.filters()
held = widgets.asked(choices.held).iloc[0]
if not held["commits"]:
    widgets.nothing("commits")
    widgets.end_here()

parts.tell_awaited()
view = parts.which_view()
if view != "builds" and not parts.of_commits(commits.totals, filters, which=commits.EVERY).iloc[0]["commits"]:
    widgets.nothing("commits", held["last_commit_day"])
    widgets.end_here()

if view == "builds":
    parts.built(filters)
    widgets.end_here()

which = parts.which_commits()
sums = parts.of_commits(commits.totals, filters, which=which).iloc[0]
if not sums["commits"]:
    st.info("There are commits in this period, but none of this kind.", icon=":material/filter_alt_off:")
    widgets.end_here()
widgets.metrics(commit_tables.SUMS, sums)
if view == "overview":
    parts.overview(filters, which)
elif view == "hours":
    parts.hours(filters, which)
elif view == "list":
    parts.listed(filters, which, int(sums["credits"]))
else:
    parts.authored_and_pushed(filters, which)
