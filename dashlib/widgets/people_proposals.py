"""Who is likely one person, on the page people: what a .mailmap says all at once, the others pair by pair."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pandas as pd
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.queries import people
from dashlib.widgets import people_acts
from dashlib.widgets.act import may_act, told
from dashlib.widgets.answers import asked
from dashlib.widgets.people_acts import Called, addressed

_SHOWN = 20
_RULE = (
    "The same name proposes two persons only where more speaks for it: similar addresses or accounts, an address that "
    "spells the name, or an address or account of one of them, where the other shows no address that says who (only "
    "noreply@github.com or info@…) and so none that speaks against it. What is rejected is not proposed again, "
    "whatever they commit."
)


def proposed() -> None:
    """Pairs that are likely one person, the surest first, each with its evidence: confirm or reject."""
    told()
    found = asked(people.proposals)
    if found.empty:
        st.info("Nobody is likely to be somebody else.", icon=":material/check_circle:")
        return
    st.caption(addressed(_RULE))
    writable = may_act()
    many = found["said_by"].value_counts()
    together = found["said_by"].isin(many[many > 1].index)
    for file, said in found[together].groupby("said_by", sort=False):
        _said_by(str(file), said, writable)
    single = found[~together]
    for one in single.head(_SHOWN).itertuples():
        _pair(one, writable)
    if len(single) > _SHOWN:
        st.caption(f"{len(single) - _SHOWN:,} more come up as these are decided.")


def _said_by(file: str, said: pd.DataFrame, writable: bool) -> None:
    """All that one file says, with one answer for all of it, and an answer for each."""
    pairs = tuple(zip(said["person"], said["other"], strict=True))
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            called = plain(file[:1].upper() + file[1:])
            st.markdown(f"**{called}** says of {len(pairs):,} pairs that they are one person", width="stretch")
            st.button(
                f"One person, all {len(pairs):,}", key=f"yes_all_{file}", icon=":material/join_inner:",
                type="primary", disabled=not writable, on_click=people_acts.answer_all, args=(pairs, file, True),
            )  # fmt: skip
            st.button(
                f"Two persons, all {len(pairs):,}", key=f"no_all_{file}", disabled=not writable,
                on_click=people_acts.answer_all, args=(pairs, file, False),
            )  # fmt: skip
        st.caption(
            "Within that repository they count as one already. Elsewhere it is not certain, for its own commits do not "
            "have both addresses."
        )
        for one in said.head(_SHOWN).itertuples():
            _line(file, one, writable)
        if len(said) > _SHOWN:
            st.caption(f"And {len(said) - _SHOWN:,} more.")


def _line(file: str, one: Any, writable: bool) -> None:
    names = dict.fromkeys(normalize("NFC", str(name)) for name in (one.name, one.other_name))
    # The line of the file stands first among the evidence, after the file's name.
    line = str(one.evidence).partition("; ")[0].removeprefix(f"{file}, ").replace(", says that ", ": ", 1)
    commits = f"{one.commits:,} and {one.other_commits:,} commits"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{addressed(' and '.join(names))}** · {addressed(f'{line} ({commits})')}", width="stretch")
        _answers(one, writable, "tertiary")


def _pair(one: Any, writable: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            both = [
                f"**{addressed(str(label))}** {addressed(_unless_in(str(email), str(label)))}"
                f"({commits:,} commit{'' if commits == 1 else 's'})"
                for label, email, commits in (
                    (one.label, one.email, one.commits),
                    (one.other_label, one.other_email, one.other_commits),
                )
            ]
            st.markdown(" and ".join(both), width="stretch")
            _answers(one, writable, "secondary")
        st.caption(addressed(f"{one.evidence}."))


def _unless_in(email: str, label: str) -> str:
    """An address that the label does not show already."""
    return "" if f"({email})" in label else f"{email} "


def _answers(one: Any, writable: bool, type_: Any) -> None:
    key = f"{one.person}|{one.other}"
    both = (Called(one.person, one.label), Called(one.other, one.other_label))
    with st.container(horizontal=True, gap="small", width="content"):
        st.button(
            "One person", key=f"yes_{key}", icon=":material/join_inner:", type=type_, disabled=not writable,
            on_click=people_acts.merge, args=both,
        )  # fmt: skip
        st.button(
            "Two persons", key=f"no_{key}", type=type_, disabled=not writable, on_click=people_acts.reject,
            args=both,
        )  # fmt: skip
