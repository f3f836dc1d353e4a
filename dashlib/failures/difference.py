"""Two texts that are nearly the same, cut so that the place where they differ is seen."""

from __future__ import annotations

import re

_BEFORE, _SHORT = 24, 40
_LONGEST = 48
_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


def where_apart(one: str, other: str) -> tuple[str, str]:
    """Both from a few words before the first difference on, with ``…`` for what they share before it."""
    shorter = min(len(one), len(other))
    shared = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    if shared <= _SHORT:
        return one, other
    begin = one.rfind(" ", 0, shared - _BEFORE) + 1 or shared - _BEFORE
    return f"… {one[begin:]}", f"… {other[begin:]}"


def what_differs(one: str, other: str) -> str:
    """What stands in one where the other has something else, and the other's: ``buffer → queue``; whole words."""
    words, others = _WORDS.findall(one), _WORDS.findall(other)
    shorter = min(len(words), len(others))
    begin = next((place for place in range(shorter) if words[place] != others[place]), shorter)
    end = next((n for n in range(shorter - begin) if words[-1 - n] != others[-1 - n]), shorter - begin)
    told = ("".join(said[begin : len(said) - end]).strip() or "nothing" for said in (words, others))
    return " → ".join(said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…" for said in told)
