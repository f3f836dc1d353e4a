"""One person's identities and accounts on the page people, each with its commits and every reason in full."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashlib.charts.people_tables import EVIDENCE
from dashlib.widgets.answers import below
from dashlib.widgets.people_acts import addressed

_LINES, _SCREEN = 30, 800
"""What needs more lines than these scrolls within so many pixels: what can be decided stays in reach below it."""


def evidence(found: pd.DataFrame) -> None:
    """A list of what ``dashlib.queries.people.evidence`` answers, as tall as it is up to a screen; its SQL and CSV.

    Those who belong here for the same reasons stand together. No table: its cells cut off a text that is longer than
    they are high.
    """
    together: dict[str, list[str]] = {}
    for one in found.itertuples():
        together.setdefault(str(one.because), []).append(_who(one))
    listed = ["  \n".join(who) + "\n\n" + _reasons(because) for because, who in together.items()]
    lines = sum(text.count("\n") + 1 for text in listed)
    with st.container(gap="xsmall"):
        with st.container(height=_SCREEN if lines > _LINES else "content", border=False, key="people_evidence"):
            st.markdown("\n\n".join(listed))
        below(found, "evidence")


def _who(row: Any) -> str:
    """An identity or account as Markdown, with its commits by role."""
    name, email = (" ".join(str(one).split()) if pd.notna(one) else "" for one in (row.name, row.email))
    who = [f"**{addressed(name)}**"] if name else []
    who.append(addressed(email) or "no address")
    counted = [] if row.rank else [_commits(row)]
    return " · ".join([" ".join(who), *counted])


def _reasons(because: str) -> str:
    return "\n".join(f"- {addressed(' '.join(reason.split()))}" for reason in because.split("; "))


def _commits(row: Any) -> str:
    words = [f"{verb} {int(many):,}" for column, verb in EVIDENCE.items() if (many := getattr(row, column))]
    return ", ".join([*words, f"last on {row.last:%d %b %Y}"]) if words else "no commits"
