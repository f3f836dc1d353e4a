"""A ``.mailmap`` that somebody reads in: it counts behind every repository's own, as git's ``mailmap.file`` does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from dashlib.model import Put
from dashlib.people import journal
from dashlib.people.found import file_called
from dashlib.people.mailmap import parsed
from dashlib.people.refresh import WORKING, refresh
from dashlib.people.tables import MAILMAPS
from dashlib.store import Store

_Who: TypeAlias = Mapping[str, tuple[str, str]]
"""Person and label by what pages count of somebody: the commits of an identity in one repository, an account, and an
identity that only a mailmap knows. Whose an identity is altogether may be another one: see ``identities_here``.
"""
_SEEN = """
with seen as (
    select 'commits ' || f.project_id || ' ' || f.id as part, coalesce(h.person, i.person) as person
    from bookkeeping.identities_found f
    join identities i on i.id = f.id
    left join identities_here h on h.project_id = f.project_id and h.id = f.id
    union all
    select 'account ' || source || ':' || id, person from account_persons
    union all
    select 'named ' || id, person from identities anti join bookkeeping.identities_found using (id)
)
select s.part, p.id, p.label from seen s join persons p on p.id = s.person
"""


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
class NotFollowed:
    """A line that a decision on the page people goes before: what it says, with its number, and who decided what."""

    says: str
    decided: str


@dataclass(frozen=True)
class Outcome:
    """What came of a file: lines that say something, lines that do not (number and why), whom it joined and parted,
    how many persons there were before and are now, and which lines are not followed for what somebody decided.

    A file that takes the place of one read before may do both: lines that are gone part whom they had joined.
    """

    entries: int
    bad: tuple[tuple[int, str], ...]
    joined: tuple[Joined, ...]
    parted: tuple[Parted, ...]
    persons_before: int
    persons: int
    overruled: tuple[NotFollowed, ...] = ()

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
            tuple(NotFollowed(str(one["says"]), str(one["decided"])) for one in told.get("overruled", ())),
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
        overruled = _overruled(store, file_called(name))
    joined = [Joined(label, others) for label, others in _several(after, before)]
    parted = [Parted(label, others) for label, others in _several(before, after)]
    return Outcome(
        len(read.entries),
        tuple((one.line, one.why) for one in read.bad),
        tuple(joined),
        tuple(parted),
        len(set(before.values())),
        len(set(after.values())),
        overruled,
    )


def _several(of: _Who, at: _Who) -> list[tuple[str, tuple[str, ...]]]:
    """The persons of one time who are several at another, by their labels; ``of`` and ``at`` are of those times."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for part in of.keys() & at.keys():
        found[of[part]].add(at[part])
    told = [(label, tuple(sorted(label for _, label in who))) for (_, label), who in found.items() if len(who) > 1]
    return sorted(told)


def _who(store: Store) -> _Who:
    with store.reader() as reader:
        found = reader.execute(_SEEN).fetchall()
    return {part: (person, label) for part, person, label in found}


def _overruled(store: Store, file: str) -> tuple[NotFollowed, ...]:
    with store.reader() as reader:
        decided = {one.number: f"{one.done_by} {one.says}{one.day}" for one in journal.written(reader)}
        lines = reader.execute(
            "select says, decision from bookkeeping.overruled_lines where file = $file order by line, says",
            {"file": file},
        ).fetchall()
    # "the file team.mailmap, line 12, says that …" without the file, which whoever reads it has just named.
    told = [(says.removeprefix(f"{file}, ").replace(", says", " says", 1), number) for says, number in lines]
    return tuple(NotFollowed(says, decided[number]) for says, number in told)
