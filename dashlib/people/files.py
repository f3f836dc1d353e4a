"""A ``.mailmap`` that somebody reads in: it counts behind every repository's own, as git's ``mailmap.file`` does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from dashlib.model import Put
from dashlib.people.mailmap import parsed
from dashlib.people.refresh import WORKING, refresh
from dashlib.people.tables import MAILMAPS
from dashlib.store import Store


@dataclass(frozen=True)
class Joined:
    """Persons who are one since the file was read: what they are called now, and the labels of before."""

    label: str
    before: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a file: lines that say something, lines that do not (number and why), and whom it joined."""

    entries: int
    bad: tuple[tuple[int, str], ...]
    joined: tuple[Joined, ...]
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
    came: dict[str, dict[str, str]] = defaultdict(dict)
    for handle, (person, label) in before.items():
        if handle in after:
            came[after[handle][0]][person] = label
    labels = dict(after.values())
    joined = [Joined(labels[person], tuple(sorted(of.values()))) for person, of in came.items() if len(of) > 1]
    return Outcome(
        len(read.entries),
        tuple((one.line, one.why) for one in read.bad),
        tuple(sorted(joined, key=lambda one: one.label)),
        len(labels),
    )


def _who(store: Store) -> dict[str, tuple[str, str]]:
    """Person and label by handle of identity and account."""
    with store.reader() as reader:
        return _asked(reader)


def _asked(reader: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
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
