"""What the page Failures draws beside its tables: its own filters, the chosen signature, how far the rules are."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashlib.charts.failure_tables import OCCURRENCES
from dashlib.charts.failure_wording import issue_told, missing_told, returned_told, signature_told, spread_told
from dashlib.charts.wording import plain
from dashlib.model import Filters
from dashlib.queries import choices, failures, signatures
from dashlib.queries.failures import Narrowed
from dashlib.widgets.act import failure_of, judge, may_act, undo_button, who_asked
from dashlib.widgets.act_forms import actions, attach_many
from dashlib.widgets.address import Words, forget, settle, told
from dashlib.widgets.answers import asked, asked_now, table
from dashlib.widgets.choose import one_from, search_for, some_of, switch
from dashlib.widgets.empty import two_ways_in

_NEWS = {"all": "new and known", "true": "only new", "false": "only known"}
_ISSUES = {"all": "with and without", "with": "with an issue", "without": "without an issue"}
_DAYS = {14: "14 days", 1: "day", 3: "3 days", 7: "7 days", 30: "30 days"}


def narrowed(filters: Filters) -> Narrowed:
    """The page's own filters: search, categories, new or known, with or without issue, nightlies, allowed failures."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_for("reason, rule, job, repository", key="search")
        nightly = switch("nightlies only", key="nightly")
        allowed = switch("allowed failures too", key="allowed")
    # Two beside each other on a telephone.
    with st.grid(4, min_column_width=150):
        here = asked(failures.categories, filters)["category"]
        categories = some_of("Category", here, key="category", placeholder="All categories")
        days = one_from("New: seen first in the last", [14, 1, 3, 7, 30], key="new_days", titles=_DAYS, width="stretch")
        news = one_from("New or known", list(_NEWS), key="new", titles=_NEWS, width="stretch")
        issue = one_from("Issue", list(_ISSUES), key="issue", titles=_ISSUES, width="stretch")
    linked = {"with": True, "without": False}.get(issue)
    return Narrowed(categories, search, news == "true", days, nightly, allowed, news == "false", linked)


def signature_asked_for() -> str:
    """The id of the signature that the address names, empty where it names none."""

    def read(words: Words) -> str | None:
        return words[-1] if re.fullmatch(r"[0-9a-f]{12}", words[-1]) else None

    return from_address("signature", read, "Signature")


def _rows_picked(table: str) -> list[int]:
    """Positions of the rows that are picked; after data moved they are what `table` has set, a plain dict."""
    return [int(place) for place in st.session_state[f"table_{table}"]["selection"]["rows"]]


def pick_signature(rows: pd.DataFrame, table: str) -> None:
    """Choose the signature of the row that was picked in a table; none when it was let go (a callback)."""
    picked = _rows_picked(table)
    st.session_state["signature"] = str(rows["signature_id"].iloc[picked[0]]) if picked else ""
    st.session_state["signature_below"] = bool(picked)
    if picked:
        st.toast("Below the table: all failed jobs of this signature", icon=":material/arrow_downward:")


def close_signature() -> None:
    """Let the chosen signature go (a callback)."""
    st.session_state["signature"] = ""


def chosen_signature(filters: Filters, *, below: bool, has_table: bool) -> None:
    """The signature that is chosen, if one is: its history whatever the filters, and its failures within the bar's.

    One that was picked in the table stands below it, where the table does not move away from the hand; one that a link
    names stands on top.
    """
    chosen = signature_asked_for()
    if not chosen or below is not bool(has_table and st.session_state.get("signature_below")):
        return
    found = asked(signatures.one_signature, signature=chosen)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**The chosen signature**")
            st.button(
                "Close the signature",
                icon=":material/close:",
                type="tertiary",
                on_click=close_signature,
                key="close_signature",
            )
        if found.empty:
            st.warning(
                "No failure has the signature of this link any more: the rules have changed since.",
                icon=":material/link_off:",
            )
        else:
            _signature(found.iloc[0])
            _issue_and_person(found.iloc[0])
            listing = asked(failures.listing, filters, signature=chosen)
            table(listing, OCCURRENCES, "Failed jobs with this signature, newest first", "occurrences")


def _signature(row: pd.Series) -> None:
    st.code(row["reason"], language=None, wrap_lines=True)
    st.caption(plain(signature_told(row)))
    st.caption(plain(spread_told(row)))
    with st.expander("Signature", icon=":material/fingerprint:"):
        st.code(row["signature"], language=None, wrap_lines=True)


def _issue_and_person(row: pd.Series) -> None:
    """The issue and the person of a signature, and what can be done, as for its newest failure."""
    st.caption(plain(issue_told(row)))
    if back := returned_told(row, "last_seen"):
        st.warning(plain(back), icon=":material/replay:")
    if isinstance(row["issue_url"], str):
        st.link_button("Open the issue", row["issue_url"], icon=":material/open_in_new:", type="tertiary")
    actions(row.rename({"last_project_id": "project_id", "last_job_id": "job_id"}))


def picked_jobs(rows: pd.DataFrame, table: str) -> None:
    """What can be done with the failed jobs that are picked in a table."""
    picked = [place for place in _rows_picked(table) if place < len(rows)]
    if not picked:
        st.caption("Pick rows to attach them to an issue or to give them to a person.")
        return
    chosen = rows.iloc[picked]
    with st.container(border=True):
        st.markdown(f"**{len(picked):,} picked**")
        attach_many([failure_of(row) for _, row in chosen.iterrows()], str(chosen["reason"].iloc[0]))


def judge_pair(pairs: pd.DataFrame, table: str) -> None:
    """Say whether the two signatures of the picked pair are one failure."""
    picked = [place for place in _rows_picked(table) if place < len(pairs)]
    if not picked or not may_act():
        return
    pair = pairs.iloc[picked[0]]
    both = (str(pair["signature"]), str(pair["other"]))
    st.code("\n".join(both), language=None, wrap_lines=True)
    with st.container(horizontal=True):
        st.button("The same failure", type="primary", key="judge_same", on_click=judge, args=(*both, "same"))
        st.button("Different failures", key="judge_different", on_click=judge, args=(*both, "different"))


def take_back(judged: pd.DataFrame, table: str) -> None:
    """Undo the judgement of the picked pair."""
    picked = [place for place in _rows_picked(table) if place < len(judged)]
    if not picked or not may_act():
        return
    pair = judged.iloc[picked[0]]
    st.code(f"{pair['signature']}\n{pair['other']}", language=None, wrap_lines=True)
    action = str(pair["action"])
    undo_button(action, "_judged")
    who_asked(f"undo_{action}_judged", "_judged")


def no_failures(*, at_all: bool) -> None:
    """Instead of the page: nothing failed at all, or nothing that these filters leave."""
    if not at_all:
        st.info("No failed job for these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", icon=":material/restart_alt:", on_click=forget, key="clear_filters")
    elif asked(choices.held).iloc[0]["projects"]:
        st.success("No failed job is stored.", icon=":material/check_circle:")
    else:
        two_ways_in()


def without_reason(sums: pd.Series) -> None:
    """The kinds of no reason, counted, in one line; nothing where every job is explained."""
    words = missing_told(sums)
    # Always in a container: what comes and goes here must not move the fields below to another place of the page.
    with st.container():
        if words:
            st.caption(
                plain(words), help="A reason is what a rule or GitLab itself says. The Jobs view lists them by state."
            )


def counted(sums: pd.Series, states: tuple[str, ...]) -> int:
    """How many failed jobs are in these states (none: in any)."""
    return int(sum(sums[state] for state in states or failures.STATES))


@st.fragment(run_every="3s")
def progress_line() -> None:
    """While the rules go through the stored logs: how far they are. It asks again every three seconds."""
    row = asked_now(failures.progress).iloc[0]
    left = int(row["not_analysed"] + row["by_older_rules"])
    # A fragment is no container of its own: without one all that follows would move down by a place and be made anew,
    # and what somebody is typing there would be lost, with every failure that comes in.
    with st.container():
        if left:
            done = int(row["failed_jobs"]) - left
            st.progress(
                done / int(row["failed_jobs"]),
                text=f"The rules have gone through {done:,} of {int(row['failed_jobs']):,} failed jobs.",
            )


def from_address(key: str, read: Callable[[Words], str | None], label: str) -> str:
    """A choice that no widget draws: it comes from a link, or from a row that was picked."""
    settle(key, "", read, _said, label)
    return told(key, str(st.session_state[key]), _said)


def _said(value: str) -> Words:
    return [value] if value else []
