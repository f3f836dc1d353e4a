"""Decisions about people: written down once, never changed, and which of them stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

KINDS = ("merge", "split", "reject", "bot", "person", "team_add", "team_remove", "teams", "undo")


@dataclass(frozen=True)
class Decision:
    """One row of ``person_decisions``; ``members`` are handles of identities, or ``source:id`` of accounts."""

    number: int
    kind: str
    members: tuple[str, ...] = ()
    value: str | None = None
    says: str = ""
    done_by: str = ""
    done_at: datetime | None = None
    undoes: int | None = None

    @property
    def day(self) -> str:
        """When it was made, as it stands behind a name."""
        return f", {self.done_at:%d %b %Y}" if self.done_at else ""

    def is_of_one_go_with(self, other: Decision) -> bool:
        """Whether both were decided at once, by one press of a button."""
        return (self.kind, self.done_by, self.done_at) == (other.kind, other.done_by, other.done_at)


def written(reader: duckdb.DuckDBPyConnection) -> list[Decision]:
    """All decisions, in their order."""
    found = reader.execute(
        "select number, kind, members, value, says, done_by, done_at, undoes from person_decisions order by number"
    ).fetchall()
    return [Decision(number, kind, tuple(members or ()), *rest) for number, kind, members, *rest in found]


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that nobody took back, without the undos, in their order: what persons follow from."""
    known = sorted(decisions, key=lambda one: one.number)
    valid = in_force(known)
    return [one for one in known if one.kind != "undo" and one.number in valid]


def in_force(decisions: Iterable[Decision]) -> set[int]:
    """The numbers of decisions and undos that nobody took back. What an undo undid stands again when it is undone."""
    undone: set[int] = set()
    left: set[int] = set()
    for one in sorted(decisions, key=lambda one: one.number, reverse=True):
        if one.number in undone:
            continue
        left.add(one.number)
        if one.kind == "undo" and one.undoes is not None:
            undone.add(one.undoes)
    return left
