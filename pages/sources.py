"""How fresh the data is, what could not be read, what it cost, and how to connect a GitLab."""

import streamlit as st

from dashlib import widgets
from dashlib.charts import tables
from dashlib.charts.wording import plain, settings_shown
from dashlib.queries import freshness
from dashlib.queries.status import disk
from dashlib.runtime import runtime
from dashlib.widgets.webhooks import webhooks

st.title("Sources", anchor=False)
st.caption("Where the data comes from, how fresh it is, and what could not be read.")
opened = runtime()
held = widgets.asked(freshness.tables)
if held.empty:
    widgets.two_ways_in()
if len(held) or opened.settings.sources:
    widgets.sync_card()

for _, source in widgets.asked_now(freshness.sources).iterrows():
    st.header(plain(source["source"]), anchor=False)
    widgets.metrics(tables.SOURCE, source)
    if isinstance(source["last_error"], str) and len(held):
        st.error(plain(source["last_error"]), icon=":material/error:")

for title, question, columns in (
    ("What could not be read", freshness.problems, tables.PROBLEMS),
    ("Freshness by repository", freshness.projects, tables.FRESHNESS),
    ("Last syncs", freshness.loads, tables.LOADS),
):
    answer = widgets.asked_now(question)
    if len(answer):
        st.header(title, anchor=False)
        widgets.table(answer, columns, title, question.__name__)
webhooks(first_steps=held.empty)
if len(held):
    st.header("Rows by table", anchor=False)
    st.caption(f"{disk(opened.settings.database) / 1e6:,.1f} MB on disk: the database, its log and the read snapshot.")
    widgets.table(held, tables.ROWS, "How many rows each table holds", "tables")

st.header("Settings", anchor=False)
st.caption("From the environment, `.env` or `.streamlit/secrets.toml`, read at the start. Secrets are never shown.")
st.table(settings_shown(opened.settings), border="horizontal", width="content", alt="Settings in force")
if len(held):
    with st.expander("Connect another GitLab", icon=":material/add_link:"):
        widgets.connect_steps()
