"""Questions asked and answers shown: cached frames, top-line numbers, charts and tables with their SQL and CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils import schemapi

from dashlib.charts.delivery_wording import span_told
from dashlib.charts.tables import Column, Tile
from dashlib.charts.wording import ago, exact, plain
from dashlib.model import Filters
from dashlib.queries import choices
from dashlib.queries.export import to_csv
from dashlib.runtime import runtime

schemapi.disable_debug_mode()
Question = Callable[..., pd.DataFrame]
NO_FILTERS = Filters()
NO_HEADINGS: Mapping[str, str] = {}
ALONE: Mapping[str, pd.DataFrame] = {}
"""No other answer than the one that a chart is drawn from."""
_WORDS = ("age", "span")
"""Tiles that show words beside numbers: wider than a number."""
_PIXELS_A_LETTER, _LINE_PIXELS, _ROW_PIXELS = 8, 21, 14
_WRAPS_FROM = 65
"""Pixels of a row: in lower ones Streamlit cuts a text off at its first line, however many would fit (4rem)."""


def asked(question: Question, chosen: Filters = NO_FILTERS, **arguments: Any) -> pd.DataFrame:
    """The answer to a question of ``dashlib.queries``; kept until data moved, whoever asks."""
    store = runtime().store
    name = f"{question.__module__}.{question.__qualname__}"
    key = tuple(sorted(arguments.items()))
    return _kept(f"{store.path}:{id(store)}", store.data_version, name, question, chosen, key)


@st.cache_data(max_entries=400, show_spinner=False)
def _kept(
    database: str, version: int, name: str, _question: Question, chosen: Filters, arguments: tuple[tuple[str, Any], ...]
) -> pd.DataFrame:
    with runtime().store.reader() as connection:
        return _question(connection, chosen, **dict(arguments))


def asked_now(question: Question) -> pd.DataFrame:
    """An answer that is never kept: bookkeeping moves without the data moving."""
    with runtime().store.reader() as connection:
        return question(connection, NO_FILTERS)


def metrics(tiles: Sequence[Tile], now: pd.Series, before: pd.Series | None = None) -> None:
    """The top line: one number each, with its change where there is something to compare with; narrow enough for a
    telephone to hold three beside each other."""
    colours: dict[str, Any] = {"more": "normal", "less": "inverse", "neither": "off"}
    zone = runtime().settings.timezone
    with st.grid(len(tiles), min_column_width=160 if any(tile.kind in _WORDS for tile in tiles) else 105):
        for tile in tiles:
            value = now[tile.name]
            if tile.kind == "age":
                st.metric(tile.title, ago(value), help=exact(value, zone))
                continue
            if tile.kind in ("known", "span") and pd.isna(value):
                st.metric(tile.title, "–", help=tile.help)
                continue
            if tile.kind == "span":
                st.metric(tile.title, span_told(value), help=tile.help)
                continue
            if tile.kind == "share":
                st.metric(tile.title, "–" if pd.isna(value) else f"{100 * value:.1f} %", help=tile.help)
                continue
            st.metric(
                tile.title,
                0 if pd.isna(value) else int(value),
                None if before is None else int(value - before[tile.name]),
                delta_color=colours[tile.good],
                format="localized",
                help=tile.help,
            )


def unchecked(figure: alt.Chart | alt.LayerChart) -> alt.Chart | alt.LayerChart:
    """The same chart, which Streamlit turns into Vega-Lite without Altair's look at its grammar.

    That look takes a quarter of a page's time at every rerun, and holds a lock of all sessions; tests take it. So does
    the look at each part that a chart is made of, left out above for the whole process.
    """
    # Altair keeps what is set on a chart as a part of its drawing.
    object.__setattr__(figure, "to_dict", partial(figure.to_dict, validate=False))
    return figure


def chart(
    figure: alt.Chart | alt.LayerChart,
    answer: pd.DataFrame,
    says: str,
    name: str,
    layers: Mapping[str, pd.DataFrame] = ALONE,
    **options: Any,
) -> Any:
    """A chart with its name for screen readers, its SQL and its numbers as a file.

    ``layers`` are answers that it draws beside ``answer``, by what they are: their SQL is told as well.
    """
    with st.container(gap="xxsmall"):
        event = st.altair_chart(unchecked(figure), alt=says, key=f"chart_{name}", **options)
        below(answer, name, layers=layers)
    return event


def below(
    answer: pd.DataFrame,
    name: str,
    headings: Mapping[str, str] = NO_HEADINGS,
    layers: Mapping[str, pd.DataFrame] = ALONE,
) -> None:
    """Under a chart or table: how it is computed, and its rows as CSV, its columns called by ``headings``."""
    with st.container(horizontal=True, gap="small"):
        how_computed(answer, name, layers)
        st.download_button(
            "CSV",
            data=lambda: to_csv(answer.rename(columns=dict(headings))),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv_{name}",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def table(
    answer: pd.DataFrame,
    columns: Sequence[Column],
    says: str,
    name: str,
    whole: int | None = None,
    on_select: Callable[[], None] | Literal["rerun"] | None = None,
    picks: Literal["single-row", "multi-row"] = "single-row",
    known_by: Sequence[str] = (),
    headings: Mapping[str, str] = NO_HEADINGS,
) -> None:
    """A table of the declared columns, with its SQL and its rows as a file; says when it is cut off.

    ``on_select`` is called when a person picks rows: their positions stand in the session state of ``table_<name>``.
    ``known_by`` are the columns that tell its rows apart: what was picked stays picked where it stands now.
    ``headings`` call columns in the file by what people call them.
    """
    if known_by:
        _keep_picks(answer, name, known_by)
    picking: dict[str, Any] = {"on_select": on_select, "selection_mode": picks} if on_select else {}
    shown = answer.copy()
    for column in columns:
        if column.kind == "seconds":
            shown[column.name] = pd.to_timedelta(answer[column.name].round(), unit="s")
        elif column.kind == "share":
            shown[column.name] = 100 * answer[column.name]
    with st.container(gap="xsmall"):
        st.dataframe(
            shown,
            hide_index=True,
            placeholder="",
            key=f"table_{name}",
            alt=says,
            column_order=[column.name for column in columns],
            column_config={column.name: _configured(column) for column in columns},
            row_height=_row_height(answer, columns),
            **picking,
        )
        if whole is not None and whole > len(answer):
            st.caption(f"The newest {len(answer):,} of {whole:,}; narrow the filters, or ask in SQL for the rest.")
        below(answer, name, headings)


def _keep_picks(answer: pd.DataFrame, name: str, known_by: Sequence[str]) -> None:
    """Streamlit keeps positions: after data moved, or a filter, they would be those of other rows."""
    key, shown = f"table_{name}", f"rows_of_{name}"
    rows = list(answer[list(known_by)].itertuples(index=False, name=None))
    before, held = st.session_state.get(shown), st.session_state.get(key)
    st.session_state[shown] = rows
    if before is None or before == rows or not held or not held["selection"]["rows"]:
        return
    places = {row: place for place, row in enumerate(rows)}
    picked = [before[place] for place in held["selection"]["rows"] if place < len(before)]
    there = [places[row] for row in picked if row in places]
    st.session_state[key] = {"selection": {"rows": there, "columns": [], "cells": []}}


def _row_height(answer: pd.DataFrame, columns: Sequence[Column]) -> int | None:
    """Pixels that the longest text of a wrapped column needs, up to its limit; None where there is no such column."""
    lines = [
        min(column.lines, -(-_longest(answer[column.name]) // max(1, column.width // _PIXELS_A_LETTER)))
        for column in columns
        if column.kind == "wrapped" and isinstance(column.width, int) and len(answer)
    ]
    most = max(lines, default=1)
    return None if most == 1 else max(_WRAPS_FROM, _LINE_PIXELS * most + _ROW_PIXELS)


def _longest(texts: pd.Series) -> int:
    return int(texts.astype("str").str.len().max())


def _configured(column: Column) -> Any:
    kinds = st.column_config
    as_what: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "text": (kinds.TextColumn, {}),
        "wrapped": (kinds.TextColumn, {}),
        "number": (kinds.NumberColumn, {"format": "localized"}),
        "change": (kinds.NumberColumn, {"format": "%+d"}),
        "share": (kinds.ProgressColumn, {"format": "%.1f%%", "min_value": 0, "max_value": 100}),
        # "01:36:54", as wide for a minute as for a day: what is wider than its cell loses its left end, the hours.
        # It is sorted by length, as no text of ours would be.
        "seconds": (kinds.NumberColumn, {"format": "compact"}),
        "link": (kinds.LinkColumn, {"display_text": column.text}),
        "date": (kinds.DateColumn, {"format": "ddd DD MMM"}),
        "day": (kinds.DateColumn, {"format": "D MMM YYYY"}),
        "moment": (kinds.DatetimeColumn, {"format": "YYYY-MM-DD HH:mm"}),
        "clock": (kinds.DatetimeColumn, {"format": "HH:mm"}),
        "flag": (kinds.CheckboxColumn, {}),
        "bars": (kinds.BarChartColumn, {"y_min": 0}),
    }
    make, options = as_what[column.kind]
    about = f"{column.help or ''} Hours:minutes:seconds.".strip() if column.kind == "seconds" else column.help
    return make(column.title, width=column.width, help=about, **options)


def how_computed(answer: pd.DataFrame, name: str, layers: Mapping[str, pd.DataFrame] = ALONE) -> None:
    """The SQL of an answer, the filters filled in, and what the views in it mean; then that of a chart's ``layers``."""
    every = [str(one.attrs.get("sql", "")) for one in (answer, *layers.values())]
    with st.popover("How this is computed", icon=":material/code:", type="tertiary", key=f"how_{name}"):
        for title, sql in zip(("", *layers), every, strict=True):
            if title:
                st.markdown(f"**{plain(title)}**")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.page_link("sql.py", label="Open in SQL", icon=":material/terminal:", query_params={"sql": sql})
                st.caption("or run it with `python -m dashlib sql`: the same numbers.", width="content")
            st.code(sql, language="sql", wrap_lines=True)
        words = tuple(sorted(set(re.findall(r"\b(?:from|join) (\w+)", "\n".join(every)))))
        for view in asked(choices.meanings, names=words).itertuples():
            st.caption(f"**{plain(str(view.name))}** – {plain(str(view.comment))}")
