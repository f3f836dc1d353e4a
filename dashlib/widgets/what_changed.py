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
LAST = "Last pass"
VERSIONS = (
    Column("kind", "Kind", width=80),
    Column("name", "Name", width="medium"),
    Column("before", LAST, width="medium"),
    Column("after", "This failure", width="medium"),
)


def what_changed(row: pd.Series) -> None:
    """The section of one failed job (a row of ``queries.failure.one``): runs, commits, runner, versions."""
    project, job = int(row["project_id"]), int(row["job_id"])
    found = asked(queries.between, project=project, job=job)
    st.header("What changed since it last passed", anchor=False)
    if found.empty or pd.isna(found["good_job_id"].iloc[0]):
        _versions(project, job, "No earlier pass of this job is stored")
        return
    runs = found.iloc[0]
    _runs(runs)
    _commits(runs, project, job)
    _versions(project, job, "The log of the last pass is not stored")


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
        st.caption(f"The first failure ran on {plain(after)}, the last pass on {plain(before)}.")


def _commits(runs: pd.Series, project: int, job: int) -> None:
    if not isinstance(runs["compare_url"], str):
        st.caption("Both ran the same commit: the cause lies outside the repository, or the job is flaky.")
        return
    commits = asked(queries.commits, project=project, job=job)
    if commits.empty:
        st.caption("The commits between them are not stored; GitLab's comparison shows them.")
    else:
        table(commits, COMMITS, "Commits between the last pass and the first failure", "between")


def _versions(project: int, job: int, gone: str) -> None:
    """``gone`` says that the pass that would be best to compare with is not there."""
    texts = asked_now(lambda connection, chosen: queries.logs(connection, chosen, project=project, job=job))
    logs = {str(row["side"]): row for _, row in texts.iterrows()}
    if "before" not in logs:
        st.caption(f"{gone}, so tool and dependency versions cannot be compared.")
        return
    if "after" not in logs:
        st.caption("The log of this failure is not stored, so tool and dependency versions cannot be compared.")
        return
    held = logs["before"]
    if not held["is_last_pass"]:
        st.caption(f"{gone}: versions are compared with {_run_told(held)}.")
    found = changed(versions(held["text"]), versions(logs["after"]["text"]))
    if not found:
        st.caption("Both logs name the same versions of tools and dependencies.")
        return
    passed = LAST if held["is_last_pass"] else f"Job #{held['job_id']}"
    st.dataframe(
        pd.DataFrame([asdict(one) for one in found]),
        hide_index=True,
        key="versions",
        alt="Versions that differ between the log of a pass and this one",
        column_config={
            column.name: st.column_config.TextColumn(passed if column.name == "before" else column.title)
            for column in VERSIONS
        },
    )


def _run_told(held: pd.Series) -> str:
    """The run of a pass whose log is held instead of the last one's; markup is escaped."""
    when = "" if pd.isna(held["passed"]) else f", passed {held['passed']:%a %d %b %H:%M}"
    after = " (after this failure)" if held["is_later"] else ""
    if not isinstance(held["source"], str):
        return f"job \\#{held['job_id']}"
    where = plain(f"{held['source']} of {held['ref']}")
    return f"job \\#{held['job_id']}{when}{after}, {'a nightly' if held['is_nightly'] else 'no nightly'} ({where})"
