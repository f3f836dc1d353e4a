"""The page people: who is found, one person with the evidence, and what can be decided."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts import people_tables
from dashlib.charts.spellings import unlike
from dashlib.charts.wording import plain
from dashlib.people.addresses import handle
from dashlib.people.decisions import LEAVE_ONE
from dashlib.queries import choices, people
from dashlib.widgets import people_acts
from dashlib.widgets.act import may_act, told
from dashlib.widgets.address import link_to
from dashlib.widgets.answers import asked, metrics, table
from dashlib.widgets.choose import one_from, one_of, page_of, search_for, text_of
from dashlib.widgets.filters import FILTER_KEYS
from dashlib.widgets.people_acts import Called, addressed
from dashlib.widgets.people_evidence import evidence

VIEWS = ("list", "proposals", "teams", "decisions")
_WHO = "who"
_SHOWN, _PLACES, _A_PAGE = 20, 3, 100
_ALL = ""


def which_view() -> str:
    """Which part of the page: the list, what is proposed, teams, or what was decided."""
    waiting = len(asked(people.proposals))
    view = one_of("View", VIEWS, key="people_view")
    if waiting and view == "list":
        many = f"{waiting:,} pair{'' if waiting == 1 else 's'} of persons {'is' if waiting == 1 else 'are'} likely one"
        st.caption(f":material/join_inner: {many}: see *proposals*.")
    return view


def listed() -> None:
    """The list with its search, and below it the person who is picked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_for("name, address or user name", key="find_person")
        kind = one_of("Who", people.KINDS, key="people_kind")
        names = [_ALL, *asked(people.teams)["team"]]
        team = one_from("Team", names, key="people_team", titles={_ALL: "all teams"}, width=220) or None
    metrics(people_tables.SUMS, asked(people.counted, search=search, kind=kind, team=team).iloc[0])
    found = asked(people.people, search=search, kind=kind, team=team)
    if found.empty:
        st.info("Nobody is called like that.", icon=":material/person_search:")
        return
    whole = int(asked(people.counted, search=search, kind=kind, team=team).iloc[0]["persons"])
    st.session_state["people_listed"] = list(found["id"])
    table(
        found, people_tables.PEOPLE, "Persons with their commits, identities, accounts and teams", "people",
        whole=whole, on_select=_picked, headings=people_tables.CSV_HEADINGS,
    )  # fmt: skip
    one_person()


def _picked() -> None:
    rows = st.session_state["table_people"]["selection"]["rows"]
    ids = st.session_state.get("people_listed", [])
    if rows and rows[0] < len(ids):
        st.session_state[_WHO] = ids[rows[0]]


def one_person() -> None:
    """The person whose id stands in the address, under any id ever had: identities, evidence, and what can be done."""
    word = text_of("Person", key=_WHO)
    if not word:
        st.caption("Pick a person to see the identities and why they belong together.")
        return
    known = asked(people.known_as, word=word)
    if len(known) != 1:
        st.warning("Nobody, or more than one person, is known by this link.", icon=":material/link_off:")
        return
    row = asked(people.person, person=str(known.iloc[0]["id"])).iloc[0]
    with st.container(border=True):
        _heading(row)
        found = asked(people.evidence, person=row["id"])
        evidence(found)
        _here(str(row["id"]))
        told()
        if may_act():
            _actions(row, found)


def _heading(row: pd.Series) -> None:
    st.header(addressed(str(row["label"])), anchor=False)
    badges = [f":violet-badge[:material/smart_toy: robot: {plain(row['bot_because'])}]"] if row["is_bot"] else []
    badges += [f":blue-badge[{plain(one['team'])}]" for one in _teams(row)]
    badges += [f":gray-badge[@{plain(name)}]" for name in row["usernames"]]
    if badges:
        st.markdown(" ".join(badges))
    with st.container(horizontal=True, gap="small"):
        for page, title, icon in (("commits", "Commits", "commit"), ("activity", "Activity", "timeline")):
            query = link_to(page, FILTER_KEYS) | {"person": [str(row["id"])]}
            st.page_link(f"{page}.py", label=title, icon=f":material/{icon}:", query_params=query, width="content")


def _teams(row: pd.Series) -> list[dict[str, Any]]:
    return list(row["teams"]) if isinstance(row["teams"], list | tuple) or hasattr(row["teams"], "__len__") else []


def _here(person: str) -> None:
    """What holds in some repositories: who is this person there, and who of this person is somebody else."""
    there, away = asked(people.elsewhere, person=person), asked(people.away, person=person)
    for _, one in there.head(_SHOWN).iterrows():
        who = f"{handle(one['name'], one['email'])} is this person: {one['because']}."
        st.caption(addressed(f"{_places(list(one['places']), one['is_everywhere'], ' alone')} {who}"))
    for _, one in away.head(_SHOWN).iterrows():
        who = f"{handle(one['name'], one['email'])} is {one['label']}: {one['because']}."
        st.caption(addressed(f"{_places(list(one['places']), one['is_everywhere'])} {who}"))
    more = len(there) + len(away) - min(len(there), _SHOWN) - min(len(away), _SHOWN)
    if more:
        st.caption(f"The view identities_here has {more:,} more of these.")


def _places(paths: list[str], is_everywhere: bool, alone: str = "") -> str:
    if is_everywhere:
        return "In every repository that has it,"
    more = [f"{len(paths) - _PLACES:,} more"] if len(paths) > _PLACES else []
    *first, last = [*paths[:_PLACES], *more]
    return f"In {', '.join(first)} and {last}{alone}" if first else f"In {last}{alone}"


def _actions(row: pd.Series, found: pd.DataFrame) -> None:
    who = Called(str(row["id"]), str(row["label"]))
    chosen = st.pills("Decide", ["Merge", "Take out", "Robot", "Team"], key="people_act", label_visibility="collapsed")
    if chosen == "Merge":
        everybody = asked(choices.persons)
        labels = {str(one.id): str(one.label) for one in everybody.itertuples() if one.id != who.id}
        other = st.selectbox(
            "The same person as", list(labels), index=None, format_func=lambda one: labels[one], key="people_other",
            width=420, placeholder="name",
        )  # fmt: skip
        st.button(
            "They are one person", type="primary", icon=":material/join_inner:", disabled=other is None,
            key="people_merge", on_click=people_acts.merge, args=(who, Called(str(other), labels.get(str(other), ""))),
        )  # fmt: skip
    elif chosen == "Take out":
        accounts = found[found["rank"] == 1]
        titles = unlike(dict.fromkeys(found["handle"])) | dict(zip(accounts["handle"], accounts["email"], strict=True))
        picked = st.multiselect(
            "Is somebody else", list(titles), key="people_split_of", width=620, format_func=lambda one: titles[one]
        )
        is_all = len(picked) == len(titles)
        if is_all:
            st.caption(f":material/info: {LEAVE_ONE}")
        st.button(
            "Make a person of their own", type="primary", icon=":material/call_split:", disabled=is_all or not picked,
            key="people_split", on_click=people_acts.split,
            args=(who, tuple(picked), tuple(titles[one] for one in picked)),
        )  # fmt: skip
    elif chosen == "Robot":
        says = "This is a person" if row["is_bot"] else "This is a robot"
        st.button(
            says, icon=":material/smart_toy:", key="people_bot", on_click=people_acts.mark,
            args=(who, not row["is_bot"]),
        )  # fmt: skip
    elif chosen == "Team":
        _team(row)


def _team(row: pd.Series) -> None:
    who = Called(str(row["id"]), str(row["label"]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Into the team", list(asked(people.teams)["team"]), index=None, accept_new_options=True, key="people_into",
            placeholder="choose, or write a new one", width=320,
        )  # fmt: skip
        st.button(
            "Put into it", disabled=not name, key="people_team_add", on_click=people_acts.into, args=(who, name, True)
        )
    mine = [one for one in _teams(row) if one["origin"] != "gitlab"]
    for one in mine:
        st.button(
            plain(f"Take out of {one['team']}"), key=f"people_out_{one['team']}", type="tertiary",
            icon=":material/group_remove:", on_click=people_acts.into, args=(who, one["team"], False),
        )  # fmt: skip
    if len(mine) < len(_teams(row)):
        st.caption("Teams from GitLab are its groups: they change there.")


def _decision(one: Any, together: int, writable: bool) -> None:
    """One decision with its way back; ``together`` of its go can be undone at once."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        struck = "" if one.stands else " (undone)"
        st.markdown(addressed(f"{one.done:%a %d %b %Y, %H:%M} · {one.done_by} {one.says}{struck}"), width="stretch")
        if one.stands:
            st.button(
                "Undo", key=f"people_undo_{one.number}", icon=":material/undo:", type="tertiary",
                disabled=not writable, on_click=people_acts.undo, args=(int(one.number), str(one.says)),
            )  # fmt: skip
        if together > 1:
            st.button(
                f"Undo all {together:,} of this go", key=f"people_undo_all_{one.number}",
                icon=":material/undo:", type="tertiary", disabled=not writable,
                on_click=people_acts.undo_all, args=(int(one.number), together, str(one.says)),
            )  # fmt: skip


def decided() -> None:
    """What was decided, newest first, each with the way back; and the mailmaps that are read."""
    told()
    writable = may_act()
    found = asked(people.journal)
    if found.empty:
        st.caption("Nobody has decided anything here yet.")
    page = page_of(-(-len(found) // _A_PAGE), key="decisions_page")
    shown = found.iloc[(page - 1) * _A_PAGE : page * _A_PAGE]
    if len(shown):
        first = (page - 1) * _A_PAGE + 1
        st.caption(f"Decisions {first:,} to {first + len(shown) - 1:,} of {len(found):,}, newest first.")
    told_of: set[tuple[object, ...]] = set()
    for one in shown.itertuples():
        go = (one.kind, one.done_by, one.done)
        # The way back of a whole go stands once, beside the newest of it that somebody can still undo.
        together = int(str(one.together)) if one.stands and go not in told_of else 0
        if together:
            told_of.add(go)
        _decision(one, together, writable)
    read = asked(people.mailmaps)
    if len(read):
        places = "; ".join(f"{one.place} ({one.lines:,} lines, read {one.read:%d %b %Y})" for one in read.itertuples())
        st.caption(f":material/description: {plain(f'.mailmap read from {places}.')}")
        _overruled()


def _overruled() -> None:
    """Which lines of the mailmaps are not followed, and what was decided instead."""
    found = asked(people.overruled)
    if found.empty:
        return
    many = f"{len(found):,} line{' of them is' if len(found) == 1 else 's of them are'}"
    st.caption(f":material/block: {many} not followed, for what was decided here goes before:")
    for _, one in found.head(_A_PAGE).iterrows():
        st.caption(addressed(f"{one['says']}: {one['done_by']} {one['decided']}, {one['done']:%d %b %Y}."))
    if len(found) > _A_PAGE:
        st.caption(f"The table bookkeeping.overruled_lines has {len(found) - _A_PAGE:,} more of these.")
