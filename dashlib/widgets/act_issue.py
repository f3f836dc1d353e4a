"""The choice of an issue for a failure: a likely one, a found one, or the one whose address was pasted."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.failures.decisions import Issue
from dashlib.failures.suggest import LIKELY, Suggestion, suggested
from dashlib.queries import acts
from dashlib.runtime import runtime
from dashlib.widgets.act import tracker
from dashlib.widgets.act_held import one_of_these
from dashlib.widgets.answers import asked

_ADDRESS = re.compile(r"^/?(?P<path>.+?)(?:/-)?/(?:issues|work_items)/(?P<iid>\d{1,18})/?$")

_LONGEST_TITLE = 120


def choose_issue(project_id: int, words: str, place: str = "") -> Issue | None:
    """The issue that is picked: a likely one, a found one, or the one whose address was pasted; None: none is yet."""
    search = st.text_input(
        "Search, or paste the address of an issue",
        key=f"issue_search{place}",
        placeholder="words of its title, #12, https://…",
    ).strip()
    if "/issues/" in search or "/work_items/" in search:
        return _issue_at(search)
    with runtime().store.reader() as reader:
        opened, closed = suggested(reader, words, project_id, search)
    if not opened and not closed:
        st.caption("No stored issue is like this failure: search, paste an address, or make a new one.")
        return None
    offered = {one.issue: one for one in opened + closed}
    key, of_closed = f"issue_picked{place}", f"closed_picked{place}"
    for each, among in ((key, opened), (of_closed, closed)):
        one_of_these(each, [None, *(one.issue for one in among)])
    if key not in st.session_state and opened and opened[0].is_sure:
        st.session_state[key] = opened[0].issue
    alike = "" if search else ", the most alike on top"
    picked = _choice(f"Open issues{alike}", opened, key, of_closed)
    told = "Closed issues: linked to one, this is told as a failure that returned"
    again = _choice(told, closed, of_closed, key)
    chosen = picked or again
    return chosen if chosen in offered else None


def _choice(title: str, among: list[Suggestion], key: str, other: str) -> Issue | None:
    """One of some issues; of two such lists only one has a choice."""
    if not among:
        return None
    return st.radio(
        title,
        [one.issue for one in among],
        key=key,
        index=None,
        format_func={one.issue: _label(one) for one in among}.__getitem__,
        captions=[f"{one.score:.0f} % alike" if one.score >= LIKELY else "" for one in among],
        on_change=_only,
        args=(other,),
    )


def _only(other: str) -> None:
    st.session_state[other] = None


def _label(one: Suggestion) -> str:
    title = one.title if len(one.title) <= _LONGEST_TITLE else f"{one.title[: _LONGEST_TITLE - 1].rstrip()}…"
    return plain(f"{one.path}#{one.issue.iid} {title}")


def _issue_at(address: str) -> Issue | None:
    base = urlsplit(runtime().settings.gitlab_url)
    parts = urlsplit(address)
    if parts.scheme and (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
        st.warning(f"That is not an issue of {plain(runtime().settings.gitlab_url)}.", icon=":material/link_off:")
        return None
    found = _ADDRESS.fullmatch(parts.path.removeprefix(base.path) if parts.scheme else address)
    there = asked(acts.project_at, path=found["path"].strip("/")) if found else pd.DataFrame()
    if found is None or there.empty:
        st.warning("No repository that is read here has this address.", icon=":material/link_off:")
        return None
    issue = Issue(int(there["project_id"].iloc[0]), int(found["iid"]))
    st.caption(plain(f"Issue {issue} of {found['path'].strip('/')}; it is read from GitLab when it is linked."))
    return issue


def stored(issue: Issue) -> None:
    """Read an issue that is not stored yet; without a token it is linked by its number alone. Raises TrackerError."""
    with runtime().store.reader() as reader:
        row = reader.execute(
            "select count(*) from issues where project_id = $project and iid = $iid",
            {"project": issue.project_id, "iid": issue.iid},
        ).fetchone()
    if not (row and row[0]) and runtime().settings.gitlab_token is not None:
        tracker().read(issue.project_id, issue.iid)
