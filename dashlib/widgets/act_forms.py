"""The forms by which a failure gets an issue, a person or a rule; one is open at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashlib.failures import decisions
from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import LABEL, Facts, form_url, written
from dashlib.failures.tracker import MayNotWrite, TrackerError
from dashlib.queries import acts
from dashlib.queries.issue_facts import facts
from dashlib.runtime import runtime
from dashlib.widgets.act import attach_to, do, failure_of, history, may_act, say, told, tracker, who_asked
from dashlib.widgets.act_held import FIELDS, FIELDS_OF_MANY, hold, one_of_these
from dashlib.widgets.act_issue import choose_issue, stored
from dashlib.widgets.act_rule import rule_form
from dashlib.widgets.answers import asked

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
    chosen = st.pills("Issue and person", FORMS, key="act", label_visibility="collapsed")
    if chosen is None:
        return
    with st.container(border=True):
        if chosen == "New issue":
            _new_issue(which)
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
            _new_issue_of_many(failures)
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


def _new_issue_of_many(failures: Sequence[Failure]) -> None:
    """One issue, written for the first of them, that all of them are attached to."""
    first = failures[0]
    known = _facts(first)
    there = asked(acts.projects, project=first.project_id)
    if known is None or there.empty:
        st.caption("No repository here takes issues.")
        return
    if not tracker().may_write():
        st.caption(
            "The token may only read (its scope is not api): make the issue with GitLab's form on a failure's page, "
            "then attach the others to it."
        )
        return
    st.session_state.setdefault("title_many", written(known).title)
    one_of_these("project_many", list(there["path"]))
    title = st.text_input("Title", key="title_many", max_chars=250)
    place = st.selectbox("In", list(there["path"]), key="project_many", width=420)
    project = int(there[there["path"] == place]["id"].iloc[0])
    st.button(
        f"Create it and attach {len(failures):,}", type="primary", icon=":material/add_circle:", key="create_many",
        on_click=_create_for, args=(tuple(failures), known, project, title),
    )  # fmt: skip


def _create_for(failures: tuple[Failure, ...], known: Facts, project_id: int, title: str) -> None:
    draft = replace(written(known), title=" ".join(title.split()) or written(known).title)

    def create(who: str) -> str:
        made = tracker().create(who, failures[0], draft, project_id)
        return decisions.attach(runtime().store, who, failures, made.issue)

    many = f"{len(failures):,} failed job{'' if len(failures) == 1 else 's'}"
    do(create, f"The issue is there; {many} belong to it, and every failure like the first.", "act_many")


def _new_issue(which: Failure) -> None:
    known = _facts(which)
    if known is None:
        return
    draft = written(known)
    there = asked(acts.projects, project=which.project_id)
    if there.empty:
        st.caption("No repository here takes issues.")
        return
    st.session_state.setdefault("issue_title", draft.title)
    st.session_state.setdefault("issue_label", LABEL)
    one_of_these("issue_project", list(there["path"]))
    title = st.text_input("Title", key="issue_title", max_chars=250)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox("In", list(there["path"]), key="issue_project", width=420)
        label = st.text_input("Label", key="issue_label", width=200)
    with st.expander("Description", icon=":material/notes:"):
        st.code(draft.description, language=None, wrap_lines=True)
    project = there[there["path"] == place].iloc[0]
    with st.spinner("Asking GitLab what the token may do"):
        may_write = tracker().may_write()
    with st.container(horizontal=True, vertical_alignment="center"):
        if may_write:
            st.button(
                "Create the issue",
                type="primary",
                icon=":material/add_circle:",
                key="create_issue",
                on_click=_create,
                args=(which, known, int(project["id"]), title, label),
            )
        if isinstance(project["web_url"], str):
            url = form_url(str(project["web_url"]), known, label)
            st.link_button("Open GitLab's form", url, icon=":material/open_in_new:")
    if not may_write:
        st.caption(
            "The token may only read (its scope is not api), so GitLab's own form makes the issue, as you. The next "
            "sync finds it by its fingerprint and links it: leave that line in."
        )


def _create(which: Failure, known: Facts, project_id: int, title: str, label: str) -> None:
    draft = replace(written(known, label), title=" ".join(title.split()) or written(known).title)

    def create(who: str) -> str:
        try:
            made = tracker().create(who, which, draft, project_id)
        except MayNotWrite as error:
            raise TrackerError(f"{error} It stands below.") from error
        st.session_state["act_made"] = made.new
        return str(made.issue)

    do(create, "The issue is there, and linked to every failure like this one.", "act")


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
    try:
        stored(issue)
    except TrackerError as error:
        say("error", str(error))
        return
    attach_to(failures, issue, close)


def _detached(which: Failure) -> None:
    says = "This failed job belongs to no issue now, whatever the rules say."
    do(lambda who: decisions.attach(runtime().store, who, [which], None), says, "act")


def _assign(failures: Sequence[Failure], close: str = "act") -> None:
    people = asked(acts.people, project=failures[0].project_id)
    names = {f"{one.name} ({one.username})": str(one.username) for one in people.itertuples()}
    one_of_these(f"who_{close}", [None, *names])
    picked = st.selectbox(
        "Who has it", list(names), index=None, placeholder="name or user name", key=f"who_{close}", width=380
    )
    who_has = names.get(str(picked))
    with st.container(horizontal=True):
        st.button(
            "Assign", type="primary", icon=":material/person_add:", disabled=who_has is None, key=f"assign_{close}",
            on_click=_assigned, args=(tuple(failures), who_has, close),
        )  # fmt: skip
        st.button(
            "Nobody", type="tertiary", key=f"nobody_{close}", on_click=_assigned, args=(tuple(failures), None, close)
        )
    st.caption("A person has every failure like this, until it is given to somebody else.")


def _assigned(failures: tuple[Failure, ...], username: str | None, close: str) -> None:
    says = f"{username} has it now." if username else "Nobody has it now."
    do(lambda who: decisions.assign(runtime().store, who, failures, username), says, close)


def _facts(which: Failure) -> Facts | None:
    with runtime().store.reader() as reader:
        return facts(reader, which.project_id, which.job_id)
