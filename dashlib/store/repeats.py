"""Which deliveries were stored before, and which pushes only look as if they had been.

A delivery is known by its body and by the sender's own key of it, where there is one (``Idempotency-Key`` of GitLab
from 17.4 on, ``X-GitHub-Delivery``): the same again is a repetition, whenever it comes. Without such a key the body
alone tells, and of a push that is too little: a branch that was forced from A to B, back to A and to B again sends the
first body twice. What tells them apart is the ref: a push that begins where the last one heard of that ref ended, and
is not that last one, has happened again. A push that came late and does not fit there is a repetition.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_LETTERS = 16
_BETWEEN = "-"


def content_key(*parts: str | bytes) -> str:
    """What a delivery is known by: a hash of who sent what under which key."""
    return _hash(parts, 16)


def push_key(content: str, ref: str, before: str, after: str) -> str:
    """The key of a push: besides its content the ref (in which repository), where it stood, and where it stands."""
    return _BETWEEN.join((content, _hash([ref], _LETTERS // 2), _commit(before), _commit(after)))


def _commit(sha: str) -> str:
    """So much of a commit's id as tells it from others; of what is none, a hash."""
    return sha[:_LETTERS] if len(sha) >= _LETTERS and sha.isalnum() else _hash([sha], _LETTERS // 2)


def _hash(parts: Iterable[str | bytes], size: int) -> str:
    whole = b"\0".join(part.encode("utf-8", "replace") if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(whole).hexdigest()[: 2 * size]


@dataclass
class _Held:
    """``contents`` that were stored; of each ref the last push (``before``, ``after``); of each push its turn.

    The oldest goes first: a plain dict would look for it through the places of all that went before.
    """

    contents: OrderedDict[str, None] = field(default_factory=OrderedDict)
    last: OrderedDict[str, tuple[str, str]] = field(default_factory=OrderedDict)
    turns: OrderedDict[tuple[str, str, str], int] = field(default_factory=OrderedDict)


class Repeats:
    """The newest deliveries, ``most`` of them; forgets the oldest."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, _Held()

    def remember(self, key: str, turn: int) -> None:
        """A delivery that is stored, in the order of storing."""
        trial = Trial(self._held)
        trial.take(key, turn)
        self.keep(trial)

    def trial(self) -> Trial:
        """To look at deliveries that are about to be stored."""
        return Trial(self._held)

    def keep(self, trial: Trial) -> None:
        """What the trial looked at is stored."""
        held, new = self._held, trial.new
        for ref in new.last:
            held.last.pop(ref, None)  # to the end: what moves is remembered
        held.contents |= new.contents
        held.last |= new.last
        held.turns |= new.turns
        _shortened(held.contents, self._most)
        _shortened(held.last, self._most)
        _shortened(held.turns, self._most)

    def forget(self) -> None:
        """All of it."""
        self._held = _Held()


def _shortened(some: OrderedDict[_Key, _Value], most: int) -> None:
    while len(some) > most:
        some.popitem(last=False)


class Trial:
    """Deliveries one after the other, as if each were stored that is new."""

    def __init__(self, held: _Held) -> None:
        self._held, self.new = held, _Held()

    def look(self, key: str, *, keyed: bool, ident: int) -> int | None:
        """None for a repetition, else the turn, and it counts as stored.

        ``keyed``: the sender says by a key of its own what is a repetition. ``ident`` is the number the delivery gets
        if it is new. The turn tells a push that happened again from the same push told twice (by a group's webhook and
        a repository's): 0 the first time, later the number of the delivery that told of it first.
        """
        content, *push = key.split(_BETWEEN)
        known = content in self.new.contents or content in self._held.contents
        turn, returned = 0, False
        if len(push) == 3:
            ref, before, after = push
            last = self.new.last.get(ref) or self._held.last.get(ref)
            told = self.new.turns.get((ref, before, after), self._held.turns.get((ref, before, after)))
            returned = told is not None and last is not None and last != (before, after) and last[1] == before
            turn = ident if returned else told or 0
        if known and (keyed or not returned):
            return None
        self.take(key, turn)
        return turn

    def take(self, key: str, turn: int) -> None:
        """A delivery that is stored for certain."""
        content, *push = key.split(_BETWEEN)
        self.new.contents[content] = None
        if len(push) == 3:
            ref, before, after = push
            self.new.last[ref] = (before, after)
            self.new.turns[ref, before, after] = turn

    def has(self, key: str) -> bool:
        """Whether this trial (and nothing before it) took that delivery."""
        return key.partition(_BETWEEN)[0] in self.new.contents
