"""What stands in the fields of the forms, held while a run leaves them out.

Streamlit forgets a field that one run of the page did not draw. New data may do that: rows that were picked are for a
moment in another place, or outside the list. What was chosen and typed comes back with the form; it is forgotten when
the form has done its work, or when the forms are about another failure.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

FIELDS = (
    "act", "issue_title", "issue_project", "issue_label", "issue_person", "issue_search", "issue_picked", "who_act",
    "rule_kind", "rule_pattern", "rule_category", "rule_projects", "rule_jobs", "rule_person",
    "issue_search_rule", "issue_picked_rule", "closed_picked", "closed_picked_rule",
)  # fmt: skip
FIELDS_OF_MANY = (
    "act_many", "issue_search_many", "issue_picked_many", "closed_picked_many", "who_act_many", "title_many",
    "project_many",
)  # fmt: skip


def hold(fields: Collection[str], about: str) -> None:
    """Before the fields are drawn: keep them, bring back what was left out; ``about`` says of what they are."""
    place = f"held_about_{next(iter(fields))}"
    if st.session_state.get(place, about) != about:
        let_go(fields)
    st.session_state[place] = about
    for key in fields:
        if key in st.session_state:
            st.session_state[f"held_{key}"] = st.session_state[key]
        elif st.session_state.get(f"held_{key}") is not None:
            st.session_state[key] = st.session_state[f"held_{key}"]


def let_go(fields: Collection[str]) -> None:
    """Forget what the fields say (in a callback, or before they are drawn)."""
    for key in fields:
        st.session_state.pop(f"held_{key}", None)
        st.session_state.pop(key, None)


def one_of_these(key: str, options: Collection[object]) -> None:
    """Before a choice is drawn: what is no option any more is not chosen any more."""
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state.pop(key)
