"""Keeps an open page up to date: the browser is told when data moved, and asks for the page anew when that disturbs
nobody (see ``live.js``). The numbers that it compares are those of the beginning of the run that drew the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashlib.live import Moved, moved
from dashlib.queries.nights_held import Held
from dashlib.runtime import runtime
from dashlib.widgets.address import arrivals

_KEY, _DRAWN = "live_run", "live_drawn"
_VIEW = st.components.v2.component(
    "live",
    html="<span hidden></span>",
    js=(Path(__file__).parent / "live.js").read_text("utf-8"),
)


@dataclass
class _Run:
    """One run of a page: how far the data were when it began, and the copy of the nights that all of it shows.

    ``behind``: some copy that it shows is of an earlier state, a newer one is being made.
    """

    number: int
    began: Moved
    copy: Held | None = None
    behind: bool = False


def begin_run() -> None:
    """Take down how far the data are before anything is asked of them."""
    before: _Run | None = st.session_state.get(_KEY)
    st.session_state[_KEY] = _Run(before.number + 1 if before else 1, moved())


@contextmanager
def more_to_come() -> Iterator[None]:
    """Below what is drawn already: that there is more to come. Not where a page that is there follows the data."""
    opened = arrivals()
    try:
        with nullcontext() if st.session_state.get(_DRAWN) == opened else st.skeleton(height=260):
            yield
    finally:
        st.session_state[_DRAWN] = opened


def copy_of_nights() -> Held:
    """The copy of the nights for this run: the same one for all of its questions, however fast the data move."""
    run: _Run | None = st.session_state.get(_KEY)
    if run is not None and run.copy is not None:
        return run.copy
    found = runtime().nights.newest()
    if run is not None:
        run.copy = found
        shows(found.version)
    return found


def shows(version: int) -> None:
    """Some answer of this run is of that state of the data: of an older one, the page waits for a newer copy."""
    run: _Run | None = st.session_state.get(_KEY)
    if run is not None:
        run.behind |= version < run.began.data


def end_run() -> None:
    """Tell the browser what the page was drawn with. After everything else, so that it knows that all is drawn."""
    run: _Run = st.session_state[_KEY]
    run.copy = None
    shown = {"run": run.number, "data": run.began.data, "copies": run.began.copies, "behind": run.behind}
    _VIEW(data=shown, key="live", height=1, on_moved_change=lambda: None)
