"""Teams from files or by hand: who is in which. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from dashlib.people.journal import Decision
from dashlib.people.teams_csv import TeamLine

_SURE_PART = re.compile(r"[<(]([^<>()]*@[^<>()]*)[>)]$")
"""What tells persons of one name apart, in "Ada Lovelace <ada@example.com>" and in a label of the page: it stays true
where the name before it is spelled in another way."""


def whom(member: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """The person that a line means; None where nobody or more than one is meant. ``known``: see ``names_of``."""
    words = [member, *(_SURE_PART.findall(member.strip()))]
    found = next((persons for word in words if (persons := known.get(_folded(word).removeprefix("@")))), ())
    return found[0] if len(found) == 1 else None


def names_of(told: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What a line may call a person by (address, user name, name, label, identity, id) to the persons it may be.

    Words are as ``whom`` compares them: case, composition (macOS writes names decomposed) and white space aside.
    """
    found: dict[str, dict[str, None]] = {}
    for word, person in told:
        if word:
            found.setdefault(_folded(word), {})[person] = None
    return {word: sorted(persons) for word, persons in found.items()}


def _folded(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", word).lower().split())


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
