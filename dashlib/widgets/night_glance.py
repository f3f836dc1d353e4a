"""A night in four lines, drawn as text and links in the browser."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashlib.charts.night_grid import Data

_HERE = Path(__file__).parent
_VIEW = st.components.v2.component(
    "night_glance",
    html='<dl class="lines" aria-label="The night in four lines"></dl>',
    css=(_HERE / "night_glance.css").read_text("utf-8"),
    js=(_HERE / "night_glance.js").read_text("utf-8"),
)


def night_glance(lines: list[Data], *, key: str = "night_glance", elsewhere: str = ", below") -> None:
    """Draw the lines of ``charts.night_glance.glance``; a name leads to its failure's page, else to GitLab.

    ``elsewhere`` says where those stand that have no room here.
    """
    _VIEW(data={"lines": lines, "elsewhere": elsewhere}, key=key)
