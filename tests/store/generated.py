"""Hypothesis strategies for rows of declared tables: few keys, few versions, hostile values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from dashlib.model import Row, Table

HOSTILE = (
    "",
    "a",
    "b",
    "A",
    "é",
    "e\u0301",
    "\x00",
    "a\x00b",
    "\ud83d",
    "'; drop table jobs; --",
    '"',
    "%s $1 ?",
    "😀",
    "\uffff",
    "line\nline\r\n",
    "x" * 5000,
)
STAMPS = (
    datetime(2026, 3, 1, 2, 0, 0),
    datetime(2026, 3, 1, 2, 0, 30),
    datetime(2026, 3, 1, 2, 1, 0),
    datetime(2026, 3, 1, 2, 10, 0),
)
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "BIGINT": st.sampled_from((0, 1, 2, 2**63 - 1, -(2**63))),
    "INTEGER": st.sampled_from((0, 30, -120)),
    "TINYINT": st.sampled_from((0, 8, 12)),
    "DOUBLE": st.sampled_from((0.0, 1.5, -1.0, float("nan"), float("inf"))),
    "BOOLEAN": st.booleans(),
    "VARCHAR": st.sampled_from(HOSTILE),
    "JSON": st.sampled_from(("{}", '{"a": 1}', "[]")),
    "TIMESTAMP": st.sampled_from(STAMPS),
    "DATE": st.sampled_from((date(2026, 3, 1), date(2026, 3, 2))),
    "VARCHAR[]": st.lists(st.sampled_from(HOSTILE[:10]), max_size=2),
    "STRUCT(name VARCHAR, email VARCHAR)[]": st.lists(
        st.fixed_dictionaries({"name": st.sampled_from(HOSTILE[:10]), "email": st.sampled_from(HOSTILE[:10])}),
        max_size=2,
    ),
}


def rows_of(
    table: Table, fixed: Mapping[str, st.SearchStrategy[Any]] | None = None, max_size: int = 6
) -> st.SearchStrategy[list[Row]]:
    """Lists of rows that share a few keys; each row carries a non-empty choice of the table's groups.

    ``fixed`` says what a column holds where the world is narrower than the column's type.
    """
    return st.lists(row_of(table, fixed or {}), min_size=1, max_size=max_size)


@st.composite
def row_of(draw: st.DrawFn, table: Table, fixed: Mapping[str, st.SearchStrategy[Any]]) -> Row:
    """One row of a table."""
    row: dict[str, Any] = {}
    for column in table.key:
        small = st.sampled_from(("x", "y")) if table.columns[column] == "VARCHAR" else st.sampled_from((1, 2))
        row[column] = draw(fixed.get(column, small))
    groups = draw(st.sets(st.sampled_from(sorted(table.groups)), min_size=1))
    for name in sorted(groups):
        for column in table.groups[name].columns:
            value = fixed.get(column, st.none() | _BY_TYPE[table.columns[column]])
            row[column] = draw(value)
    return row
