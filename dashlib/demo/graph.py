"""Walks a commit graph the way `git log` does."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from dashlib.demo.model import Commit


def reachable(commits: Mapping[str, Commit], tips: Iterable[str]) -> set[str]:
    """Every sha that is one of the tips or an ancestor of one."""
    seen: set[str] = set()
    waiting = [tip for tip in tips if tip in commits]
    while waiting:
        sha = waiting.pop()
        if sha not in seen:
            seen.add(sha)
            waiting.extend(commits[sha].parents)
    return seen


def log(commits: Mapping[str, Commit], tips: Iterable[str], without: Iterable[str] = ()) -> list[Commit]:
    """The commits reachable from `tips` and not from `without`, newest committer date first among those reached."""
    seen = reachable(commits, without) if without else set()
    heap: list[tuple[float, str]] = []

    def offer(sha: str) -> None:
        if sha in commits and sha not in seen:
            seen.add(sha)
            heapq.heappush(heap, (-commits[sha].committed.timestamp(), sha))

    for tip in tips:
        offer(tip)
    found = []
    while heap:
        commit = commits[heapq.heappop(heap)[1]]
        found.append(commit)
        for parent in commit.parents:
            offer(parent)
    return found
