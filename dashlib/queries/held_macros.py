"""The macros of the views for a copy in memory, where the team's zone is a word instead of a question."""

from __future__ import annotations

import duckdb

from dashlib.explore.literals import literal
from dashlib.store import views


def macros(copy: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    """Make these macros in ``copy``, and ``team_zone`` as it is where ``reader`` reads: right until that setting moves.

    The bounds of a period are constants then, which DuckDB compares with while it reads, not afterwards.
    """
    [(zone,)] = reader.execute("select team_zone()").fetchall()
    copy.execute(f"create or replace macro team_zone() as ({literal(zone)})")
    [known] = [definition for definition in views.definitions() if definition.name == "macros"]
    for statement in copy.extract_statements(known.statement):
        if any(f"macro {name}(" in statement.query for name in names):
            copy.execute(statement)
