"""Teams from a CSV or by hand: who is in which. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashlib.people.journal import Decision

_HEADERS = frozenset({"person", "e-mail", "email", "mail", "address", "member", "name", "user", "username"})
_TEAM = frozenset({"team", "group"})


@dataclass(frozen=True)
class TeamLine:
    """A line: an e-mail address, user name, name or id of a person, and a team."""

    member: str
    team: str


@dataclass(frozen=True)
class TeamFile:
    """A CSV as it was read; ``bad`` are the numbers of lines that have no person or no team, and why."""

    lines: tuple[TeamLine, ...] = ()
    bad: tuple[tuple[int, str], ...] = ()


def read(text: str) -> TeamFile:
    """Lines ``person or e-mail, team`` with comma, semicolon or tab between; the team first where the header says so.

    A header and lines with # say nothing else.
    """
    first = text.lstrip("\ufeff").partition("\n")[0]
    # "Lovelace, Ada;Tides": a name may hold a comma.
    between = max("\t;,", key=first.count)
    team_first = False
    lines: dict[TeamLine, None] = {}
    bad: list[tuple[int, str]] = []
    for number, parts in enumerate(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=between), start=1):
        words = [" ".join(part.split()) for part in parts]
        if not any(words) or words[0].startswith("#"):
            continue
        if number == 1 and words[0].lower() in _HEADERS | _TEAM:
            team_first = words[0].lower() in _TEAM
            continue
        if team_first:
            words[:2] = words[1::-1]
        if len(words) < 2 or not words[0] or not words[1]:
            bad.append((number, "it needs a person or e-mail address, and a team"))
            continue
        lines[TeamLine(words[0], words[1])] = None
    return TeamFile(tuple(lines), tuple(bad))


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
