"""Two texts that are nearly the same, cut so that the place where they differ is seen."""

from __future__ import annotations

_BEFORE, _SHORT = 24, 40


def where_apart(one: str, other: str) -> tuple[str, str]:
    """Both from a few words before the first difference on, with ``…`` for what they share before it."""
    shorter = min(len(one), len(other))
    shared = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    if shared <= _SHORT:
        return one, other
    begin = one.rfind(" ", 0, shared - _BEFORE) + 1 or shared - _BEFORE
    return f"… {one[begin:]}", f"… {other[begin:]}"
