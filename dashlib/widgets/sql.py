"""The page of SQL: the editor, the query on its way, what was asked before, and what can be asked.

What is sent from the editor runs; so does what comes from a link, an example or the history. The query stands in the
address. It runs in a process of its own (``dashlib.explore``): a run of the page waits for it for a moment, then a
fragment looks after it, so that the page can be used and the query stopped meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.errors import Explained
from dashlib.explore import catalog
from dashlib.explore.examples import examples
from dashlib.explore.picture import frame_of
from dashlib.explore.running import SECONDS, Order, Running, begin, warm
from dashlib.runtime import runtime
from dashlib.widgets.address import Words, put, settle, told
from dashlib.widgets.answers import asked
from dashlib.widgets.choose import one_from

ROWS, BYTES = 100_000, 32 << 20
"""What an answer in the browser may have; the command has no such limit."""
_AT_ONCE_SECONDS, _LOOK_SECONDS = 1.0, 0.5
_REMEMBERED = 30
_STYLE = """<style>
.st-key-sql textarea {font-family: 'Source Code Pro', monospace; font-size: 0.875rem}
[class*=st-key-sql_begin_] button, [class*=st-key-sql_example_] button, [class*=st-key-sql_history_] button
    {justify-content: flex-start; text-align: left}
</style>"""


@dataclass
class Answered:
    """How a query ended: with rows, ``table`` whole and ``frame`` to look at, or with ``fault``, why there are none.

    With both where the rows cannot be looked at: files hold them.
    """

    query: str
    at: datetime
    seconds: float
    fault: str | None = None
    table: pa.Table | None = None
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    cut: bool = False


@dataclass
class _Desk:
    """What one browser session asked: last, just now, and before, the newest first."""

    asked: str = ""
    running: Running | None = None
    answered: Answered | None = None
    history: list[Answered] = field(default_factory=list)


def _desk() -> _Desk:
    if "sql_desk" not in st.session_state:
        st.session_state["sql_desk"] = _Desk()
    desk: _Desk = st.session_state["sql_desk"]
    return desk


def editor() -> None:
    """The query, and the buttons that run it, or bring another one into it."""
    st.html(_STYLE)
    settle("sql", "", _text, _said, "Query")
    with st.form("sql_form", border=False):
        query = st.text_area(
            "Query",
            key="sql",
            height=260,
            label_visibility="collapsed",
            placeholder="select path_with_namespace, count(*) as failed\nfrom nightly_failures\ngroup by all\n"
            "order by failed desc",
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            run = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:", key="sql_run")
            st.caption("or Ctrl + Enter. One SELECT; times are in UTC.", width="content")
    query = told("sql", query or "", _said).strip()
    desk = _desk()
    if query and (run or query != desk.asked):
        _begin(desk, query)
    if desk.running is not None and desk.running.done():
        _collect(desk)


def _begin(desk: _Desk, query: str) -> None:
    if desk.running is not None:
        desk.running.close()
    desk.asked, desk.running, desk.answered = query, None, None
    try:
        # A snapshot that was just made does: it lags by seconds.
        desk.running = begin(runtime().store.snapshot(), query, Order(rows=ROWS, bytes=BYTES))
    except Explained as error:
        _end(desk, Answered(query, _now(), 0.0, str(error)))
        return
    desk.running.wait(_AT_ONCE_SECONDS)


def _collect(desk: _Desk) -> None:
    """Read the answer of a query that has ended."""
    running, desk.running = desk.running, None
    if running is None:
        return
    done = Answered(running.query, _now(), running.seconds)
    try:
        answer = running.answer()
        done.seconds, done.cut, done.table = answer.seconds, answer.cut, answer.table()
        done.frame = frame_of(done.table)
    except Explained as error:
        done.fault = str(error)
    finally:
        running.close()
    _end(desk, done)


def _end(desk: _Desk, answered: Answered) -> None:
    desk.answered = answered
    light = Answered(answered.query, answered.at, answered.seconds, answered.fault)
    light.cut = answered.cut
    before = [one for one in desk.history if one.query != answered.query]
    desk.history = [light, *before][:_REMEMBERED]


def answered() -> Answered | None:
    """How the last query ended; None before the first one, and while one is running, which is shown instead."""
    desk = _desk()
    if desk.running is not None:
        _watch()
        return None
    warm()
    return desk.answered


def is_running() -> bool:
    """Whether a query is on its way."""
    return _desk().running is not None


@st.fragment(run_every=_LOOK_SECONDS)
def _watch() -> None:
    """Looks at the query that is running, apart from the page; draws the page anew when it has ended."""
    running = _desk().running
    if running is None or running.done():
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/hourglass_top: Running for {running.seconds:.0f} s, at most {SECONDS:.0f} s.")
        st.button("Cancel", icon=":material/stop:", key="sql_cancel", on_click=running.cancel)


def beginnings(place: str = "begin") -> None:
    """Questions to begin with, each with a button that asks it; ``place`` tells two lists on a page apart."""
    _buttons(place, [(plain(example.question), example.query, None) for example in examples()])


def bring() -> None:
    """Examples, and what this browser session asked before."""
    with st.container(horizontal=True, gap="small"):
        with st.popover("Examples", icon=":material/lightbulb:", type="tertiary"):
            beginnings("example")
        history = _desk().history
        if history:
            with st.popover("History", icon=":material/history:", type="tertiary"):
                st.caption("What was asked in this tab, the newest first.")
                _buttons("history", [(_first_words(one.query), one.query, _ended(one)) for one in history])


def _buttons(name: str, queries: list[tuple[str, str, str | None]]) -> None:
    with st.container(gap=None):
        for number, (label, query, about) in enumerate(queries):
            key = f"sql_{name}_{number}"
            st.button(label, key=key, type="tertiary", help=about, on_click=_bring(query), wrap=True)


def _bring(query: str) -> Callable[[], None]:
    return lambda: put({"sql": [query]})


def _first_words(query: str) -> str:
    words = " ".join(query.split())
    return plain(words if len(words) <= 70 else words[:69] + "…")


def _ended(one: Answered) -> str:
    how = plain(one.fault.splitlines()[0]) if one.fault else f"answered in {one.seconds:.2f} s"
    return f"{one.at:%H:%M:%S} UTC, {how}"


def relations() -> None:
    """Which tables and views there are, what their rows are, and their columns."""
    known = asked(catalog.relations)
    kinds = dict(zip(known["name"], known["kind"], strict=True))
    chosen = one_from(
        "Tables and views",
        list(kinds),
        key="relation",
        default="nightly_failures",
        width="stretch",
        titles={name: f"{name} ({kind})" for name, kind in kinds.items()},
    )
    comment = known.loc[known["name"] == chosen, "comment"].iloc[0]
    if not pd.isna(comment):
        first, dot, rest = str(comment).partition(". ")
        st.caption(plain(first + dot.strip()))
        if rest:
            with st.expander("What its words mean"):
                st.caption(plain(rest))
    columns = asked(catalog.columns, relation=chosen)
    shown = ["name", "comment", "type"] if columns["comment"].notna().any() else ["name", "type"]
    config = st.column_config
    st.dataframe(
        columns, hide_index=True, column_order=shown, height=300, key="sql_columns", alt=f"Columns of {chosen}",
        column_config={
            "name": config.TextColumn("Column", width=130),
            "type": config.TextColumn("Type", width=90),
            "comment": config.TextColumn("Meaning", width=255),
        },
    )  # fmt: skip
    st.button(
        "Look at its rows", icon=":material/table_rows:", key="sql_look", on_click=_bring(f"from {chosen} limit 100")
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _text(words: Words) -> str:
    return words[-1]


def _said(value: str) -> Words:
    return [value] if value.strip() else []
