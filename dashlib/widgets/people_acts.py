"""What the page people changes: each in a callback, with what came of it said in the next run of the page."""

from __future__ import annotations

import re
from typing import Any

from dashlib.charts.wording import plain
from dashlib.people import decisions
from dashlib.runtime import runtime
from dashlib.widgets.act import do

_WORKED_IN = "It is being worked into the figures. Undo stands under decisions."
"""The page of commits counts on a copy, which is made anew behind the pages where that takes long."""


def addressed(text: str) -> str:
    """Text from outside as Markdown in which nothing is markup; addresses stand as code, else they become links."""
    parts = re.split(r"([^\s<>();,`]+@[^\s<>();,`]+[^\s<>();,.`])", text)
    return "".join(f"`{part}`" if place % 2 else plain(part) for place, part in enumerate(parts))


def merge(person: str, other: str) -> None:
    """Two persons are one."""
    says = f"They are one person now. {_WORKED_IN}"
    decide(says, lambda who: decisions.merge(runtime().store, who, [person, other]))


def reject(person: str, other: str) -> None:
    """Two persons who were proposed are not one."""
    decide("They stay two persons.", lambda who: decisions.reject(runtime().store, who, person, other), None)


def answer_all(pairs: tuple[tuple[str, str], ...], same: bool) -> None:
    """Each of the pairs is one person, or stays two."""
    says = f"Each of the {len(pairs):,} pairs is one person now. {_WORKED_IN}"
    if not same:
        says = f"The {len(pairs):,} pairs stay two persons each. Undo stands under decisions."
    decide(says, lambda who: decisions.answer_all(runtime().store, who, pairs, same=same), None)


def split(person: str, members: tuple[str, ...]) -> None:
    """Some of a person are a person of their own."""
    says = f"Taken out: a person of their own now. {_WORKED_IN}"
    decide(says, lambda who: decisions.split(runtime().store, who, person, members))


def mark(person: str, bot: bool) -> None:
    """A person is a robot, or is not."""
    says = f"This is a {'robot' if bot else 'person'} now. {_WORKED_IN}"
    decide(says, lambda who: decisions.mark(runtime().store, who, person, bot=bot))


def into(person: str, team: str, member: bool) -> None:
    """A person belongs to a team, or does not any more."""
    says = f"In the team {team} now." if member else f"Not in the team {team} any more."
    decide(says, lambda who: decisions.put_into_team(runtime().store, who, person, team, member=member), None)


def undo(number: int) -> None:
    """A decision is taken back."""
    decide("Undone: it is as it was before.", lambda who: decisions.undo(runtime().store, who, number), None)


def undo_all(number: int, many: int) -> None:
    """Everything that was decided in one go with a decision is taken back."""
    says = f"Undone, all {many:,}: it is as it was before."
    decide(says, lambda who: decisions.undo_all(runtime().store, who, number), None)


def decide(says: str, decision: Any, close: str | None = "people_act") -> None:
    """``do``, and the figures begin to be worked out at once: also where it waits for a name before."""

    def change(who: str) -> str:
        number = decision(who)
        runtime().commits.hurry()
        return str(number or "")

    # The pages of people say at their head what came of a change, and ask there who makes it.
    do(change, says, close, at="")
