"""Which versions changed between a pass of a night's failed jobs and now, for the boxes of the grid's cells."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashlib.charts.night_box import versions_told
from dashlib.nightlies.versions import changed, versions
from dashlib.queries import night_versions as queries
from dashlib.runtime import runtime
from dashlib.widgets.answers import asked, asked_now

_MOST = 40
"""Failures of a night whose logs are read, in the order of the grid."""


def changes(cells: pd.DataFrame, framed: date) -> tuple[tuple[str, str], ...]:
    """What to say of the failures in the framed column of ``queries.night_grid.grid``: (failure, text), where the logs
    of a pass before and of the failure are stored and name versions that differ."""
    # The column that holds the night: a week or a month begins before it.
    column = cells["slot"][cells["slot"] <= pd.Timestamp(framed)].max()
    here = cells[(cells["slot"] == column) & cells["failure"].notna()]
    failures = tuple(str(one) for one in here["failure"].unique()[:_MOST])
    if not failures:
        return ()
    both = asked(queries.stored, failures=failures)
    store = runtime().store
    told = [
        (failure, passed, strange, _told(f"{store.path}:{id(store)}", failure, passed, (before, after)))
        for failure, passed, before, after, strange in zip(*(both[name].tolist() for name in both), strict=True)
    ]
    return tuple(
        (failure, f"against job #{passed} ({strange}): {text}" if isinstance(strange, str) else text)
        for failure, passed, strange, text in told
        if text
    )


@st.cache_data(max_entries=2000, show_spinner=False)
def _told(database: str, failure: str, passed: int, bytes_of_both: tuple[int, int]) -> str:
    """What two logs say is kept as long as they are as long: one that was fetched too early is fetched again."""
    project, _, job = failure.partition("-")
    found = asked_now(
        lambda connection, chosen: queries.logs(connection, chosen, project=int(project), job=int(job), passed=passed)
    )
    if found.empty:
        return ""
    return versions_told(changed(versions(found["before"].iloc[0]), versions(found["after"].iloc[0])))
