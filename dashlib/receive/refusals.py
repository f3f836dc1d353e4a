"""Posts that were refused since the start: nothing of them is stored, but whoever sets a sender up looks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dashlib.receive.setup import Guide

_WHY = {
    400: "the body was no JSON",
    408: "the body took too long",
    413: "the body was larger than 25 MB",
    415: "the content type is none that the route takes",
    422: "the body named no kind of delivery",
    503: "it could not be stored",
}


@dataclass(frozen=True)
class Refusal:
    """Posts of a source that were answered with one status; ``last_at`` is UTC. ``lasts``: none was taken since."""

    source: str
    status: int
    count: int
    last_at: datetime
    lasts: bool

    def why(self, guide: Guide, *, is_open: bool) -> str:
        """What is wrong with them, as a part of a sentence."""
        if self.status != 401:
            return _WHY.get(self.status, "the log says why")
        names = " or ".join(guide.settings)
        return (
            f"the secret is missing or differs from {names}"
            if is_open
            else f"no secret is set, so the route is closed ({names})"
        )


class Refusals:
    """One process's. Written by the server's own thread, read by any."""

    def __init__(self) -> None:
        self._counts: Mapping[tuple[str, int], tuple[int, datetime]] = {}
        self._taken: dict[str, datetime] = {}

    def taken(self, source: str) -> None:
        """A post of it was answered 200."""
        if self._counts:
            self._taken[source] = _now()

    def refused(self, source: str, status: int) -> None:
        """A post to its route was answered so."""
        count, _ = self._counts.get((source, status), (0, None))
        self._counts = {**self._counts, (source, status): (count + 1, _now())}

    def told(self) -> list[Refusal]:
        """By source, the latest first."""
        found = [
            Refusal(source, status, count, at, source not in self._taken or self._taken[source] < at)
            for (source, status), (count, at) in self._counts.items()
        ]
        return sorted(found, key=lambda one: (one.source, -one.last_at.timestamp()))


def by_sender(refusals: Iterable[Refusal]) -> list[tuple[str, list[Refusal]]]:
    """By source those that last before the others, the sources of which some last before the others."""
    found: dict[str, list[Refusal]] = {}
    for one in sorted(refusals, key=lambda one: not one.lasts):
        found.setdefault(one.source, []).append(one)
    return list(found.items())


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
