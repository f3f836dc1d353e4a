"""Questions in SQL over the tables and views that every other page reads; with examples, history, and files."""

import streamlit as st

from dashlib import widgets
from dashlib.widgets import sql, sql_answer

widgets.header("SQL", "Ask the tables and views that every page reads. Nothing can be changed from here.")
left, right = st.columns([3, 2], gap="large")
with left:
    sql.editor()
    sql.bring()
    answered = sql.answered()
    if answered is not None:
        sql_answer.result(answered)
    elif not sql.is_running():
        st.header("Questions to begin with", anchor=False)
        sql.beginnings()
with right:
    sql.relations()
