"""What the page people changes: each in a callback, with what came of it said in the next run of the page."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from dashlib.charts.wording import plain, unlinked
from dashlib.people import decisions
from dashlib.runtime import runtime
from dashlib.widgets.act import do

_WORKED_IN = "It is being worked into the figures. Undo stands under decisions."
"""The page of commits counts on a copy, which is made anew behind the pages where that takes long."""


_ICON = re.compile(r"(?<=:)(?=[\w/+\-]+:)")
"""Streamlit looks for icons (``:material/home:``) once escapes are gone."""


def addressed(text: str) -> str:
    """Text from outside as Markdown in which nothing is markup; addresses stand as code, else they become links."""
    parts = re.split(r"([^\s<>();,`]+@[^\s<>();,`]+[^\s<>();,.:`])", text)
    return "".join(f"`{part}`" if place % 2 else plain(_unmarked(part)) for place, part in enumerate(parts))


def _unmarked(text: str) -> str:
    return _ICON.sub("\N{WORD JOINER}", unlinked(text))


class Called(NamedTuple):
    """A person by id and label."""

    id: str
    label: str


def merge(person: Called, other: Called) -> None:
    """Two persons are one."""
    says = f"They are one person now. {_WORKED_IN}"
    waits = f"{person.label} and {other.label} are one person."
    decide(says, waits, lambda who: decisions.merge(runtime().store, who, [person.id, other.id]))


def reject(person: Called, other: Called) -> None:
    """Two persons who were proposed are not one."""
    waits = f"{person.label} and {other.label} are two persons."
    decide(
        "They stay two persons.", waits, lambda who: decisions.reject(runtime().store, who, person.id, other.id), None
    )


def answer_all(pairs: tuple[tuple[str, str], ...], file: str, same: bool) -> None:
    """Each of the pairs of which a file says so is one person, or stays two."""
    waits = f"Each of the {len(pairs):,} pairs of {file} is {'one person' if same else 'two persons'}."
    says = f"Each of the {len(pairs):,} pairs is one person now. {_WORKED_IN}"
    if not same:
        says = f"The {len(pairs):,} pairs stay two persons each. Undo stands under decisions."
    decide(says, waits, lambda who: decisions.answer_all(runtime().store, who, pairs, same=same), None)


def split(person: Called, members: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Some of a person, handles told in ``words``, are a person of their own."""
    says = f"Taken out: a person of their own now. {_WORKED_IN}"
    waits = f"{' and '.join(words)} {'is' if len(members) == 1 else 'are'} not {person.label}."
    decide(says, waits, lambda who: decisions.split(runtime().store, who, person.id, members))


def mark(person: Called, bot: bool) -> None:
    """A person is a robot, or is not."""
    what = "robot" if bot else "person"
    waits = f"{person.label} is a {what}."
    decide(
        f"This is a {what} now. {_WORKED_IN}",
        waits,
        lambda who: decisions.mark(runtime().store, who, person.id, bot=bot),
    )


def into(person: Called, team: str, member: bool) -> None:
    """A person belongs to a team, or does not any more."""
    says = f"In the team {team} now." if member else f"Not in the team {team} any more."
    waits = f"{person.label} is {'in' if member else 'not in'} the team {team}."
    decide(says, waits, lambda who: decisions.put_into_team(runtime().store, who, person.id, team, member=member), None)


def undo(number: int, told: str) -> None:
    """A decision, ``told`` in words, is taken back."""
    waits = f"Undo: {told}."
    decide("Undone: it is as it was before.", waits, lambda who: decisions.undo(runtime().store, who, number), None)


def undo_all(number: int, many: int, told: str) -> None:
    """Everything that was decided in one go with a decision, ``told`` in words, is taken back."""
    says = f"Undone, all {many:,}: it is as it was before."
    waits = f"Undo all {many:,} of one go, such as: {told}."
    decide(says, waits, lambda who: decisions.undo_all(runtime().store, who, number), None)


def decide(says: str, waits: str, decision: Any, close: str | None = "people_act") -> None:
    """``do``, and the figures begin to be worked out at once: also where it waits for a name before.

    ``waits`` says which change it is while it waits.
    """

    def change(who: str) -> str:
        number = decision(who)
        runtime().commits.hurry()
        return str(number or "")

    # Cards and decisions stand far below the head of the page: what came of a change is said in front of it.
    do(change, says, close, at="", waits=waits)
