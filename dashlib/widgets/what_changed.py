"""On the failure's page: what changed between the job's last pass and its first failure."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashlib.charts.tables import Column
from dashlib.charts.wording import plain
from dashlib.nightlies.versions import changed, versions
from dashlib.queries import what_changed as queries
from dashlib.widgets.answers import asked, asked_now, table

COMMITS = (
    Column("committed", "When", "moment", 140),
    Column("author_name", "Who", width=160),
    Column("title", "What", width="large"),
    Column("web_url", "On GitLab", "link", 105, text="open commit"),
    Column("additions", "Lines +", "number", 75),
    Column("deletions", "Lines −", "number", 75),
)
VERSIONS = (
    Column("kind", "Kind", width=80),
    Column("name", "Name", width="medium"),
    Column("before", "Last pass", width="medium"),
    Column("after", "This failure", width="medium"),
)


def what_changed(row: pd.Series) -> None:
    """The section of one failed job (a row of ``queries.failure.one``): runs, commits, runner, versions."""
    project, job = int(row["project_id"]), int(row["job_id"])
    found = asked(queries.between, project=project, job=job)
    st.subheader("What changed since it last passed", anchor=False)
    if found.empty or pd.isna(found["good_job_id"].iloc[0]):
        st.caption("No earlier pass of this job is stored: there is nothing to compare with.")
        return
    runs = found.iloc[0]
    _runs(runs)
    _commits(runs, project, job)
    _versions(project, job)


def _runs(runs: pd.Series) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(
            f"Last pass **{runs['passed']:%a %d %b %H:%M}**, first failure **{runs['failed']:%a %d %b %H:%M}**."
        )
        for label, url in (
            ("Last pass", runs["good_url"]),
            ("First failure", runs["bad_url"]),
            ("Compare on GitLab", runs["compare_url"]),
        ):
            if isinstance(url, str):
                st.link_button(label, url, icon=":material/open_in_new:", type="tertiary")
    before, after = runs["good_runner"], runs["bad_runner"]
    if isinstance(before, str) and isinstance(after, str) and before != after:
        st.caption(f"It ran on {plain(after)}; the last pass was on {plain(before)}.")


def _commits(runs: pd.Series, project: int, job: int) -> None:
    if not isinstance(runs["compare_url"], str):
        st.caption("Both ran the same commit: the cause lies outside the repository, or the job is flaky.")
        return
    commits = asked(queries.commits, project=project, job=job)
    if commits.empty:
        st.caption("The commits between them are not stored; GitLab's comparison shows them.")
    else:
        table(commits, COMMITS, "Commits between the last pass and the first failure", "between")


def _versions(project: int, job: int) -> None:
    texts = asked_now(lambda connection, chosen: queries.logs(connection, chosen, project=project, job=job))
    logs = dict(zip(texts["side"], texts["text"], strict=True))
    if "before" not in logs or "after" not in logs:
        side = "the last pass" if "after" in logs else "this failure"
        st.caption(f"The log of {side} is not stored, so tool and dependency versions cannot be compared.")
        return
    found = changed(versions(logs["before"]), versions(logs["after"]))
    if found:
        answer = pd.DataFrame([asdict(one) for one in found])
        st.dataframe(
            answer,
            hide_index=True,
            key="versions",
            alt="Versions that differ between the log of the last pass and this one",
            column_config={column.name: st.column_config.TextColumn(column.title) for column in VERSIONS},
        )
    else:
        st.caption("Both logs name the same versions of tools and dependencies.")
