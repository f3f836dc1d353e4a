"""Bring a database file to the layout that this version of the program expects.

Additive changes need nothing: tables and columns that are declared but missing are created. Everything else is a
numbered migration. A file says its version in ``bookkeeping.meta``; a newer one is refused before anything is written.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dashlib.model import Table
from dashlib.store import views


@dataclass(frozen=True)
class Migration:
    """Statements that turn version ``to - 1`` into version ``to``.

    ``fill`` gives values to columns that are new: these statements run when all declared columns are there. DuckDB does
    not alter a table any more in a transaction that has changed its rows.
    """

    to: int
    statements: tuple[str, ...]
    fill: tuple[str, ...] = ()


# What only the API brought so far gets the versions by which hooks and API are told apart (sources/tables.py).
_HOOKS_BESIDE_THE_API = (
    "update pipelines set by_api = true, identified_at = updated_at, changed_at = date_trunc('second', updated_at),"
    " run_at = date_trunc('second', detail_at), run_rank = case when detail_at >= updated_at then state_rank end",
    "update jobs set changed_at = date_trunc('second', changed_at)",
    "update issues set credited_at = updated_at",
    "update events set by_hook = false",
)
# Whether a name that is the path's end was told or made of it is not known; an older hook must not win over either.
_NAMES_BESIDE_PATHS = (
    "update projects set named = name is not null, named_at = changed_at,"
    " addressed_at = case when web_url is not null then changed_at end",
)
MIGRATIONS: tuple[Migration, ...] = (Migration(2, (), _HOOKS_BESIDE_THE_API), Migration(3, (), _NAMES_BESIDE_PATHS))
BASELINE = 1
"""The layout of the first release; every later version is a migration."""


def version_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The version a file says it has; 0 for an empty file, None for a database of something else."""
    known = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'bookkeeping' and table_name = 'meta'"
    ).fetchone()
    if known and known[0]:
        found = connection.execute("select value from bookkeeping.meta where name = 'version'").fetchone()
        return int(found[0]) if found else 0
    others = connection.execute(
        "select (select count(*) from duckdb_tables() where not internal)"
        " + (select count(*) from duckdb_views() where not internal)"
    ).fetchone()
    return None if others and others[0] else 0


def latest(migrations: Sequence[Migration]) -> int:
    """The version that this program writes."""
    return max([BASELINE, *(migration.to for migration in migrations)])


def migrate(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], migrations: Sequence[Migration]) -> None:
    """Bring the open database up to date, in one transaction: all of it or nothing."""
    connection.execute("begin transaction")
    try:
        connection.execute("create schema if not exists bookkeeping")
        connection.execute("create table if not exists bookkeeping.meta (name varchar, value varchar)")
        connection.execute(
            "comment on table bookkeeping.meta is 'One row per fact about this file: its layout''s version.'"
        )
        have = version_of(connection) or 0
        due = sorted((one for one in migrations if have and one.to > have), key=lambda one: one.to)
        for statement in [statement for migration in due for statement in migration.statements]:
            connection.execute(statement)
        columns = _columns(connection)
        for table in tables:
            _create(connection, table, columns.get((table.schema, table.name), set()))
        _tell_columns(connection, tables)
        for statement in [statement for migration in due for statement in migration.fill]:
            connection.execute(statement)
        _remember(connection, "version", str(latest(migrations)))
        _create_views(connection)
        connection.execute("commit")
    except BaseException:
        # A commit that failed has ended the transaction itself.
        with contextlib.suppress(duckdb.TransactionException):
            connection.execute("rollback")
        raise


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """The columns that each table has, by schema and name."""
    have: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal"
    ).fetchall():
        have.setdefault((schema, table), set()).add(column)
    return have


def _create(connection: duckdb.DuckDBPyConnection, table: Table, have: set[str]) -> None:
    if not have:
        columns = ", ".join(_declared(table, name) for name in table.columns)
        connection.execute(f"create table {table.qualified} ({columns})")
        connection.execute(f"comment on table {table.qualified} is '{_quoted(table.grain)}'")
        return
    for name in table.columns:
        if name not in have:
            connection.execute(f"alter table {table.qualified} add column {_declared(table, name)}")


def _declared(table: Table, column: str) -> str:
    default = f" default {table.defaults[column]}" if column in table.defaults else ""
    return f"{column} {table.columns[column]}{default}"


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Views and macros are code, not data: created anew when their text changed."""
    definitions = views.definitions()
    digest = _digest(views.meanings(), *(definition.statement for definition in definitions))
    if _remembered(connection, "views") == digest:
        return
    gone = connection.execute("select view_name from duckdb_views() where not internal and schema_name = 'main'")
    for name in {name for (name,) in gone.fetchall()} - {definition.name for definition in definitions}:
        connection.execute(f'drop view "{name}"')
    for definition in definitions:
        connection.execute(definition.statement)
        if definition.comment:
            connection.execute(f"comment on view {definition.name} is '{_quoted(definition.comment)}'")
    columns = connection.execute(
        "select c.table_name, c.column_name from duckdb_columns() c join duckdb_views() v on v.view_oid = c.table_oid"
        " where not c.internal and c.schema_name = 'main'"
    )
    _comment(connection, columns.fetchall())
    _remember(connection, "views", digest)


def _tell_columns(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """What the columns of the tables mean, told anew when its text or a table changed.

    Before rows are filled in: a comment alters its table.
    """
    columns = [(table.name, column) for table in tables if table.schema == "main" for column in table.columns]
    digest = _digest(views.meanings(), *(f"{table}.{column}" for table, column in columns))
    if _remembered(connection, "columns") == digest:
        return
    _comment(connection, columns)
    _remember(connection, "columns", digest)


def _comment(connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]]) -> None:
    told = views.meanings_of(columns)
    statements = (f"comment on column {name}.\"{column}\" is '{_quoted(text)}'" for name, column, text in told)
    connection.execute(";\n".join(statements))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _remembered(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    found = connection.execute("select value from bookkeeping.meta where name = $1", [name]).fetchone()
    return str(found[0]) if found else None


def _remember(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    connection.execute("delete from bookkeeping.meta where name = $1", [name])
    connection.execute("insert into bookkeeping.meta values ($1, $2)", [name, value])


def _quoted(text: str) -> str:
    """A declared text inside a SQL literal: COMMENT takes no bound value."""
    return text.replace("'", "''")
