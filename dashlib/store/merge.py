"""The one way rows enter a table: ``apply`` merges a batch of changes into the database of a connection.

The law (``tests/store/test_law.py``): any order, repetition or batching of the same upserted rows ends in one state,
and a stale row never wins. It holds per group of columns. It rests on one total order of a group's rows: the version
columns first, then the content, compared as DuckDB sort keys with null as the smallest value.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from dashlib.model import Change, Delete, Group, Put, Replace, Row, Table, Upsert
from dashlib.store.derive import DERIVE
from dashlib.store.staging import ORDINAL, staged

_STAGED = "staged_rows"
_LARGE_TEXT = frozenset({"text", "message", "description", "note_body"})
"""Columns compared by their digest: a four-megabyte log has no business in a sort key."""


def apply(connection: duckdb.DuckDBPyConnection, changes: Sequence[Change]) -> int:
    """Merge the changes inside the caller's transaction; returns how many rows changed.

    Upserts commute, so they are gathered per table; the rest keeps its order within each table.
    Raises ``ValueError`` for rows that break their table's declaration.
    """
    changed = 0
    upserts: dict[str, tuple[Table, list[Row]]] = {}
    for change in changes:
        if isinstance(change, Upsert) and change.rows:
            upserts.setdefault(change.table.name, (change.table, []))[1].extend(change.rows)
    for table, rows in upserts.values():
        changed += _upsert(connection, table, rows)
    for other in _coalesced([change for change in changes if not isinstance(change, Upsert)]):
        changed += _state(connection, other)
    return changed


def _coalesced(changes: list[Change]) -> list[Change]:
    """Neighbouring puts (and deletes) of one table as one statement; tables do not depend on each other."""
    merged: dict[str, list[Change]] = {}
    for change in changes:
        series = merged.setdefault(change.table.name, [])
        last = series[-1] if series else None
        if isinstance(change, Put) and isinstance(last, Put):
            series[-1] = Put(change.table, [*last.rows, *change.rows])
        elif isinstance(change, Delete) and isinstance(last, Delete):
            series[-1] = Delete(change.table, [*last.rows, *change.rows])
        else:
            series.append(change)
    return [change for series in merged.values() for change in series]


def _state(connection: duckdb.DuckDBPyConnection, change: Change) -> int:
    if isinstance(change, Put):
        return _overwrite(connection, change.table, change.rows) if change.rows else 0
    if isinstance(change, Delete):
        return _delete(connection, change.table, change.rows) if change.rows else 0
    if isinstance(change, Replace):
        return _replace(connection, change)
    raise TypeError(f"not a change of state: {change!r}")


def _upsert(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    by_group: dict[str, list[Row]] = {}
    for row in rows:
        carried = table.groups_of(row)
        if not carried:
            raise ValueError(f"{table.name}: a row that carries no group: {sorted(row)}")
        for name in carried:
            by_group.setdefault(name, []).append(row)
    changed = 0
    for name, members in by_group.items():
        changed += _merge_group(connection, table, table.groups[name], members)
    if changed:
        _derive(connection, table, rows)
    return changed


def _merge_group(connection: duckdb.DuckDBPyConnection, table: Table, group: Group, rows: Sequence[Row]) -> int:
    keys = ", ".join(table.key)
    newest = f"row_number() over (partition by {keys} order by {order_key(group)} desc)"
    source = f"(select * from {_STAGED} qualify {newest} = 1)"
    when = f"{order_key(group, 's')} > {order_key(group, 't')}"
    return _merge(connection, table, group.columns, rows, source, when)


def _overwrite(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    columns = [column for column in table.columns if column not in table.key]
    differs = " or ".join(f"s.{column} is distinct from t.{column}" for column in columns) or "false"
    last = f"row_number() over (partition by {', '.join(table.key)} order by {ORDINAL} desc)"
    return _merge(connection, table, columns, rows, f"(select * from {_STAGED} qualify {last} = 1)", differs)


def _merge(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    source: str,
    when: str,
) -> int:
    names = [*table.key, *columns]
    connection.register(_STAGED, staged(table, names, rows))
    try:
        result = connection.execute(
            f"""
            merge into {table.qualified} t using {source} s
            on {" and ".join(f"t.{key} = s.{key}" for key in table.key)}
            when matched and ({when}) then update set {", ".join(f"{c} = s.{c}" for c in columns)}
            when not matched then insert ({", ".join(names)}) values ({", ".join(f"s.{n}" for n in names)})
            """
        ).fetchone()
    finally:
        connection.unregister(_STAGED)
    return int(result[0]) if result else 0


def _delete(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    connection.register(_STAGED, staged(table, table.key, rows))
    try:
        result = connection.execute(
            f"delete from {table.qualified} t using {_STAGED} s where {_same_key(table)}",
        ).fetchone()
    finally:
        connection.unregister(_STAGED)
    return int(result[0]) if result else 0


def _replace(connection: duckdb.DuckDBPyConnection, change: Replace) -> int:
    table = change.table
    rows = [{**row, table.gone: False} for row in change.rows] if table.gone else change.rows
    within = " and ".join(f"t.{column} = ${column}" for column in table.scope)
    connection.register(_STAGED, staged(table, table.key, rows))
    try:
        absent = f"{within} and not exists (select 1 from {_STAGED} s where {_same_key(table)})"
        if table.gone:
            statement = f"update {table.qualified} t set {table.gone} = true where {absent} and {table.gone} is not true"
        else:
            statement = f"delete from {table.qualified} t where {absent}"
        result = connection.execute(statement, {column: change.scope[column] for column in table.scope}).fetchone()
    finally:
        connection.unregister(_STAGED)
    changed = int(result[0]) if result else 0
    return changed + (_overwrite(connection, table, rows) if rows else 0)


def _derive(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> None:
    for name in table.derive:
        derivation = DERIVE[name]
        touched = sorted({derivation.scope(table, row) for row in rows})
        connection.execute("create or replace temp table touched (project_id bigint, pipeline_id bigint)")
        connection.executemany("insert into touched values (?, ?)", touched) if len(touched) < 3 else connection.execute(
            "insert into touched select unnest($1::bigint[]), unnest($2::bigint[])",
            [[project for project, _ in touched], [pipeline for _, pipeline in touched]],
        )
        connection.execute(derivation.statement)


def order_key(group: Group, alias: str | None = None) -> str:
    """The SQL expression that orders a group's rows: version columns, then content; null is the smallest."""
    prefix = f"{alias}." if alias else ""
    columns = [*group.version, *(column for column in group.columns if column not in group.version)]
    parts = [f"md5({prefix}{c})" if c in _LARGE_TEXT else f"{prefix}{c}" for c in columns]
    return "create_sort_key(" + ", ".join(f"{part}, 'asc nulls first'" for part in parts) + ")"


def _same_key(table: Table) -> str:
    return " and ".join(f"t.{key} = s.{key}" for key in table.key)
