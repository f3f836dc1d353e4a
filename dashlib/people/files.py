"""A ``.mailmap`` that somebody reads in: it counts behind every repository's own, as git's ``mailmap.file`` does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import duckdb

from dashlib.model import Put
from dashlib.people.mailmap import parsed
from dashlib.people.refresh import WORKING, refresh
from dashlib.people.tables import MAILMAPS
from dashlib.store import Store

_Who: TypeAlias = Mapping[str, tuple[str, str]]
"""Person and label by handle of identity and account."""


@dataclass(frozen=True)
class Joined:
    """Persons who are one since the file was read: what they are called now, and the labels of before."""

    label: str
    before: tuple[str, ...]


@dataclass(frozen=True)
class Parted:
    """A person of before who is several since the file was read: what they were called, and the labels of now."""

    label: str
    now: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a file: lines that say something, lines that do not (number and why), whom it joined and parted,
    and how many persons there were before and are now.

    A file that takes the place of one read before may do both: lines that are gone part whom they had joined.
    """

    entries: int
    bad: tuple[tuple[int, str], ...]
    joined: tuple[Joined, ...]
    parted: tuple[Parted, ...]
    persons_before: int
    persons: int

    def as_json(self) -> dict[str, Any]:
        """For the way from the app to a command."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Outcome:
        """The inverse of ``as_json``."""
        return cls(
            int(told["entries"]),
            tuple((int(line), str(why)) for line, why in told["bad"]),
            tuple(Joined(str(one["label"]), tuple(one["before"])) for one in told["joined"]),
            tuple(Parted(str(one["label"]), tuple(one["now"])) for one in told["parted"]),
            int(told["persons_before"]),
            int(told["persons"]),
        )


def take(store: Store, name: str, text: str) -> Outcome:
    """Store the file in the place of one read before under that name, and work out who is who.

    An empty file says nothing any more: persons are as before it was read.
    """
    read = parsed(text)
    with WORKING:
        refresh(store)
        before = _who(store)
        now = datetime.now(UTC).replace(tzinfo=None)
        row = {"origin": "file", "project_id": 0, "name": name, "text": text, "commit_id": None, "read_at": now}
        store.write(Put(MAILMAPS, [row]))
        refresh(store)
        after = _who(store)
    joined = [Joined(label, others) for label, others in _several(after, before)]
    parted = [Parted(label, others) for label, others in _several(before, after)]
    return Outcome(
        len(read.entries),
        tuple((one.line, one.why) for one in read.bad),
        tuple(joined),
        tuple(parted),
        len(set(before.values())),
        len(set(after.values())),
    )


def _several(of: _Who, at: _Who) -> list[tuple[str, tuple[str, ...]]]:
    """The persons of one time who are several at another, by their labels; ``of`` and ``at`` are of those times."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for handle in of.keys() & at.keys():
        found[of[handle]].add(at[handle])
    told = [(label, tuple(sorted(label for _, label in who))) for (_, label), who in found.items() if len(who) > 1]
    return sorted(told)


def _who(store: Store) -> _Who:
    with store.reader() as reader:
        return _asked(reader)


def _asked(reader: duckdb.DuckDBPyConnection) -> _Who:
    found = reader.execute(
        """
        select t.handle, p.id, p.label
        from (
            select handle, person from identities union select source || ':' || id, person from account_persons
        ) t
        join persons p on p.id = t.person
        """
    ).fetchall()
    return {handle: (person, label) for handle, person, label in found}
