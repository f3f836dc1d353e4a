"""Questions asked of a copy in memory, their answers kept until the data moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import duckdb
import pandas as pd
import streamlit as st

from dashlib.model import Filters
from dashlib.runtime import runtime


class Copy(Protocol):
    """A copy of what pages ask, and the data version that it shows."""

    @property
    def version(self) -> int:
        """Grows with every change of the data."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database in memory."""


def of_copy(
    copy: Copy, question: Callable[..., pd.DataFrame], chosen: Filters, arguments: dict[str, Any]
) -> pd.DataFrame:
    """The answer to a question; asked once for the same filters, arguments and data."""
    store = runtime().store
    name = f"{question.__module__}.{question.__qualname__}"
    key = tuple(sorted(arguments.items()))
    return _kept(f"{store.path}:{id(store)}", copy.version, name, question, copy, chosen, key)


@st.cache_data(max_entries=700, show_spinner=False)
def _kept(
    database: str,
    version: int,
    name: str,
    _question: Callable[..., pd.DataFrame],
    _copy: Copy,
    chosen: Filters,
    arguments: tuple[tuple[str, Any], ...],
) -> pd.DataFrame:
    with _copy.connection.cursor() as connection:
        return _question(connection, chosen, **dict(arguments))
