"""Renews the copy of the nights by those repositories whose rows moved: a tenth of a second instead of seconds.

The views are not asked of the whole database for that, since most of what they work out holds whole tables: a small
database in memory gets the moved repositories' rows, and the same views are asked there. What one repository's nights
hold is of that repository alone, but for trigger jobs, whose failure is the failed job's of the pipeline they started
elsewhere: repositories on either side of such a job come along. What no repository owns (accounts, merged signatures,
settings) asks for the whole copy when it moves.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from dashlib.store import views
from dashlib.store.exchange import exchange

PARTS = (
    "nightly_slots",
    "nightly_changes",
    "nightly_job_nights",
    "nightly_run_failures",
    "nightly_schedules",
    "nightly_to_come",
    "schedules_at_risk",
    "projects",
)
"""What the copy holds of each repository."""
WHOLES = ("signatures", "bookkeeping.settings", "bookkeeping.nightly", "bookkeeping.notes_sent")
"""What it holds beside that: small, and renewed each time."""

_OF_PROJECT = {
    "projects": "id",
    "members": "project_id",
    "schedules": "project_id",
    "schedule_slots": "project_id",
    "pipelines": "project_id",
    "jobs": "project_id",
    "failures": "project_id",
    "bookkeeping.schedules_read": "project_id",
}
"""The tables that the views read, and the column that says whose a row is."""
_CLAIMS = "assignments"
"""Who has a nightly that does not run; who has a failure stands in the links."""
_SELECTED = {
    "traces": "select project_id, job_id, complete from traces",
    "bookkeeping.asked": "select source, project_id, resource, ref, outcome from bookkeeping.asked"
    " where resource = 'logs'",
    "bookkeeping.passes": "select source, project_id, resource, completed_at from bookkeeping.passes"
    " where resource = 'pipelines'",
    "bookkeeping.schedule_editions": "select project_id, schedule_id, valid_from from bookkeeping.schedule_editions",
}
"""Of these only what the views read: logs are large; other passes, and when a line was last seen, move all the time."""
_LINKS = "failure_links"
"""A view of links made anywhere: its rows are of the repository whose job failed."""
_SHARED = ("accounts", "merged_signatures", "users")
_GIVEN = (_LINKS, "accounts", "merged_signatures")
"""Views that the small database gets the rows of."""
_SOURCES = (
    {name: f"select *, {owner} as owner from {name}" for name, owner in _OF_PROJECT.items()}
    | {name: f"select *, project_id as owner from ({sql})" for name, sql in _SELECTED.items()}
    | {_LINKS: f"select *, project_id as owner from {_LINKS}"}
    | {_CLAIMS: f"select *, split_part(subject, '-', 1)::bigint as owner from {_CLAIMS} where scope = 'nightly'"}
)
_PRINTS = "\nunion all\n".join(
    f"select '{name}' as name, owner, count(*) as rows, bit_xor(hash(t)) as print from ({sql}) t group by all"
    for name, sql in _SOURCES.items()
)
_SHARED_PRINTS = "\nunion all\n".join(
    f"select '{name}' as name, count(*) as rows, bit_xor(hash(t)) as print from {name} t"
    for name in (*_SHARED, "bookkeeping.settings", "bookkeeping.nightly")
)
_NEIGHBOURS = """
select distinct project_id from jobs where downstream_project_id in (select unnest($ids::bigint[]))
"""
_BELOW = """
select distinct downstream_project_id from jobs
where project_id in (select unnest($ids::bigint[])) and downstream_project_id is not null
"""


@dataclass(frozen=True)
class Prints:
    """What tells one state of the data from another: a print of each repository's rows, and of what they share."""

    of_projects: dict[int, frozenset[tuple[str, int, int]]]
    shared: frozenset[tuple[str, int, int]]

    def moved_since(self, before: Prints) -> set[int] | None:
        """The repositories whose rows differ; None where what they share does."""
        if self.shared != before.shared:
            return None
        known = self.of_projects.keys() | before.of_projects.keys()
        return {one for one in known if self.of_projects.get(one) != before.of_projects.get(one)}


def prints(reader: duckdb.DuckDBPyConnection) -> Prints:
    """The prints of what ``reader`` sees. Taken before the rows are read: what moves meanwhile differs next time."""
    shared = frozenset(reader.execute(_SHARED_PRINTS).fetchall())
    found: dict[int, set[tuple[str, int, int]]] = {}
    for name, owner, rows, print_ in reader.execute(_PRINTS).fetchall():
        found.setdefault(owner, set()).add((name, rows, print_))
    return Prints({owner: frozenset(some) for owner, some in found.items()}, shared)


@functools.cache
def _steps() -> tuple[views.Definition, ...]:
    """The views that lead to what the copy holds, each after those that it reads; none behind those that are given."""
    wanted, found = set(PARTS), list[views.Definition]()
    for definition in reversed(views.definitions()):
        if definition.name in wanted:
            found.insert(0, definition)
            if definition.name in _GIVEN:
                continue
            wanted |= set(re.findall(r"\w+", re.sub(r"--.*", "", definition.body)))
    return tuple(found)


def _macros() -> str:
    return next(definition.statement for definition in views.definitions() if definition.name == "macros")


def work_out(connection: duckdb.DuckDBPyConnection, given: Iterable[str] = ()) -> None:
    """Temporary tables with the rows of the views, for this connection alone.

    Each view is worked out once, where asking the last of them works out those that several read again and again.
    """
    for step in _steps():
        if step.name not in given:
            connection.execute(f"create or replace temp table {step.name} as\n{step.body}")


class Workshop:
    """The small database; one thread at a time. It holds what the views read under the same names."""

    def __init__(self) -> None:
        self._small: duckdb.DuckDBPyConnection | None = None

    def renew(self, copy: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection, moved: Iterable[int]) -> None:
        """Replace in ``copy`` what it holds of the moved repositories by what ``reader`` sees of them now."""
        small, ids = self._small or memory(), set(moved)
        try:
            self._renew(small, copy, reader, ids)
        except BaseException:
            if self._small is None:
                small.close()
            raise

    def _renew(
        self,
        small: duckdb.DuckDBPyConnection,
        copy: duckdb.DuckDBPyConnection,
        reader: duckdb.DuckDBPyConnection,
        ids: set[int],
    ) -> None:
        ids |= {one for (one,) in reader.execute(_NEIGHBOURS, {"ids": sorted(ids)}).fetchall()}
        below = {one for (one,) in reader.execute(_BELOW, {"ids": sorted(ids)}).fetchall()}
        for name, sql in _SOURCES.items():
            theirs = f"select * exclude (owner) from ({sql}) where owner in (select unnest($ids::bigint[]))"
            keep(small, name, reader.execute(theirs, {"ids": sorted(ids | below)}))
        for name in (*_SHARED, *WHOLES):
            keep(small, name, reader.execute(f"select * from {name}"))
        if self._small is None:
            small.execute(_macros())
            self._small = small
        work_out(small, _GIVEN)
        with copy.cursor() as cursor:
            cursor.execute("begin transaction")
            try:
                for name in PARTS:
                    theirs = f"{_OF_PROJECT.get(name, 'project_id')} in (select unnest($ids::bigint[]))"
                    rows = small.execute(f"select * from {name} where {theirs}", {"ids": sorted(ids)})
                    exchange(cursor, name, rows, theirs, sorted(ids))
                for name in WHOLES:
                    keep(cursor, name, reader.execute(f"select * from {name}"))
                cursor.execute("commit")
            except BaseException:
                cursor.execute("rollback")
                raise


def memory() -> duckdb.DuckDBPyConnection:
    """An empty database in memory."""
    made = duckdb.connect(":memory:")
    made.execute("set TimeZone = 'UTC'")
    made.execute("create schema bookkeeping")
    return made


def keep(into: duckdb.DuckDBPyConnection, name: str, rows: duckdb.DuckDBPyConnection) -> None:
    """Make a table of these rows in a database in memory."""
    into.register("arriving", rows.to_arrow_table())
    try:
        into.execute(f"create or replace table {name} as select * from arriving")
    finally:
        into.unregister("arriving")
