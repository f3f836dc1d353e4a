"""The front door: last night, the week's commits, what needs attention, and how fresh all of it is."""

import streamlit as st

from dashlib import widgets
from dashlib.widgets import overview

widgets.header("Overview", "Last night, this week, and what needs somebody.")
filters = widgets.filters()
if not overview.anything():
    widgets.end_here()

overview.last_night(filters)
left, right = st.columns([3, 2], gap="large")
with left:
    overview.needs_attention(filters)
with right:
    overview.week_of_commits(filters)
    overview.how_fresh()
