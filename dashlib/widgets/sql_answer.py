"""The answer to a query: a table or a chart, files of it, or why there is none and where in the query."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pyarrow as pa
import streamlit as st

from dashlib.charts.wording import plain
from dashlib.explore import picture
from dashlib.explore.formats import WRITERS, write_csv
from dashlib.explore.picture import KINDS, MOST_DRAWN, Picture
from dashlib.widgets.choose import one_from, one_of
from dashlib.widgets.sql import Answered

_SHOWN = 2_000
"""Rows of a table in the browser; a file has all."""
_NONE = "one colour"
_FILES = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "json": ("JSON", "application/json"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def result(answered: Answered) -> None:
    """What came of a query."""
    if answered.table is None:
        _fault(answered.fault or "")
        return
    _told(answered)
    if answered.fault:
        _fault(answered.fault)
        _files(answered.table, f"answer-{answered.at:%Y-%m-%d-%H%M%S}")
        return
    if _is_plan(answered.table):
        st.code("\n".join(str(text) for text in answered.table.column(1).to_pylist()), language=None)
        return
    if not answered.table.num_rows:
        st.info("No rows. The query is right; nothing in the data matches it.", icon=":material/inbox:")
        return
    suggested = picture.suggested(answered.frame)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = one_of("Show", ["table", "chart"], key="sql_as") if suggested else "table"
        chosen = _axes(list(answered.frame.columns), suggested) if suggested and shown == "chart" else None
    if chosen:
        _chart(answered, chosen)
    else:
        _table(answered)
    _files(answered.table, f"answer-{answered.at:%Y-%m-%d-%H%M%S}")


def _fault(text: str) -> None:
    """What is wrong, and the place as it was drawn: a pointer stands where it stands only in lines of one width."""
    says, _, place = text.partition("\n\nLine ")
    first, _, more = says.partition("\n")
    st.error(plain(first), icon=":material/error:")
    if place:
        st.code(f"Line {place}", language=None)
    if more.strip():
        st.caption(plain(more.strip()))


def _told(answered: Answered) -> None:
    assert answered.table is not None
    rows = answered.table.num_rows
    word = "row" if rows == 1 else "rows"
    st.caption(f"{rows:,} {word} in {answered.seconds:.2f} s, asked at {answered.at:%H:%M:%S} UTC.")
    if answered.cut:
        st.warning(
            f"There are more rows: these are the first {rows:,}. Add a limit or a filter, or ask"
            " `python -m dashlib sql`, which gives all of them.",
            icon=":material/content_cut:",
        )


def _is_plan(table: pa.Table) -> bool:
    return list(table.column_names) == ["explain_key", "explain_value"]


def _table(answered: Answered) -> None:
    frame = answered.frame
    config = {name: st.column_config.LinkColumn(display_text="open", width="small") for name in picture.links(frame)}
    config |= {name: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss") for name in picture.times(frame)}
    config |= {name: st.column_config.DateColumn(format="YYYY-MM-DD") for name in picture.days(frame)}
    st.dataframe(
        frame.head(_SHOWN), hide_index=True, placeholder="", key="sql_table", alt="The answer's rows",
        column_config=config,
    )  # fmt: skip
    if len(frame) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} rows; the files below hold all {len(frame):,}.")


def _axes(names: list[str], suggested: Picture) -> Picture:
    word = one_of("As", list(KINDS), key="sql_type", default=suggested.kind)
    kind = next(kind for kind in KINDS if kind == word)
    x = one_from("Across", names, key="sql_x", default=suggested.x, width=150)
    y = one_from("Up", names, key="sql_y", default=suggested.y, width=150)
    colour = one_from("Colour", [_NONE, *names], key="sql_colour", default=suggested.colour or _NONE, width=150)
    return Picture(kind, x, y, None if colour == _NONE else colour)


def _chart(answered: Answered, chosen: Picture) -> None:
    says = f"{chosen.y} by {chosen.x}" + (f" and {chosen.colour}" if chosen.colour else "")
    st.altair_chart(picture.drawn(answered.frame, chosen), alt=says, key="chart_sql")
    if len(answered.frame) > MOST_DRAWN:
        st.caption(f"Drawn are the first {MOST_DRAWN:,} of {len(answered.frame):,} rows.")


def _files(table: pa.Table, name: str) -> None:
    """The answer as files, named by when it was asked (UTC): several lie beside each other in one folder."""
    with st.container(horizontal=True, gap="small"):
        for ending, (title, kind) in _FILES.items():
            st.download_button(
                title,
                data=_file(ending, table),
                file_name=f"{name}.{ending}",
                mime=kind,
                key=f"sql_file_{ending}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )


def _file(ending: str, table: pa.Table) -> Callable[[], bytes]:
    """Written when somebody asks for it."""
    write = partial(write_csv, defuse=True) if ending == "csv" else WRITERS[ending]

    def written() -> bytes:
        target = io.BytesIO()
        write(table.schema, table.to_batches(), target)
        return target.getvalue()

    return written
