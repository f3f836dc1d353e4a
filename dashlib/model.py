"""The words every other file uses: Column types, Table, Upsert.

A *table* is declared once, beside the source that fills it; the store creates it, migrates it and merges rows into it
from that declaration alone. A *row* is a plain dict of Python values; date-times are UTC without a zone.

Columns of a table come in *groups*: what travels together in one shape of the source's JSON (the list brings some, the
detail others, a webhook others again). A row carries whole groups: ``None`` in a column means "there is none", a group
that is absent means "unknown", and never overwrites what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = dict[str, list[Row]]
"""Rows by table name: what every row function returns."""


@dataclass(frozen=True)
class Group:
    """Columns that travel together, and which of them say how new the row is.

    ``version`` lists columns from the most to the least significant; the greater tuple wins, ``None`` is the smallest.
    Rows of equal version are ordered by their content, so that the same set of rows ends in one state whatever the
    order, the repetition or the batching. ``earliest``: the smaller tuple wins instead, ``None`` still loses.
    """

    columns: tuple[str, ...]
    version: tuple[str, ...] = ()
    earliest: bool = False


@dataclass(frozen=True)
class Table:
    """A table as its source declares it.

    ``columns`` maps every column to its DuckDB type. ``key`` identifies a row; it is not a constraint (DuckDB merges
    faster without, DuckLake has none), the merge keeps it unique. ``derived`` columns belong to no group: the
    statements of ``derive`` fill them, in the same transaction, for the keys that a batch touched; ``defaults`` holds
    what stands in them until then (SQL). ``scope`` names the leading key columns of tables that are read as complete
    listings (see ``Replace``), ``gone`` the column that marks what is no longer listed. ``shown``: a view shows the
    rows of this table of another schema, so that a change of them is a change of the data.
    """

    name: str
    grain: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    groups: Mapping[str, Group]
    derived: tuple[str, ...] = ()
    derive: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    gone: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    schema: str = "main"
    shown: bool = False
    _shapes: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        grouped = [column for group in self.groups.values() for column in group.columns]
        declared = [*self.key, *grouped, *self.derived]
        if sorted(declared) != sorted(self.columns):
            raise ValueError(f"{self.name}: every column belongs to the key, to one group or to derived")

    @property
    def of_data(self) -> bool:
        """Whether its rows are data that somebody sees, and not bookkeeping alone."""
        return self.schema == "main" or self.shown

    @property
    def qualified(self) -> str:
        """The name to use in SQL."""
        return f"{self.schema}.{self.name}"

    def groups_of(self, row: Row) -> tuple[str, ...]:
        """The groups a row carries; a group is carried whole or not at all (``ValueError`` otherwise)."""
        shape = tuple(row)
        known = self._shapes.get(shape)
        if known is None:
            known = self._shapes[shape] = self._carried(set(shape))
        return known

    def _carried(self, there: set[str]) -> tuple[str, ...]:
        if unknown := there - set(self.columns):
            raise ValueError(f"{self.name}: no such column: {', '.join(sorted(unknown))}")
        if lacking := set(self.key) - there:
            raise ValueError(f"{self.name}: no key: {', '.join(sorted(lacking))}")
        carried = []
        for name, group in self.groups.items():
            missing = [column for column in group.columns if column not in there]
            if not missing:
                carried.append(name)
            elif len(missing) < len(group.columns):
                raise ValueError(f"{self.name}: group {name!r} without {', '.join(missing)}")
        return tuple(carried)


def table(
    name: str,
    grain: str,
    key: Sequence[str],
    columns: Mapping[str, str],
    groups: Mapping[str, tuple[Iterable[str], Sequence[str]] | Group] | None = None,
    **rest: Any,
) -> Table:
    """A Table; without ``groups`` every column that is neither key nor derived forms one group without a version."""
    derived = tuple(rest.pop("derived", ()))
    if groups is None:
        others = [column for column in columns if column not in key and column not in derived]
        groups = {"row": (others, ())}
    built = {
        name: group if isinstance(group, Group) else Group(tuple(group[0]), tuple(group[1]))
        for name, group in groups.items()
    }
    return Table(name, grain, dict(columns), tuple(key), built, derived=derived, **rest)


@dataclass(frozen=True)
class Upsert:
    """Rows to merge into a table by the law of its groups."""

    table: Table
    rows: Sequence[Row]


@dataclass(frozen=True)
class Replace:
    """A complete listing of one scope: what it holds is the truth, what it lacks is gone.

    Missing rows are deleted, or marked in the table's ``gone`` column where it declares one.
    """

    table: Table
    scope: Mapping[str, Any]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Put:
    """Bookkeeping: rows that overwrite what is there, the last one said wins."""

    table: Table
    rows: Sequence[Row]


@dataclass(frozen=True)
class Delete:
    """Bookkeeping: rows to remove, by key."""

    table: Table
    rows: Sequence[Row]


Change: TypeAlias = Upsert | Replace | Put | Delete


@dataclass(frozen=True)
class Filters:
    """What the filter bar holds; every query takes it. An empty tuple or ``None`` leaves a thing unfiltered.

    ``groups`` are namespace paths (a group holds its subgroups), ``projects`` are ``path_with_namespace`` values,
    ``persons`` are ids of the view ``persons``. ``since`` and ``until`` are inclusive days in the team's time zone.
    """

    groups: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
