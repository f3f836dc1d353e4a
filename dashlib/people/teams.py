"""Teams from files or by hand: who is in which. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from dashlib.people.journal import Decision
from dashlib.people.teams_csv import TeamLine


def whom(member: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """The person that a line means; None where nobody or more than one is meant. ``known``: see ``names_of``."""
    found = known.get(member.lower().removeprefix("@"), ())
    return found[0] if len(found) == 1 else None


def names_of(told: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What a line may call a person by (address, user name, name, id), in lower case, to the persons it may be."""
    found: dict[str, dict[str, None]] = {}
    for word, person in told:
        if word:
            found.setdefault(word.lower(), {})[person] = None
    return {word: sorted(persons) for word, persons in found.items()}


def members(
    decisions: Sequence[Decision],
    file: Sequence[TeamLine],
    known: Mapping[str, Sequence[str]],
    person_of: Mapping[str, str],
) -> dict[tuple[str, str], str]:
    """Origin (hand, csv, file) by person and team. ``decisions`` are those that stand.

    The last imported CSV holds; who was put into a team by hand, or taken out, stays so whatever files say.
    """
    found: dict[tuple[str, str], str] = {}
    imported = next((one.value for one in reversed(decisions) if one.kind == "teams"), None)
    for origin, lines in (("file", file), ("csv", [TeamLine(*pair) for pair in json.loads(imported or "[]")])):
        for line in lines:
            if (person := whom(line.member, known)) is not None:
                found[person, line.team] = origin
    for one in decisions:
        for member in one.members if one.kind in ("team_add", "team_remove") else ():
            if (person := person_of.get(member)) is None or one.value is None:
                continue
            if one.kind == "team_add":
                found[person, one.value] = "hand"
            else:
                found.pop((person, one.value), None)
    return found
