"""Why an identity or an account belongs to its person, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_PLACES = 3
"""Of more lines that say the same, these are named and the others counted: teams copy their .mailmap."""


@dataclass(frozen=True, order=True)
class Reason:
    """What joins it with others (``says``); where a line of a mailmap says so, ``place`` is its file and number."""

    says: str
    place: str = ""

    @property
    def words(self) -> str:
        """The reason alone."""
        return f"{self.place} says that {self.says}" if self.place else self.says


def worded(reasons: Iterable[Reason]) -> str:
    """Reasons in their order, with "; " between them. Lines that say the same stand once, their places together."""
    places: dict[tuple[str, bool], set[str]] = {}
    for one in reasons:
        places.setdefault((one.says, bool(one.place)), set()).add(one.place)
    return "; ".join(_together(says, sorted(found)) for (says, _), found in places.items())


def _together(says: str, places: list[str]) -> str:
    # Names, addresses and paths may hold what stands between reasons.
    says, places = _unparted(says), [_unparted(one) for one in places]
    if len(places) == 1:
        return Reason(says, places[0]).words
    more = [f"{len(places) - _MOST_PLACES:,} more"] if len(places) > _MOST_PLACES else []
    *first, last = [*places[:_MOST_PLACES], *more]
    return f"{' '.join(first)} and {last} say that {says}"


def _unparted(text: str) -> str:
    return text.replace("; ", ";\N{NO-BREAK SPACE}")
