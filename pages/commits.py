"""Commits per author, by repository and over time."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import tables
from dashlib.charts.over_time import shares, stacked
from dashlib.queries import choices, commits

widgets.header("Commits", "Who wrote what, where and when.")
filters = widgets.filters()
if not widgets.asked(commits.totals, filters, **commits.EVERY).iloc[0]["commits"]:
    widgets.nothing("commits", widgets.asked(choices.held).iloc[0]["last_commit_day"])
    st.stop()

with st.container(horizontal=True):
    grain = widgets.one_of("Per", list(commits.GRAINS), key="per", default=commits.usual_grain(filters))
    by = widgets.one_of("By", list(commits.BY), key="by")
    top = widgets.one_from("Shown", [5, 8, 15], key="top", default=8, width=90, about="The rest is summed as others.")
    role = widgets.one_from("Role", list(commits.ROLES), key="role", width=130)
    merges = widgets.one_from("Merge commits", list(commits.CHOICES), key="merges", width=130)
    bots = widgets.one_from("Robots", list(commits.CHOICES), key="bots", width=130)
which = {"role": role, "merges": merges, "bots": bots}

sums = widgets.asked(commits.totals, filters, **which).iloc[0]
if not sums["commits"]:
    st.info("There are commits in this period, but none of this kind.", icon=":material/filter_alt_off:")
    st.stop()
widgets.metrics(tables.COMMIT_SUMS, sums)
if sums["credits"] != sums["commits"]:
    st.caption(f"Co-authors share commits: {sums['commits']:,} commits are credited {sums['credits']:,} times.")

series = widgets.asked(commits.over_time, filters, by=by, grain=grain, top=top, **which)
ranking = widgets.asked(commits.ranking, filters, by=by, **which)
st.subheader(f"Commits per {grain}, by {by}", anchor=False)
says = f"Commits per {grain} by {by}: {ranking['label'][0]} leads with {ranking['commits'][0]:,}"
widgets.chart(stacked(series, "period", "commits", "commits", grain), series, says, "commits_over_time")

other = "repository" if by == "person" else "person"
left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader(f"Every {by}", anchor=False)
    widgets.table(ranking, tables.RANKING[by], f"Commits of every {by}, the most first", "ranking")
with right:
    st.subheader(f"By {other}", anchor=False)
    split = widgets.asked(commits.over_time, filters, by=other, grain="month", top=12, **which)
    widgets.chart(shares(split, "commits", "commits"), split, f"Commits by {other}", "commits_by_other")

st.subheader("The commits", anchor=False)
listing = widgets.asked(commits.listing, filters, **which)
widgets.table(listing, tables.COMMITS, "Commits, newest first", "commits", int(sums["credits"]))
