"""What the page Failure draws: which failed job is asked for, how it is told, its log, its issue and person."""

from __future__ import annotations

import re
from typing import Literal

import pandas as pd
import streamlit as st

from dashlib.charts.failure_tables import NEWEST
from dashlib.charts.failure_wording import (
    alone_told,
    attempt_told,
    first_seen_told,
    issue_told,
    log_told,
    provenance,
    returned_told,
    state_told,
)
from dashlib.charts.wording import plain
from dashlib.failures.excerpt import excerpt
from dashlib.failures.gap import NO_GAP, gap
from dashlib.failures.mask import mask
from dashlib.queries import failure
from dashlib.widgets.address import Words, link_to
from dashlib.widgets.answers import asked, asked_now, table
from dashlib.widgets.failures import from_address, no_failures
from dashlib.widgets.filters import FILTER_KEYS
from dashlib.widgets.log_view import log_view

_COLOURS: dict[str, Literal["green", "orange", "gray"]] = {
    "explained": "green",
    "unsure": "orange",
    "no_rule": "gray",
    "no_log": "gray",
    "not_analysed": "gray",
}
_NUMBER = re.compile(r"\d{1,18}")
_KEY = re.compile(r"(\d{1,18})-(\d{1,18})")


def failure_asked_for() -> tuple[int, int] | None:
    """The project and the job that the address names (``failure=12-345``), None where it names none."""

    def read(words: Words) -> str | None:
        return words[-1] if _KEY.fullmatch(words[-1]) else None

    found = _KEY.fullmatch(from_address("failure", read, "Failure"))
    return (int(found[1]), int(found[2])) if found else None


def job_asked_for() -> tuple[int, int] | None:
    """The newest failed job with the number that the address names (``job=345``); says so where there is none."""
    said = st.query_params.get("job", "")
    if not _NUMBER.fullmatch(said):
        return None
    found = asked(failure.numbered, job=int(said))
    if found.empty:
        st.warning(f"No failed job with the number {said} is stored here.", icon=":material/link_off:")
        return None
    return int(found["project_id"].iloc[0]), int(found["job_id"].iloc[0])


def which_failure() -> None:
    """The page without a failure in its address: the newest ones."""
    st.title("Failure", anchor=False)
    st.caption("One failed job: its reason, its log, and where else it happened. The newest ones:")
    newest = asked(failure.newest)
    if newest.empty:
        no_failures(at_all=True)
    else:
        table(newest, NEWEST, "The newest failed jobs", "newest")


def no_such_failure(project: int, job: int) -> None:
    """The address names a job that is not stored, or that did not fail."""
    st.title("Failure", anchor=False)
    st.warning(f"Job {job} of project {project} is not among the failed jobs stored here.", icon=":material/link_off:")
    back = link_to("failures", FILTER_KEYS)
    st.page_link("failures.py", label="All failures", icon=":material/arrow_back:", query_params=back)


def failure_header(row: pd.Series) -> None:
    """What failed, where and when, its category and where the reason comes from, with links to GitLab."""
    st.title(plain(str(row["job_name"])), anchor=False)
    st.caption(plain(attempt_told(row)))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(str(row["category"]).replace("_", " "), icon=":material/label:", color="blue")
        colour = _COLOURS.get(str(row["state"]), "gray") if row["category"] != "unknown" else "gray"
        st.badge(state_told(row), icon=":material/rule:", color=colour)
        if row["is_new"]:
            about = "Its signature was first seen in the last 14 days, in any repository, and never before."
            st.badge(first_seen_told(int(row["first_seen_days"])), icon=":material/fiber_new:", color="red", help=about)
        if row["allow_failure"]:
            st.badge("allowed to fail", color="gray")
        if row["passed_on_retry"]:
            st.badge("passed on retry", icon=":material/replay:", color="violet")
        for label, url in (("Job on GitLab", row["job_web_url"]), ("Pipeline", row["pipeline_web_url"])):
            if isinstance(url, str):
                st.link_button(label, url, icon=":material/open_in_new:", type="tertiary")


def failure_reason(row: pd.Series) -> None:
    """The reason, and who says so: a rule and its line, GitLab, or a guess."""
    if isinstance(row["reason"], str):
        st.code(row["reason"], language=None, wrap_lines=True)
    st.caption(plain(provenance(row)))


def issue_and_person(row: pd.Series) -> None:
    """Which issue the failure belongs to, and who has it."""
    with st.container(border=True):
        st.markdown("**Issue and person**")
        st.caption(plain(issue_told(row)))
        if back := returned_told(row, "failed"):
            st.warning(plain(back), icon=":material/replay:")
        if isinstance(row["issue_url"], str):
            st.link_button("Open the issue", row["issue_url"], icon=":material/open_in_new:")


def failure_log(row: pd.Series) -> None:
    """The log with its telling lines marked, and the whole of it as a file; or why there is none."""
    st.caption(plain(log_told(row)))
    if row["log"] not in ("stored", "incomplete"):
        return
    project, job = int(row["project_id"]), int(row["job_id"])

    def text() -> str:
        found = asked_now(lambda connection, chosen: failure.log_text(connection, chosen, project=project, job=job))
        return mask(str(found["text"].iloc[0])) if len(found) else ""

    lines, said = list(row["lines"]) if pd.api.types.is_list_like(row["lines"]) else [], text()
    left_out = (
        NO_GAP if pd.isna(row["omitted_lines"]) else gap(said, int(row["omitted_bytes"]), int(row["omitted_lines"]))
    )
    log_view(excerpt(said, [int(line["number"]) for line in lines], left_out), key=f"log_{project}_{job}")
    st.download_button(
        "Download the log",
        data=text,
        file_name=f"job-{job}.log",
        mime="text/plain",
        key="download_log",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def the_same_failure(row: pd.Series, elsewhere: pd.DataFrame) -> None:
    """How often its signature struck elsewhere and in this job, and the link to all failures of it."""
    if not isinstance(row["signature"], str):
        st.caption("Without a reason there is nothing to compare.")
        return
    here = asked(failure.in_this_job, project=int(row["project_id"]), job=int(row["job_id"]))
    st.caption(plain(alone_told(len(elsewhere), here.iloc[0])))
    st.page_link(
        "failures.py",
        label="All its failures, and since when",
        icon=":material/fingerprint:",
        query_params=link_to("failures", FILTER_KEYS) | {"signature": str(row["signature_id"])},
    )
