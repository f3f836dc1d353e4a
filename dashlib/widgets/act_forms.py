"""The forms by which a failure gets an issue, a person or a rule; one is open at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.failures import decisions, persons
from dashlib.failures.decisions import Failure, Issue
from dashlib.runtime import runtime
from dashlib.widgets.act import attached_told, do, failure_of, history, may_act, told, tracker, who_asked
from dashlib.widgets.act_held import FIELDS, FIELDS_OF_MANY, hold
from dashlib.widgets.act_issue import choose_issue, stored
from dashlib.widgets.act_new import my_account, new_issue, new_issue_of_many, one_click, person_field
from dashlib.widgets.act_rule import rule_form
from dashlib.widgets.whoami import my_name

FORMS = ("New issue", "Link to an issue", "Assign", "Rule", "Changes")


def actions(row: pd.Series) -> None:
    """What can be done about the failure of a row of job_failures: the forms, and what was done before."""
    which = failure_of(row)
    hold(FIELDS, f"{which.project_id} {which.job_id} {which.signature}")
    told()
    if not may_act():
        with st.expander("Changes", icon=":material/history:"):
            history(which)
        return
    # The pills have a line of their own: beside the button they would be cut off where it is narrow.
    if st.session_state.get("act") != FORMS[0]:
        one_click(which, row)
        who_asked("take_issue")
    chosen = st.pills("Issue and person", FORMS, key="act", label_visibility="collapsed")
    if chosen is None:
        return
    with st.container(border=True):
        if chosen == "New issue":
            new_issue(which, row)
        elif chosen == "Link to an issue":
            _link(which, str(row["reason"]) if isinstance(row["reason"], str) else "")
        elif chosen == "Assign":
            _assign([which])
        elif chosen == "Rule":
            rule_form(which, row)
        else:
            history(which)
        who_asked("act")


def attach_many(failures: Sequence[Failure], words: str) -> None:
    """Several picked failures: one issue and one person for all of them."""
    hold(FIELDS_OF_MANY, "many")
    told("_many")
    if not may_act():
        return
    chosen = st.pills("With the picked failures", FORMS[:3], key="act_many")
    # In one container, whichever form it is: what is being typed keeps its place.
    with st.container():
        if chosen == FORMS[0]:
            new_issue_of_many(failures)
        elif chosen == FORMS[1]:
            issue = choose_issue(failures[0].project_id, words, "_many")
            st.button(
                f"Attach {len(failures):,} to this issue",
                type="primary",
                disabled=issue is None,
                key="attach_many",
                on_click=_attached,
                args=(tuple(failures), issue, "act_many"),
            )
        elif chosen == FORMS[2]:
            _assign(failures, "act_many")
        who_asked("act_many", "_many")


def _link(which: Failure, reason: str) -> None:
    issue = choose_issue(which.project_id, f"{reason} {which.signature or ''}")
    with st.container(horizontal=True):
        if which.signature is not None:
            st.button(
                "Link every failure like this",
                type="primary",
                icon=":material/link:",
                disabled=issue is None,
                key="link_all",
                on_click=_linked,
                args=(which, issue),
            )
        st.button(
            "Only this failed job",
            disabled=issue is None,
            key="link_one",
            on_click=_attached,
            args=((which,), issue, "act"),
        )
        st.button("No issue for this job", key="link_none", type="tertiary", on_click=_detached, args=(which,))


def _linked(which: Failure, issue: Issue) -> None:
    def link(who: str) -> str:
        stored(issue)
        return decisions.link_signature(runtime().store, who, which, issue)

    do(link, f"Every failure like this is linked to {issue} now, those to come as well.", "act")


def _attached(failures: tuple[Failure, ...], issue: Issue, close: str) -> None:
    def attach(who: str) -> str:
        stored(issue)
        return decisions.attach(runtime().store, who, failures, issue)

    do(attach, attached_told(len(failures), issue), close)


def _detached(which: Failure) -> None:
    says = "This failed job belongs to no issue now, whatever the rules say."
    do(lambda who: decisions.attach(runtime().store, who, [which], None), says, "act")


def _assign(failures: Sequence[Failure], close: str = "act") -> None:
    name = my_name()
    if name is not None and my_account(name) is None:
        st.caption(plain(f"No GitLab account is known by your name, {name}: choose yours, or somebody else's."))
    who_has = person_field(f"who_{close}", failures[0].project_id, "Who has it")
    with st.container(horizontal=True):
        st.button(
            "Assign", type="primary", icon=":material/person_add:", disabled=who_has is None, key=f"assign_{close}",
            on_click=_assigned, args=(tuple(failures), who_has, close),
        )  # fmt: skip
        st.button(
            "Nobody", type="tertiary", key=f"nobody_{close}", on_click=_assigned, args=(tuple(failures), None, close)
        )
    st.caption(
        "A person has every failure like this, until it is given to somebody else, here or on GitLab. Where the token "
        "may, its issue is given to them on GitLab as well."
    )


def _assigned(failures: tuple[Failure, ...], username: str | None, close: str) -> None:
    says = f"{username} has it now." if username else "Nobody has it now."
    do(lambda who: persons.give(runtime().store, tracker(), who, failures, username), says, close)
