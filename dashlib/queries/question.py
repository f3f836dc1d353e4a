"""Ask one question: SQL with named parameters in, DataFrame out, and the SQL that anyone can run to get the same.

The frame carries that text in ``frame.attrs["sql"]``: every chart shows it ("How this is computed"), so what is shown
is what was asked.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pandas as pd

from dashlib.explore.literals import literal
from dashlib.model import Filters

_PARAMETER = re.compile(r"\$([a-z_]+)")


def ask(connection: duckdb.DuckDBPyConnection, sql: str, filters: Filters, **parameters: Any) -> pd.DataFrame:
    """The answer to ``sql``, whose ``$names`` are the filters' and the given parameters'; all values are bound."""
    sql, used = valued(sql, filters, **parameters)
    frame: pd.DataFrame = connection.execute(sql, used).df()
    frame.attrs["sql"] = filled(sql, used)
    return frame


def valued(sql: str, filters: Filters, **parameters: Any) -> tuple[str, dict[str, Any]]:
    """``sql`` and the values of those parameters that it names, the filters' among them."""
    values = _of(filters) | parameters
    return sql, {name: values[name] for name in _PARAMETER.findall(sql)}


def filled(sql: str, parameters: dict[str, Any]) -> str:
    """The statement with its parameters as literals: to read, and to run elsewhere."""
    return _PARAMETER.sub(lambda found: literal(parameters[found.group(1)]), sql).strip()


def _of(filters: Filters) -> dict[str, Any]:
    """The filter bar as parameters: nothing chosen is null, which filters nothing."""
    return {
        "groups": list(filters.groups) or None,
        "projects": list(filters.projects) or None,
        "persons": list(filters.persons) or None,
        "since": filters.since,
        "until": filters.until,
    }
