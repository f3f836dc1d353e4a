"""The one way rows enter a table: ``apply`` merges a batch of changes into the database of a connection.

The law (``tests/store/test_law.py``): any order, repetition or batching of the same upserted rows ends in one state,
and a stale row never wins. It holds per group of columns. It rests on one total order of a group's rows: the version
columns first, then the content, compared as DuckDB sort keys with null as the smallest value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from dashlib.model import Change, Delete, Group, Put, Replace, Row, Table, Upsert
from dashlib.store.derive import DERIVE
from dashlib.store.staging import ORDINAL, staged

_STAGED = "staged_rows"
_SCOPES = "staged_scopes"
_LARGE_TEXT = frozenset({"text", "message", "description", "note_body"})
"""Columns compared by their digest: a four-megabyte log has no business in a sort key."""
_WORTH_A_LOOK = 100
"""Rows from which on it pays to look first whether they are all new."""


def apply(connection: duckdb.DuckDBPyConnection, changes: Sequence[Change]) -> int:
    """Merge the changes inside the caller's transaction; returns how many rows of data (not bookkeeping) changed.

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
    for series in _coalesced([change for change in changes if not isinstance(change, Upsert) and _says(change)]):
        changed += _state(connection, series) * series[0].table.of_data
    return changed


def _says(change: Change) -> bool:
    """Without a row only a listing says something: that there is nothing."""
    return bool(change.rows) or isinstance(change, Replace)


def _coalesced(changes: Sequence[Change]) -> list[list[Change]]:
    """Neighbours of one kind and table as one series; tables do not depend on each other, series keep their order."""
    by_table: dict[str, list[list[Change]]] = {}
    for change in changes:
        found = by_table.setdefault(change.table.name, [])
        if found and type(found[-1][0]) is type(change) and not _same_scope_again(found[-1], change):
            found[-1].append(change)
        else:
            found.append([change])
    return [series for found in by_table.values() for series in found]


def _same_scope_again(series: Sequence[Change], change: Change) -> bool:
    """Two listings of one scope are two states, one after the other."""
    return isinstance(change, Replace) and any(
        isinstance(other, Replace) and other.scope == change.scope for other in series
    )


def _state(connection: duckdb.DuckDBPyConnection, series: Sequence[Change]) -> int:
    table, rows = series[0].table, [row for change in series for row in change.rows]
    if isinstance(series[0], Put):
        return _overwrite(connection, table, rows) if rows else 0
    if isinstance(series[0], Delete):
        return _delete(connection, table, rows) if rows else 0
    scopes = [change.scope for change in series if isinstance(change, Replace)]
    return _replace(connection, table, scopes, rows)


def _upsert(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    """Rows that carry the same groups go in together; where one key comes twice, group by group."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        carried = table.groups_of(row)
        if not carried:
            raise ValueError(f"{table.name}: a row that carries no group: {sorted(row)}")
        alike.setdefault(carried, []).append(row)
    changed = 0
    for carried, members in alike.items():
        if _each_once(table, members):
            changed += _merge_rows(connection, table, carried, members)
        else:
            changed += sum(_merge_newest(connection, table, name, members) for name in carried)
    if changed:
        _derive(connection, table, rows)
    return changed


def _each_once(table: Table, rows: Sequence[Row]) -> bool:
    """Whether no key stands twice among the rows."""
    return len({tuple(_stored(row.get(key)) for key in table.key) for row in rows}) == len(rows)


def _stored(key: Any) -> Any:
    """A key as the table holds it: what cannot be encoded becomes ``?`` (see staging)."""
    return key.encode("utf-8", "replace") if isinstance(key, str) else key


def _merge_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, carried: Sequence[str], rows: Sequence[Row]
) -> int:
    """One statement for all groups: each of a row's groups wins or loses by its own version."""
    newer = {name: f"{order_key(table.groups[name], 's')} > {order_key(table.groups[name], 't')}" for name in carried}
    if len(carried) == 1:
        columns = table.groups[carried[0]].columns
        return _merge(connection, table, columns, rows, _STAGED, newer[carried[0]])
    columns = tuple(column for name in carried for column in table.groups[name].columns)
    values = {
        column: f"case when {newer[name]} then s.{column} else t.{column} end"
        for name in carried
        for column in table.groups[name].columns
    }
    return _merge(connection, table, columns, rows, _STAGED, " or ".join(newer.values()), values)


def _merge_newest(connection: duckdb.DuckDBPyConnection, table: Table, name: str, rows: Sequence[Row]) -> int:
    """One group of rows among which a key stands more than once: the newest of each goes in."""
    group = table.groups[name]
    newest = f"row_number() over (partition by {', '.join(table.key)} order by {order_key(group)} desc)"
    source = f"(select * from {_STAGED} qualify {newest} = 1)"
    return _merge(connection, table, group.columns, rows, source, f"{order_key(group, 's')} > {order_key(group, 't')}")


def _overwrite(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    columns = [column for column in table.columns if column not in table.key]
    differs = " or ".join(f"s.{column} is distinct from t.{column}" for column in columns) or "false"
    if _each_once(table, rows):
        return _merge(connection, table, columns, rows, _STAGED, differs)
    last = f"row_number() over (partition by {', '.join(table.key)} order by {ORDINAL} desc)"
    return _merge(connection, table, columns, rows, f"(select * from {_STAGED} qualify {last} = 1)", differs)


def _merge(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    source: str,
    when: str,
    values: Mapping[str, str] | None = None,
) -> int:
    names = [*table.key, *columns]
    settings = ", ".join(f"{column} = {(values or {}).get(column, f's.{column}')}" for column in columns)
    connection.register(_STAGED, staged(table, names, rows))
    try:
        if len(rows) >= _WORTH_A_LOOK and not _known(connection, table):
            # A merge of rows that are all new takes three times as long as their insert.
            statement = (
                f"insert into {table.qualified} ({', '.join(names)}) select {', '.join(f's.{n}' for n in names)} "
                f"from {source} s"
            )
        else:
            statement = f"""
                merge into {table.qualified} t using {source} s
                on {_same_key(table)}
                when matched and ({when}) then update set {settings}
                when not matched then insert ({", ".join(names)}) values ({", ".join(f"s.{n}" for n in names)})
                """
        result = connection.execute(statement).fetchone()
    finally:
        connection.unregister(_STAGED)
    return int(result[0]) if result else 0


def _known(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether any of the staged rows is in the table."""
    found = connection.execute(
        f"select exists (select 1 from {table.qualified} t semi join {_STAGED} s on {_same_key(table)})"
    ).fetchone()
    return bool(found and found[0])


def _delete(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    connection.register(_STAGED, staged(table, table.key, rows))
    try:
        result = connection.execute(
            f"delete from {table.qualified} t using {_STAGED} s where {_same_key(table)}",
        ).fetchone()
    finally:
        connection.unregister(_STAGED)
    return int(result[0]) if result else 0


def _replace(connection: duckdb.DuckDBPyConnection, table: Table, scopes: Sequence[Row], listed: Sequence[Row]) -> int:
    """Complete listings of these scopes: absent rows go (or are marked), listed ones overwrite."""
    rows = [{**row, table.gone: False} for row in listed] if table.gone else listed
    within = " and ".join(f"t.{column} = p.{column}" for column in table.scope)
    connection.register(_STAGED, staged(table, table.key, rows))
    connection.register(_SCOPES, staged(table, table.scope, scopes))
    try:
        absent = (
            f"exists (select 1 from {_SCOPES} p where {within}) "
            f"and not exists (select 1 from {_STAGED} s where {_same_key(table)})"
        )
        if table.gone:
            statement = (
                f"update {table.qualified} t set {table.gone} = true where {absent} and {table.gone} is not true"
            )
        else:
            statement = f"delete from {table.qualified} t where {absent}"
        result = connection.execute(statement).fetchone()
    finally:
        connection.unregister(_STAGED)
        connection.unregister(_SCOPES)
    changed = int(result[0]) if result else 0
    return changed + (_overwrite(connection, table, rows) if rows else 0)


def _derive(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> None:
    for name in table.derive:
        derivation = DERIVE[name]
        touched = sorted({derivation.scope(table, row) for row in rows})
        connection.execute("create or replace temp table touched (project_id bigint, pipeline_id bigint)")
        connection.executemany("insert into touched values (?, ?)", touched) if len(
            touched
        ) < 3 else connection.execute(
            "insert into touched select unnest($1::bigint[]), unnest($2::bigint[])",
            [[project for project, _ in touched], [pipeline for _, pipeline in touched]],
        )
        connection.execute(derivation.statement)


def order_key(group: Group, alias: str | None = None) -> str:
    """The SQL expression that orders a group's rows: version columns, then content; null is the smallest."""
    prefix = f"{alias}." if alias else ""
    first = "desc nulls first" if group.earliest else "asc nulls first"
    ordered = dict.fromkeys(group.version, first) | {
        column: "asc nulls first" for column in group.columns if column not in group.version
    }
    parts = [f"md5({prefix}{c})" if c in _LARGE_TEXT else f"{prefix}{c}" for c in ordered]
    keys = (f"{part}, '{order}'" for part, order in zip(parts, ordered.values(), strict=True))
    return f"create_sort_key({', '.join(keys)})"


def _same_key(table: Table) -> str:
    return " and ".join(f"t.{key} = s.{key}" for key in table.key)
