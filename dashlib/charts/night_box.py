"""What the box says that comes when a cell of the grid of nights is pointed at, and nights in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashlib.charts.night_marks import Struck, also_told, letter
from dashlib.charts.wording import BY_HAND, NO_FAILED_JOB, cause_told, moment_told, reason_told, since_failed_told
from dashlib.nightlies.versions import Change

_LONGEST = 240
_NOT_CUT = ("First error", "Also")
_VERSIONS, _OF_ONE = 3, 24
"""How many versions that changed a box tells, and the characters of each: a digest needs no more to be known."""
FIGURES = (
    ("Red now", "Nights in a row, up to the framed one; ∅: for which it has not run"),
    ("First red", "The first red night that is stored"),
    ("Red in 30", "Red nights of the 30 days up to the framed one"),
    ("To green", "From a first red night to the next green one, on average"),
    ("Flips", "Changes between green and red in the 30 days up to the framed one"),
)
"""What the figures of a row are called, and what each is."""
_GONE = {"missing": "Missing since", "late": "Not run since"}


def tip(cell: Mapping[str, Any], found: Sequence[Struck] = ()) -> list[list[str]]:
    """What the box says that comes when a cell is pointed at; a quiet cell says little.

    ``found`` are the failures that struck in it (``night_marks.struck``), told whole.
    ``changed``, which may be left out, says in words which versions changed since the failed job's last pass.
    """
    state = str(cell["state"])
    told = [["State", f"{state}, newly" if cell["is_new"] and state == "failed" else state]]
    if state in ("missing", "off") or isinstance(cell["cause"], str):
        told.append(["Why", cause_told(cell) or "not known"])
    fresh = cell["first_jobs"] if state == "failed" and not cell["is_new"] else 0
    lost, is_red = state in ("missing", "late"), state in ("failed", "warned")
    head = next((one for one in found if one.is_head and one.mark is not None), None)
    texts = (
        ("Expected", f"{cell['expected_at']:%a %d %b, %H:%M}" if cell["expected_at"] is not None else None),
        ("Missing from", f"{cell['missing_from']:%H:%M} on" if cell["missing_from"] is not None else None),
        (_GONE.get(state, ""), _gone(cell)),
        ("Allowed to fail" if state == "warned" else "Failed jobs", cell["job_names"]),
        ("Newly failed", f"{fresh} of its jobs" if fresh else None),
        ("First error" + (f" ({letter(head.mark)})" if head and head.mark else ""), _error(cell)),
        *also_told(found),
        ("Failing since" if state == "warned" else "Red since", _since(cell["red_since"])),
        ("Runner", cell["runner"]),
        ("Changed since it passed", cell.get("changed")),
        ("Issue", (cell["issue_title"] or "none") if is_red else None),
        ("Allowed failures", str(cell["failed_allowed_jobs"]) if cell["failed_allowed_jobs"] else None),
        ("Run time", None if cell["duration"] is None else duration_told(cell["duration"])),
        ("Times", _times(cell)),
        ("Runs", _runs(cell)),
        ("Started", BY_HAND.removeprefix("started ") if cell["by_hand"] else None),
        ("By hand", _by_hand(cell)),
        ("Owner", cell["owner"] if lost else None),
        ("Who has it", (cell["assignee"] or "nobody") if lost or is_red else None),
    )
    return told + [
        [word, text if word.startswith(_NOT_CUT) else text[:_LONGEST]]
        for word, text in texts
        if word and isinstance(text, str) and text
    ]


def _by_hand(cell: Mapping[str, Any]) -> str | None:
    return f"{cell['extra_state']} {moment_told(cell['extra_at'], cell['slot'])}" if cell["extra_state"] else None


def _error(cell: Mapping[str, Any]) -> str | None:
    if cell["reason"]:
        return reason_told(cell["reason"])
    return NO_FAILED_JOB if cell["state"] == "failed" and not cell["job_names"] and cell["url"] else None


def figures(head: Mapping[str, Any]) -> list[str]:
    """The figures of a row, of a cell of it: what ``FIGURES`` calls them; "" where there is nothing to count."""
    red = f"∅ {head['gap']}" if head["gap"] else str(head["streak"] or "")
    first = head["first_red_night"]
    days = head["days_to_green"]
    return [
        red,
        "" if first is None else f"{first:%d %b %Y}",
        str(head["reds_30"]),
        "" if days is None else f"{days:g} {'day' if days == 1 else 'days'}",
        str(head["flips_30"]),
    ]


def figures_told(head: Mapping[str, Any]) -> str:
    """The figures of a row in words."""
    red, first, reds, days, flips = figures(head)
    now = f"red for {nights_told(int(head['streak']))}" if head["streak"] else "not red"
    parts = [f"missing for {nights_told(int(head['gap']))}" if red and head["gap"] else now]
    parts += [f"first red night {first}"] if first else []
    parts += [f"red {reds} of the last 30 days"]
    parts += [f"green again after {days} on average"] if days else []
    return "; ".join([*parts, f"{flips} {'change' if flips == '1' else 'changes'} between green and red in 30 days"])


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
    if not cell["failed_runs"]:
        return str(cell["runs"])
    since = since_failed_told(cell) if cell["state"] in ("passed", "warned") else ""
    return f"{cell['runs']}, {cell['failed_runs']} of them failed{since}"


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
