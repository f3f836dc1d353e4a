"""The forms by which failures get a new issue, with its person; where they have one already, that one instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.failures import decisions, persons
from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import LABEL, Facts, form_url, written
from dashlib.failures.persons import Given
from dashlib.failures.tracker import MayNotWrite, TrackerError
from dashlib.queries import acts
from dashlib.queries.issue_facts import facts, facts_of_many
from dashlib.runtime import runtime
from dashlib.widgets.act import attached_told, do, tracker
from dashlib.widgets.act_held import one_of_these
from dashlib.widgets.answers import asked
from dashlib.widgets.whoami import my_email, my_name

_ALONE = "Nothing tells this failure from others, so the issue belongs to this failed job alone, not to the next ones."
_ONLY_READS = "The token may only read (its scope is not api), so GitLab's own form makes the issue, as you."


def one_click(which: Failure, row: pd.Series) -> None:
    """The button that gives a failure an issue and its person at once; nothing where it has one, or cannot get one."""
    there = asked(acts.projects, project=which.project_id)
    takes_issues = len(there) and int(there["id"].iloc[0]) == which.project_id
    if pd.notna(row["issue_iid"]) or not takes_issues or runtime().settings.gitlab_token is None:
        return
    name = my_name()
    st.button(
        "Create an issue, I have it" if name is None or my_account(name) else "Create an issue",
        type="primary",
        icon=":material/add_task:",
        key="take_issue",
        help="On GitLab, in this repository: the suggested title, the telling lines, links to the failed jobs, the "
        f"commits since it passed, the label {LABEL}, given to you where your name is that of one GitLab account. "
        "“New issue” shows it before, and can change it.",
        on_click=_taken,
        args=(which,),
    )


def new_issue(which: Failure, row: pd.Series) -> None:
    """A new issue for a failure (a row of job_failures): by the API, or by GitLab's form."""
    with runtime().store.reader() as reader:
        known = facts(reader, which.project_id, which.job_id)
    there = asked(acts.projects, project=which.project_id)
    if known is None or there.empty:
        st.caption("No repository here takes issues.")
        return
    draft = written(known)
    one_of_these("issue_project", list(there["path"]))
    place = st.session_state.get("issue_project", there["path"].iloc[0])
    with st.spinner("Asking GitLab what the token may do, and for an issue of this failure"):
        may_write = tracker().may_write()
        made = tracker().found(which, draft, _number_of(there, place))
    if made is not None:
        _there_already(made.issue, which, linked=pd.notna(row["issue_iid"]))
        return
    st.session_state.setdefault("issue_title", draft.title)
    st.session_state.setdefault("issue_label", LABEL)
    title = st.text_input("Title", key="issue_title", max_chars=250)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox("In", list(there["path"]), key="issue_project", width=370)
        label = st.text_input("Label", key="issue_label", width=170)
        person = person_field("issue_person", which.project_id, start=my_account(my_name() or ""))
    with st.expander("Description", icon=":material/notes:"):
        st.code(draft.description, language=None, wrap_lines=True)
    project = there[there["path"] == place].iloc[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        if may_write:
            st.button(
                "Create the issue",
                type="primary",
                icon=":material/add_circle:",
                key="create_issue",
                on_click=_create,
                args=(which, known, int(project["id"]), title, label, person),
            )
        if isinstance(project["web_url"], str):
            url = form_url(str(project["web_url"]), known, label, _account(person))
            st.link_button("Open GitLab's form", url, icon=":material/open_in_new:")
    if which.signature is None:
        st.caption(_ALONE)
    if not may_write:
        whose = "this failed job" if which.signature is None else "every failure like this one"
        st.caption(
            f"{_ONLY_READS} The next sync finds it by its fingerprint, in whatever repository is read here, and links "
            f"{whose} to it: leave that line in."
        )


def new_issue_of_many(failures: Sequence[Failure]) -> None:
    """One issue, written for the first of them, that all of them are attached to."""
    first = failures[0]
    with runtime().store.reader() as reader:
        known = facts_of_many(reader, [(one.project_id, one.job_id) for one in failures])
    there = asked(acts.projects, project=first.project_id)
    if known is None or there.empty:
        st.caption("No repository here takes issues.")
        return
    draft = written(known)
    one_of_these("project_many", list(there["path"]))
    place = st.session_state.get("project_many", there["path"].iloc[0])
    may_write = tracker().may_write()
    made = tracker().found(first, draft, _number_of(there, place))
    if made is not None:
        _has_already(made.issue, "The first of them")
        st.button(
            f"Attach {len(failures):,} to this issue", type="primary", key="attach_known_many",
            on_click=_attach_known, args=(tuple(failures), made.issue),
        )  # fmt: skip
        return
    st.session_state.setdefault("title_many", draft.title)
    title = st.text_input("Title", key="title_many", max_chars=250)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox("In", list(there["path"]), key="project_many", width=370)
        person = person_field("person_many", first.project_id, start=my_account(my_name() or ""))
    project = there[there["path"] == place].iloc[0]
    if may_write:
        st.button(
            f"Create it and attach {len(failures):,}", type="primary", icon=":material/add_circle:", key="create_many",
            on_click=_create_for, args=(tuple(failures), known, int(project["id"]), title, person),
        )  # fmt: skip
        return
    if isinstance(project["web_url"], str):
        url = form_url(str(project["web_url"]), known, LABEL, _account(person))
        st.link_button(f"Open GitLab's form for these {len(failures):,}", url, icon=":material/open_in_new:")
    st.caption(
        f"{_ONLY_READS} It has the links of the picked jobs. The next sync finds it by the marks at its end and "
        "attaches them, and every failure like the first: leave these lines in."
    )


def person_field(key: str, project_id: int, label: str = "Person", start: str | None = None) -> str | None:
    """A person by name: a user name, None for nobody. ``start`` is chosen where nobody chose yet."""
    people = asked(acts.people, project=project_id)
    names = {f"{one.name} ({one.username})": str(one.username) for one in people.itertuples()}
    one_of_these(key, [None, *names])
    if key not in st.session_state and start is not None:
        st.session_state[key] = next((name for name, username in names.items() if username == start), None)
    picked = st.selectbox(
        label, list(names), index=None, placeholder="nobody, or a name or user name", key=key, width=330
    )
    return names.get(str(picked))


def _there_already(issue: Issue, which: Failure, *, linked: bool) -> None:
    """The issue that a failure has already, in place of a second one."""
    _has_already(issue, "This failure")
    if linked:
        st.caption("There is one issue for a failure. “Link to an issue” gives it another, or takes this job out.")
        return
    st.button(
        "Link every failure like this" if which.signature is not None else "Link this failed job",
        type="primary",
        icon=":material/link:",
        key="link_known",
        on_click=_link_known,
        args=(which, issue),
    )


def _has_already(issue: Issue, whose: str) -> None:
    row = asked(acts.issue, project=issue.project_id, iid=issue.iid).iloc[0]
    state = f" ({row['state']})" if isinstance(row["state"], str) else ""
    said = f"{whose} has an issue already: {row['path']}#{issue.iid} {row['title'] or ''}{state}."
    st.info(plain(said), icon=":material/task_alt:")
    if isinstance(row["url"], str):
        st.link_button("Open the issue", row["url"], icon=":material/open_in_new:")


def _link_known(which: Failure, issue: Issue) -> None:
    alike = "every failure like it, those to come as well" if which.signature is not None else "and no other one"
    do(
        lambda who: decisions.link_signature(runtime().store, who, which, issue),
        f"This failure is linked to {issue}: {alike}.",
        "act",
    )


def _attach_known(failures: tuple[Failure, ...], issue: Issue) -> None:
    says = attached_told(len(failures), issue)
    do(lambda who: decisions.attach(runtime().store, who, failures, issue), says, "act_many")


def _taken(which: Failure) -> None:
    with runtime().store.reader() as reader:
        known = facts(reader, which.project_id, which.job_id)
    if known is not None:
        do(lambda who: _taken_by(who, which, known), _says(which), at="take_issue")


def _taken_by(who: str, which: Failure, known: Facts) -> Given:
    """A new issue for whoever clicked; where nobody knows who that is on GitLab, the form that asks is opened."""
    person = my_account(who)
    made = _made(who, which, known, which.project_id, person=person)
    if person is None:
        st.session_state["act"] = "Assign"
        return Given(made.action, f"{made.told} No GitLab account is known by the name {who}: choose who has it.")
    return made


def _create(which: Failure, known: Facts, project_id: int, title: str, label: str, person: str | None) -> None:
    do(
        lambda who: _made(who, which, known, project_id, title=title, label=label, person=person),
        _says(which),
        "act",
    )


def _says(which: Failure) -> str:
    linked = "every failure like this one" if which.signature is not None else "this failed job"
    return f"The issue is there, and linked to {linked}."


def _made(
    who: str, which: Failure, known: Facts, project_id: int, *, title: str = "", label: str = LABEL, person: str | None
) -> Given:
    draft = written(known, label)
    draft = replace(draft, title=" ".join(title.split()) or draft.title)
    with runtime().store.reader() as reader:
        there = persons.account(reader, person) if person else None
    try:
        made = tracker().create(who, which, draft, project_id, there)
    except MayNotWrite as error:
        st.session_state["act"] = "New issue"
        raise TrackerError(f"{error} It stands below.") from error
    if not made.new:
        return Given(str(made.issue), "There was one already: none was made.")
    told = persons.given_with_issue(runtime().store, who, [which], made.issue, person) if person else ""
    return Given(str(made.issue), f"{person} has it. {told}".strip() if person else "Nobody has it yet.")


def _create_for(failures: tuple[Failure, ...], known: Facts, project_id: int, title: str, person: str | None) -> None:
    draft = written(known)
    draft = replace(draft, title=" ".join(title.split()) or draft.title)

    def create(who: str) -> Given:
        with runtime().store.reader() as reader:
            there = persons.account(reader, person) if person else None
        made = tracker().create(who, failures[0], draft, project_id, there)
        action = decisions.attach(runtime().store, who, failures, made.issue)
        if person is None or not made.new:
            return Given(action, "")
        told = persons.given_with_issue(runtime().store, who, failures, made.issue, person)
        return Given(action, f"{person} has it. {told}".strip())

    many = f"{len(failures):,} failed job{'' if len(failures) == 1 else 's'}"
    do(create, f"The issue is there; {many} belong to it, and every failure like the first.", "act_many")


def _number_of(there: pd.DataFrame, path: object) -> int:
    return int(there[there["path"] == path]["id"].iloc[0])


def my_account(who: str) -> str | None:
    """The GitLab account of whoever acts here."""
    with runtime().store.reader() as reader:
        return persons.me(reader, who, my_email())


def _account(person: str | None) -> str | None:
    with runtime().store.reader() as reader:
        there = persons.account(reader, person) if person else None
    return there[0] if there else None
