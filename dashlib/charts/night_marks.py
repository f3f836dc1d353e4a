"""The failures that struck in a cell of the grid of nights, the marks they wear, and what each mark says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashlib.charts.wording import reason_told

_LONGEST = 240
_MOST_TOLD = 30
OF_A_CELL = (
    "state", "failure", "mark", "reason", "job_names", "path", "signature_id", "failures", "hits", "repositories"
)  # fmt: skip
"""The columns of a cell that tell what struck in it."""
_NO_REASON = "no reason yet"


@dataclass(frozen=True)
class Struck:
    """One failure of a cell; ``mark`` is None where it struck but once, ``is_head`` says that the cell is its.

    ``hits`` are all failed jobs of the mark in the nights of the grid, ``repositories`` those they are of.
    """

    mark: int | None
    reason: str
    jobs: tuple[str, ...]
    path: str
    signature_id: str | None
    is_allowed: bool = False
    is_head: bool = False
    hits: int = 0
    repositories: int = 0


def letter(mark: int) -> str:
    """A, B … Z, Aa, Ab …: one capital each, so that several in a row can be told apart."""
    before, last = divmod(mark - 1, 26)
    return ((letter(before) if before else "") + chr(65 + last)).capitalize()


def struck(cell: Mapping[str, Any]) -> list[Struck]:
    """All failures of a cell of ``queries.night_grid.grid``: the worst's first, then by mark."""
    head = Struck(
        None if cell["mark"] is None else int(cell["mark"]),
        _text(cell["reason"]) or _NO_REASON,
        tuple(str(cell["job_names"]).split(", ")[:1]) if _text(cell["job_names"]) else (),
        str(cell["path"]),
        _text(cell["signature_id"]),
        cell["state"] == "warned",
        is_head=True,
        hits=int(cell["hits"] or 0),
        repositories=int(cell["repositories"] or 0),
    )
    several = _text(cell["failures"])
    if several is None:
        return [head] if _text(cell["failure"]) and cell["state"] in ("failed", "warned") else []
    found = [
        Struck(
            one["mark"], one["reason"] or _NO_REASON, tuple(one["job_names"]), one["path"], one["signature_id"],
            one["is_allowed"], is_head=_is(one, head) and _text(cell["failure"]) is not None,
            hits=one["hits"] or 0, repositories=one["repositories"] or 0,
        )
        for one in json.loads(several)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.is_head, one.mark is None, one.mark, one.is_allowed, one.jobs))


def _is(one: Mapping[str, Any], head: Struck) -> bool:
    if head.signature_id or one["signature_id"]:
        return bool(one["signature_id"] == head.signature_id)
    return (one["reason"] or _NO_REASON) == head.reason


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def also_told(found: Sequence[Struck]) -> list[list[str]]:
    """What the box of a cell says of the failures beside the worst's: pairs of a word and a text."""
    others = [one for one in found if not one.is_head]
    told = [
        [
            f"Also {letter(one.mark)}" if one.mark is not None else "Also",
            f"{', '.join(one.jobs)}: {reason_told(one.reason)}{' (allowed to fail)' if one.is_allowed else ''}",
        ]
        for one in others[:_MOST_TOLD]
    ]
    more = len(others) - _MOST_TOLD
    return [*told, ["Also", f"{more} more failures"]] if more > 0 else told


def worn(found: Sequence[Struck]) -> dict[str, Any]:
    """The marks of a cell as data: ``mark`` (the worst's), ``also`` (the others') and ``more`` (failures without)."""
    heads = [one.mark for one in found if one.is_head and one.mark is not None]
    also = [one.mark for one in found if not one.is_head and one.mark is not None]
    more = sum(not one.is_head and one.mark is None for one in found)
    return ({"mark": heads[0]} if heads else {}) | ({"also": also} if also else {}) | ({"more": more} if more else {})


def marks(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The failures that have a mark, and how many jobs they broke in all the nights, whatever rows and columns are.

    ``frame`` is the answer of ``queries.night_grid.grid`` with the failures of each cell (``struck``).
    """
    hits: dict[int, dict[bool, list[Struck]]] = {}
    for level, found in zip(frame["level"], frame["struck"], strict=True):
        for one in found:
            if one.mark is not None:
                hits.setdefault(one.mark, {}).setdefault(level == 0, []).append(one)
    told = {mark: where.get(True) or where[False] for mark, where in sorted(hits.items())}
    texts = {mark: reason_told(some[-1].reason)[:_LONGEST] for mark, some in told.items()}
    alike = Counter(texts.values())
    found = []
    for mark, some in told.items():
        last = some[-1]
        apart = told_apart({"job_names": ", ".join(last.jobs), "path": last.path})
        found.append(
            {
                "mark": mark,
                "letter": letter(mark),
                "text": texts[mark] if alike[texts[mark]] == 1 else f"{apart}: {texts[mark]}",
                "about": _struck_told(last),
                "href": f"/failures?signature={last.signature_id}",
            }
        )
    return found


def _struck_told(one: Struck) -> str:
    failures = "failure" if one.hits == 1 else "failures"
    return f"{one.hits} {failures} in {one.repositories} {'repository' if one.repositories == 1 else 'repositories'}"


def told_apart(cell: Mapping[str, Any]) -> str:
    """What tells a failure from another one of the same text: its job and repository, where it struck last."""
    job = cell["job_names"].partition(",")[0] if isinstance(cell["job_names"], str) else ""
    return " of ".join(word for word in (job, str(cell["path"]).rpartition("/")[2]) if word)
