"""The search in the text of all stored logs: a field, how to read it, and the newest hits with the lines around."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashlib.charts.failure_wording import hits_told, quoted
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import log_search
from dashlib.widgets.answers import asked, below
from dashlib.widgets.choose import search_for, switch


def log_search_view(filters: Filters) -> None:
    """Search the text of all stored logs: a field, how to read it, and the newest hits with the lines around them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = search_for("words as they stand in the log", key="log")
        regex = switch("regular expression", key="regex")
        case = switch("match case", key="case")
    if not text:
        st.caption(
            "Searches the logs of failed jobs in the chosen period, groups and repositories, the newest first. Colours "
            "and time stamps in a log do not matter; a regular expression is matched line by line."
        )
        return
    if len(text) < log_search.SHORTEST:
        st.caption(f"From {log_search.SHORTEST} characters on it searches.")
        return
    try:
        hits = asked(log_search.search, filters, text=text, regex=regex, case=case)
    except log_search.SearchError as error:
        st.warning(plain(str(error)), icon=":material/regular_expression:")
        return
    if hits.empty:
        st.info("No stored log of these filters has such a line.", icon=":material/search_off:")
        return
    st.caption(hits_told(hits["job_id"].nunique(), log_search.MOST_LOGS))
    for _, lines in hits.groupby(["project_id", "job_id"], sort=False):
        _hit(lines)
    below(hits, "log_search")


def _hit(lines: pd.DataFrame) -> None:
    first = lines.iloc[0]
    key = f"{first['project_id']}-{first['job_id']}"
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            where = f"{plain(first['path_with_namespace'])} · {plain(format(first['ended'], '%a %d %b, %H:%M'))}"
            st.markdown(f"**{plain(first['job_name'])}** · {where}")
            st.page_link(
                "failure.py",
                label="why it failed",
                icon=":material/help:",
                query_params={"failure": key},
            )
            if first["matches"] > len(lines):
                st.caption(f"{first['matches']:,} lines match, the first {len(lines)} are shown")
        st.code(quoted(lines), language=None)
