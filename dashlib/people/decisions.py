"""What people decide about people: merge, split, reject a proposal, mark a robot, put into a team; and the way back.

Each function appends to the journal ``person_decisions`` and brings the persons up to it before it returns; it gives
the decision's number, by which it can be undone, or None where nothing would change. ``who`` is who decides, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from dashlib.errors import Explained
from dashlib.model import Put
from dashlib.people import journal
from dashlib.people.refresh import WORKING, refresh
from dashlib.people.tables import DECISIONS
from dashlib.people.teams_csv import TeamLine
from dashlib.store import Store

_FIRST = """
select handle from (
    select handle, known_at, 0 as rank from identities where person = $person
    union all
    select source || ':' || id, known_at, 1 from account_persons where person = $person
) order by known_at, rank, handle limit 1
"""
_ACCOUNTS = """
select source || ':' || id, coalesce('@' || nullif(username, ''), 'account ' || id) || ' on ' || source
from users where list_contains($members::varchar[], source || ':' || id)
"""
_LABELS = "select label from persons where id in (select unnest($ids::varchar[])) order by commits desc, id"
_HELD = """
select count(*) from (
    select handle, person from identities union select source || ':' || id, person from account_persons
) where person = $person and not list_contains($members::varchar[], handle)
"""

LEAVE_ONE = "That is all of this person: leave one identity or account where it is."

_Told: TypeAlias = tuple[str, Sequence[str], str | None, str, int | None]
"""Kind, members, value, what it says, and what it undoes."""


class CannotDecide(Explained):
    """What shall be decided makes no sense any more: a person is gone, a decision was undone already."""


def merge(store: Store, who: str, persons: Sequence[str]) -> int | None:
    """Say that persons (ids) are one. Raises CannotDecide where one of them is not known."""
    with WORKING:
        refresh(store)
        ids = list(dict.fromkeys(persons))
        if len(ids) < 2:
            return None
        members = [_first(store, person) for person in ids]
        return _write(store, who, "merge", members, None, f"merged {' and '.join(_labels(store, ids))}")


def split(store: Store, who: str, person: str, members: Sequence[str]) -> int | None:
    """Make some identities or accounts of a person (handles) a person of their own, against certainty, too.

    Raises CannotDecide where nothing would be left of the person.
    """
    with WORKING:
        refresh(store)
        if not members:
            return None
        with store.reader() as reader:
            rest = reader.execute(_HELD, {"person": person, "members": list(members)}).fetchone()
        if rest is None or not rest[0]:
            raise CannotDecide(LEAVE_ONE)
        says = f"took {' and '.join(_words(store, members))} out of {_label(store, person)}"
        return _write(store, who, "split", members, None, says)


def reject(store: Store, who: str, person: str, other: str) -> int | None:
    """Say that two persons are not one: they are not proposed again, whatever they commit from now on."""
    with WORKING:
        refresh(store)
        members = [_first(store, person), _first(store, other)]
        says = f"said that {_label(store, person)} and {_label(store, other)} are two persons"
        return _write(store, who, "reject", members, None, says)


def answer_all(store: Store, who: str, pairs: Sequence[tuple[str, str]], *, same: bool) -> int | None:
    """Say of several pairs of persons at once that each is one person, or is two; the number of the first decision.

    Each pair is a decision that can be undone alone; all of them have the same moment, by which ``undo_all`` finds
    them. Raises CannotDecide, and decides nothing, where one of the persons is not known.
    """
    with WORKING:
        refresh(store)
        rows: list[_Told] = []
        for pair in dict.fromkeys(pairs):
            members, labels = [_first(store, person) for person in pair], [_label(store, person) for person in pair]
            told = f"merged {' and '.join(labels)}" if same else f"said that {' and '.join(labels)} are two persons"
            rows.append(("merge" if same else "reject", members, None, told, None))
        return _append(store, who, rows) if rows else None


def undo_all(store: Store, who: str, number: int) -> int | None:
    """Take back what was decided in one go with this decision and still stands.

    Raises CannotDecide where none of it stands.
    """
    with WORKING:
        refresh(store)
        with store.reader() as reader:
            written = {one.number: one for one in journal.written(reader)}
        told, valid = written.get(number), journal.in_force(written.values())
        together = [one for one in written.values() if told is not None and one.is_of_one_go_with(told)]
        rows: list[_Told] = [
            ("undo", [], None, f"undid: {one.says}", one.number) for one in together if one.number in valid
        ]
        if not rows:
            raise CannotDecide("This was undone already.")
        return _append(store, who, rows)


def mark(store: Store, who: str, person: str, *, bot: bool) -> int | None:
    """Say that a person is a robot, or is not."""
    with WORKING:
        refresh(store)
        says = f"said that {_label(store, person)} is {'a robot' if bot else 'not a robot'}"
        return _write(store, who, "bot" if bot else "person", [_first(store, person)], None, says)


def put_into_team(store: Store, who: str, person: str, team: str, *, member: bool = True) -> int | None:
    """Put a person into a team, or take out whom somebody put there."""
    with WORKING:
        refresh(store)
        name = " ".join(team.split())
        if not name:
            return None
        kind, verb = (
            ("team_add", "put {} into the team {}") if member else ("team_remove", "took {} out of the team {}")
        )
        says = verb.format(_label(store, person), name)
        return _write(store, who, kind, [_first(store, person)], name, says)


def import_teams(store: Store, who: str, lines: Iterable[TeamLine]) -> int | None:
    """Take the lines of a CSV in the place of those imported before; none empties the list."""
    with WORKING:
        refresh(store)
        told = [[line.member, line.team] for line in lines]
        teams = len({team for _, team in told})
        says = f"imported {len(told):,} lines of {teams:,} team{'' if teams == 1 else 's'}"
        return _write(store, who, "teams", [], json.dumps(told, ensure_ascii=False), says)


def undo(store: Store, who: str, number: int) -> int | None:
    """Take back a decision, or the undoing of one: persons are what they would be without it.

    Raises CannotDecide where it is not known or does not stand.
    """
    with WORKING:
        refresh(store)
        with store.reader() as reader:
            written = {one.number: one for one in journal.written(reader)}
        one = written.get(number)
        if one is None:
            raise CannotDecide("This decision is not known.")
        if number not in journal.in_force(written.values()):
            raise CannotDecide("This was undone already.")
        return _write(store, who, "undo", [], None, f"undid: {one.says}", undoes=number)


def _write(
    store: Store, who: str, kind: str, members: Sequence[str], value: str | None, says: str, undoes: int | None = None
) -> int | None:
    with store.reader() as reader:
        written = journal.written(reader)
    last = [one for one in journal.standing(written) if one.kind == kind and undoes is None]
    if last and (last[-1].members, last[-1].value) == (tuple(members), value) and last[-1].number == written[-1].number:
        return None
    return _append(store, who, [(kind, members, value, says, undoes)])


def _append(store: Store, who: str, told: Sequence[_Told]) -> int:
    """Write decisions of one moment and work out who is who; the number of the first."""
    with store.reader() as reader:
        first = max((one.number for one in journal.written(reader)), default=0) + 1
    done_at = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {
            "number": number,
            "kind": kind,
            "members": list(members),
            "value": value,
            "says": says,
            "done_by": who,
            "done_at": done_at,
            "undoes": undoes,
        }
        for number, (kind, members, value, says, undoes) in enumerate(told, start=first)
    ]
    store.write(Put(DECISIONS, rows))
    refresh(store)
    return first


def _first(store: Store, person: str) -> str:
    """The identity (else account) by which a decision names a person: the one known first, which gives the id."""
    with store.reader() as reader:
        found = reader.execute(_FIRST, {"person": person}).fetchone()
    if found is None:
        raise CannotDecide("This person is not there any more: the page shows who is.")
    return str(found[0])


def _words(store: Store, members: Sequence[str]) -> list[str]:
    """Members as people know them: an identity by its handle, an account by its user name and forge."""
    with store.reader() as reader:
        accounts = dict(reader.execute(_ACCOUNTS, {"members": list(members)}).fetchall())
    return [str(accounts.get(member, member)) for member in members]


def _labels(store: Store, persons: Sequence[str]) -> list[str]:
    with store.reader() as reader:
        return [label for (label,) in reader.execute(_LABELS, {"ids": list(persons)}).fetchall()]


def _label(store: Store, person: str) -> str:
    return next(iter(_labels(store, [person])), person)
