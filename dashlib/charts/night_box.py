"""What the box says that comes when a cell of the grid of nights is pointed at, and nights in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashlib.charts.wording import cause_told, reason_told
from dashlib.nightlies.versions import Change

_LONGEST = 240
_VERSIONS, _OF_ONE = 3, 24
"""How many versions that changed a box tells, and the characters of each: a digest needs no more to be known."""
_GONE = {"missing": "Missing since", "late": "Not run since"}


def tip(cell: Mapping[str, Any]) -> list[list[str]]:
    """What the box says that comes when a cell is pointed at; a quiet cell says little.

    ``changed``, which may be left out, says in words which versions changed since the failed job's last pass.
    """
    state = str(cell["state"])
    told = [["State", f"{state}, newly" if cell["is_new"] and state == "failed" else state]]
    if state in ("missing", "off") or isinstance(cell["cause"], str):
        told.append(["Why", cause_told(cell) or "not known"])
    fresh = cell["first_jobs"] if state == "failed" and not cell["is_new"] else 0
    lost, is_red = state in ("missing", "late"), state in ("failed", "warned")
    texts = (
        ("Expected", f"{cell['expected_at']:%a %d %b, %H:%M}" if cell["expected_at"] is not None else None),
        ("Missing from", f"{cell['missing_from']:%H:%M} on" if cell["missing_from"] is not None else None),
        (_GONE.get(state, ""), _gone(cell)),
        ("Failed jobs", cell["job_names"]),
        ("Newly failed", f"{fresh} of its jobs" if fresh else None),
        ("First error", reason_told(cell["reason"]) if cell["reason"] else None),
        ("Red since", _since(cell["red_since"])),
        ("Runner", cell["runner"]),
        ("Changed since it passed", cell.get("changed")),
        ("Issue", (cell["issue_title"] or "none") if is_red else None),
        ("Allowed failures", str(cell["failed_allowed_jobs"]) if cell["failed_allowed_jobs"] else None),
        ("Run time", None if cell["duration"] is None else duration_told(cell["duration"])),
        ("Times", _times(cell)),
        ("Runs", _runs(cell)),
        ("Started", "by hand, or late" if cell["by_hand"] else None),
        ("Owner", cell["owner"] if lost else None),
        ("Who has it", (cell["assignee"] or "nobody") if lost or is_red else None),
    )
    return told + [[word, text[:_LONGEST]] for word, text in texts if word and isinstance(text, str) and text]


def _gone(cell: Mapping[str, Any]) -> str | None:
    """Since when, and for how many nights, it has not run; of a late one, up to the night before."""
    return _since(cell["missing_since"], cell["nights_missing"], " before" * (cell["state"] == "late"))


def _times(cell: Mapping[str, Any]) -> str | None:
    """How many of a nightly's times never ran, where there are several."""
    if not cell["times_missing"] or cell["expected"] < 2:
        return None
    return f"{cell['times_missing']} of {cell['expected']} never ran"


def _runs(cell: Mapping[str, Any]) -> str | None:
    """How many runs, and how many of them failed, where there are several."""
    if cell["runs"] < 2:
        return None
    since = ", passed since" if cell["state"] in ("passed", "warned") else ""
    return f"{cell['runs']}, {cell['failed_runs']} of them failed{since}" if cell["failed_runs"] else str(cell["runs"])


def _since(day: Any, nights: Any = None, which: str = "") -> str | None:
    """A day, and for how many nights."""
    if day is None:
        return None
    return f"{day:%a %d %b %Y}" + ("" if nights is None else f", {nights_told(int(nights))}{which}")


def nights_told(count: int) -> str:
    """So many nights in words."""
    return f"{count} night{'' if count == 1 else 's'}"


def versions_told(changes: Sequence[Change]) -> str:
    """The first versions that changed between two logs in words, and how many more; "" where none did."""
    parts = [
        f"{one.name} {(one.before or 'none')[:_OF_ONE]} → {(one.after or 'none')[:_OF_ONE]} ({one.kind})"
        for one in changes[:_VERSIONS]
    ]
    more = len(changes) - _VERSIONS
    return ", ".join([*parts, f"{more} more"] if more > 0 else parts)


def duration_told(seconds: float) -> str:
    """A run time in minutes, or hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
