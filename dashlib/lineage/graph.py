"""A repository's commits as a graph: what is reachable, and what one push brought. Pure.

The graph is what is stored of a repository: parents outside the window are named and not known. Generations order it
(a commit's is greater than its parents'), never dates: authors' clocks go wrong, and rebases rewrite them.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

Parents = Mapping[str, Sequence[str]]
"""Each stored commit and its parents; one that only a hook told of has none yet."""


@dataclass(frozen=True)
class Push:
    """A push to a branch, as an event tells it: ``before`` is None for a new branch; ``count`` as the forge says.

    ``listed`` are the commits that a webhook listed of it, the newest first: all of them, or the newest.
    """

    source: str
    event_id: int
    ref: str
    before: str | None
    after: str
    count: int
    at: datetime
    listed: Sequence[str] = ()


@dataclass(frozen=True)
class BulkPush:
    """A push of many branches at once: one event, which names neither branches nor commits."""

    source: str
    event_id: int
    at: datetime


def reachable(parents: Parents, tips: Iterable[str], but: Set[str] = frozenset()) -> set[str]:
    """The stored commits that are one of the tips or an ancestor of one; ``but`` are not gone through again."""
    found: set[str] = set()
    waiting = [tip for tip in tips if tip in parents and tip not in but]
    while waiting:
        sha = waiting.pop()
        if sha not in found:
            found.add(sha)
            waiting.extend(one for one in parents[sha] if one in parents and one not in found and one not in but)
    return found


def generations(parents: Parents) -> dict[str, int]:
    """One more than the greatest of a commit's parents; parents that are not stored count as nought."""
    found: dict[str, int] = {}
    for start in parents:
        stack = [start]
        while stack:
            sha = stack[-1]
            if sha in found:
                stack.pop()
                continue
            missing = [one for one in parents[sha] if one in parents and one not in found]
            if missing:
                stack.extend(missing)
            else:
                found[sha] = 1 + max((found.get(one, 0) for one in parents[sha]), default=0)
                stack.pop()
    return found


def between(parents: Parents, order: Mapping[str, int], without: Iterable[str], tip: str, most: int) -> list[str]:
    """The commits of ``git rev-list tip ^without``, children before parents, at most ``most`` of them.

    ``order`` are the generations of ``parents``. What is not stored is left out.
    """
    heap: list[tuple[int, str]] = []
    painted: dict[str, bool] = {}
    wanted_left = 0

    def paint(sha: str, wanted: bool) -> None:
        nonlocal wanted_left
        if sha not in parents:
            return
        before = painted.get(sha)
        if before is None:
            heapq.heappush(heap, (-order[sha], sha))
            painted[sha] = wanted
            wanted_left += wanted
        elif before and not wanted:
            painted[sha] = False
            wanted_left -= 1

    paint(tip, True)
    for sha in without:
        paint(sha, False)
    found: list[str] = []
    while heap and wanted_left and len(found) < most:
        sha = heapq.heappop(heap)[1]
        wanted = painted[sha]
        if wanted:
            found.append(sha)
            wanted_left -= 1
        for parent in parents[sha]:
            paint(parent, wanted)
    return found


def brought(parents: Parents, pushes: Sequence[Push], default_ref: str | None) -> dict[tuple[str, int], list[str]]:
    """The commits that each push brought, by (source, event_id), never more than the push counts.

    A push to a branch that was there brought ``before..after``. GitLab counts a new branch's commits against the
    default branch (``Git::BranchHooksService``): against where that stood, by the pushes before; the very first push
    to the default branch brought all of it. What a webhook listed is known whatever the graph lacks (a commit that only
    a webhook told of has no parents there); the graph adds what the list leaves out.
    """
    order = generations(parents)
    found: dict[tuple[str, int], list[str]] = {}
    default_at: str | None = None
    for push in sorted(pushes, key=lambda one: (one.at, one.event_id)):
        against = push.before
        if against is None and push.ref != default_ref:
            against = default_at if default_at is not None else _first_known(pushes, default_ref)
        without = [] if against is None else [against]
        walked = between(parents, order, without, push.after, push.count)
        found[push.source, push.event_id] = _with_list(parents, push, walked)
        if push.ref == default_ref:
            default_at = push.after
    return found


def in_bulk(
    parents: Parents,
    made: Mapping[str, datetime | None],
    pushes: Sequence[Push],
    bulk: Sequence[BulkPush],
    told: Mapping[tuple[str, int], Sequence[str]],
) -> dict[tuple[str, int], dict[str, datetime]]:
    """The commits that each push of many branches can have brought, by (source, event_id), and when they were found.

    Its event names none of them. What a later push began on top of was there by then; where no push that is told had
    shown it before, one that tells nothing had brought it, after it was made (``made``: when each was committed).
    ``told`` are the commits that pushes are known to have brought (``brought``): one of which some are not known can
    have brought whatever was made before it and found after it, so of that nothing is said.
    """
    known = {sha for shas in told.values() for sha in shas}
    unclear = sorted(push.at for push in pushes if push.count > len(told[push.source, push.event_id]))
    there: dict[str, datetime] = {}
    seen: set[str] = set()
    for push in sorted(pushes, key=lambda one: (one.at, one.event_id)):
        before = reachable(parents, [push.before] if push.before else [], seen)
        there |= dict.fromkeys(before - known, push.at)
        seen |= before
        seen |= reachable(parents, [push.after], seen)
    spans: list[tuple[str, datetime, datetime]] = []
    for sha, at in there.items():
        written = made[sha]
        if written is None:
            continue
        nearest = bisect_left(unclear, written)
        if nearest == len(unclear) or unclear[nearest] > at:
            spans.append((sha, written, at))
    return {
        (one.source, one.event_id): {sha: at for sha, written, at in spans if written <= one.at <= at} for one in bulk
    }


def _with_list(parents: Parents, push: Push, walked: Sequence[str]) -> list[str]:
    """What a webhook listed of a push, and of what was walked so many as the list leaves out; stored commits only."""
    listed = dict.fromkeys(push.listed[: push.count])
    left_out = [sha for sha in walked if sha not in listed][: push.count - len(listed)]
    known = {*listed, *left_out}
    return [sha for sha in dict.fromkeys([*walked, *listed]) if sha in known and sha in parents]


def _first_known(pushes: Sequence[Push], default_ref: str | None) -> str | None:
    """Where the default branch stood before the first push to it that is known."""
    first = min((one for one in pushes if one.ref == default_ref), key=lambda one: (one.at, one.event_id), default=None)
    return first.before if first else None
