"""The grid of nights in the browser: handed over as data and shown as text; what is clicked comes back as a word."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import streamlit as st

from dashlib.charts.night_grid import grid_data
from dashlib.runtime import runtime
from dashlib.widgets.live import copy_of_nights

_HERE = Path(__file__).parent
_SCRIPTS = ("night_grid_words.js", "night_grid_table.js", "night_grid_box.js", "night_grid_keys.js", "night_grid.js")
"""One script in the browser: a component's text can import no other."""
_VIEW = st.components.v2.component(
    "night_grid",
    html='<div class="grid" role="region" aria-label="Grid of nights"></div>\n'
    '<div class="marks" aria-label="The same failure has the same mark"></div>\n'
    '<div class="card" role="tooltip"></div>',
    css=(_HERE / "night_grid.css").read_text("utf-8"),
    js="\n".join((_HERE / name).read_text("utf-8") for name in _SCRIPTS),
)
_KEY = "night_grid"


def night_grid(
    cells: pd.DataFrame,
    *,
    framed: date,
    rows: str,
    grain: str,
    opened: tuple[str, ...],
    times: bool,
    span: tuple[date, date],
    changed: tuple[tuple[str, str], ...] = (),
    figures: bool = False,
) -> None:
    """Draw the grid of the answer of ``queries.night_grid.grid``; the rest is ``charts.night_grid.grid_data``'s.

    A failed cell is a link to its failure's page, a mark one to its signature: the browser follows them, so that Back
    leads to the address they were on (``st.switch_page`` writes the new query into the old page's address first, seen
    with Streamlit 1.67). A click on a night frames it (session state ``night``), one on a row's arrow opens or closes
    it (``opened``).
    """
    of_what = f"{id(runtime().store)}:{copy_of_nights().version}", cells.attrs["sql"]
    drawn = _drawn(*of_what, cells, framed, rows, grain, opened, times, span, changed, figures)
    _VIEW(data=drawn, key=_KEY, on_toggle_change=_toggle, on_frame_change=_frame)


@st.cache_data(max_entries=60, show_spinner=False)
def _drawn(
    version: str,
    asked: str,
    _cells: pd.DataFrame,
    framed: date,
    rows: str,
    grain: str,
    opened: tuple[str, ...],
    times: bool,
    span: tuple[date, date],
    changed: tuple[tuple[str, str], ...],
    figures: bool,
) -> bytes:
    """What the browser draws, as it is sent: Streamlit would write thousands of cells as JSON twice in every run."""
    data = grid_data(
        _cells, framed=framed, rows=rows, grain=grain, opened=opened, times=times, span=span, changed=dict(changed),
        with_figures=figures,
    )  # fmt: skip
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _toggle() -> None:
    key = str(st.session_state[_KEY].toggle)
    opened: list[str] = st.session_state.get("opened") or []
    st.session_state["opened"] = [name for name in opened if name != key] if key in opened else [*opened, key]


def _frame() -> None:
    st.session_state["night"] = str(st.session_state[_KEY].frame)
