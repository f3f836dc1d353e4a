"""A night in four lines: which nightlies are new, still red, never ran or recovered, since when, and who has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashlib.charts.night_box import nights_told
from dashlib.charts.night_grid import Data
from dashlib.charts.wording import (
    beside_told,
    by_hand_told,
    cause_told,
    holder_told,
    late_told,
    only_by_hand_told,
    reason_told,
    times_told,
)
from dashlib.nightlies.report_groups import NAMED, alike, together_told
from dashlib.nightlies.report_items import LOST, RED

_LINES = {
    "new": "New",
    "still_red": "Still red",
    "missing": "Never ran",
    "late": "Late",
    "recovered": "Recovered",
    "partly": "Not every time",
    "only_by_hand": "Only by hand",
    "canceled": "Canceled",
}
_TOO = ("late", "partly", "only_by_hand", "canceled")
"""Lines that are there only where they tell of anything."""
_REASON = 90
_NO_JOB = "no failed job"
_MOST, _TITLED = 8, 40
_LONGEST = 120
_Named = tuple[Mapping[Any, Any], str]


def glance(note: pd.DataFrame) -> list[Data]:
    """What ``night_glance.js`` draws of the answer of ``queries.nightlies.note``: four lines, empty ones too, and
    where there is any what is late, what ran at some of its times only, and what was canceled.

    Each line has a kind, a title, a count, up to eight items (name, title, about, href) and how many more there are;
    three and more that failed alike are one item.
    All texts are plain; links are http(s) or pages of this dashboard.
    """
    records = note.to_dict("records")
    names = _names(records)
    told_of: dict[str, list[_Named]] = {}
    for row, name in zip(records, names, strict=True):
        told_of.setdefault(str(row["change"]), []).append((row, name))
    return [
        _line(kind, title, rows)
        for kind, title in _LINES.items()
        if (rows := told_of.get(kind, [])) or kind not in _TOO
    ]


def _line(kind: str, title: str, rows: Sequence[_Named]) -> Data:
    """Nightlies that failed alike are one item, as in the morning note; ``more`` counts nightlies, not items."""
    groups = [[rows[place] for place in group] for group in alike(_key(row) for row, _ in rows)]
    return {
        "kind": kind,
        "title": title,
        "count": len(rows),
        "items": [_item(*group[0]) if len(group) == 1 else _items(group) for group in groups[:_MOST]],
        "more": sum(map(len, groups[_MOST:])),
    }


def _key(row: Mapping[Any, Any]) -> str | None:
    key = row["signature_id"] if row["change"] in RED else None
    return key if isinstance(key, str) and key else None


def _items(rows: Sequence[_Named]) -> Data:
    """Several that failed alike: how many, why, the first names, what somebody started, who has them; it leads to the
    first one's page."""
    first = _item(*rows[0])
    names = [name for _, name in rows]
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    has_it = {_has_it(row) for row, _ in rows}
    nobody = sum(_has_it(row) == holder_told(None) for row, _ in rows)
    who = has_it.pop() if len(has_it) == 1 else f"nobody has {nobody} of them" if nobody else ""
    reason = _cut(reason_told(str(rows[0][0]["reason"]))) if isinstance(rows[0][0]["reason"], str) else _NO_JOB
    by_hand = together_told([by_hand_told(row) for row, _ in rows])
    about = ", ".join(part for part in (f"{reason}: {', '.join(names[:NAMED])}{more}", by_hand, who) if part)
    title = ", ".join(str(row["path_with_namespace"]) for row, _ in rows[:_TITLED])
    return first | {"name": f"{len(rows)} nightlies", "title": title, "about": about}


def _has_it(row: Mapping[Any, Any]) -> str:
    holder, title = holder_told(row["assignee"]), row["issue_title"]
    return "has an issue" if holder == holder_told(None) and isinstance(title, str) and title else holder


def _names(records: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Short names, where nothing else that night has the same."""
    places = {(str(row["path_with_namespace"]), str(row["schedule"])) for row in records}
    several = Counter(path for path, _ in places)
    alike = Counter(path.rpartition("/")[2] for path in several)
    names = []
    for row in records:
        path = str(row["path_with_namespace"])
        short = path.rpartition("/")[2]
        name = (short if alike[short] == 1 else path)[:_LONGEST]
        names.append(f"{name} · {row['schedule']}" if several[path] > 1 else name)
    return names


def since_told(day: Any, nights: Any) -> str:
    """Since which day, and for how many nights."""
    return f"since {pd.Timestamp(day):%a %d %b}, {nights_told(int(nights))}"


def _missing(row: Mapping[Any, Any]) -> list[str]:
    expected = [] if pd.isna(row["expected_at"]) else [f"expected at {row['expected_at']:%H:%M}"]
    since = [] if pd.isna(row["missing_since"]) else [since_told(row["missing_since"], row["nights_missing"])]
    return [*since, *expected]


def _late(row: Mapping[Any, Any]) -> list[str]:
    """When it was to run, until when it is waited for, and since when it does not run."""
    parts = [f"expected at {row['expected_at']:%H:%M}"]
    if not pd.isna(row["missing_from"]):
        parts.append(f"missing from {row['missing_from']:%H:%M} on")
    if not pd.isna(row["missing_since"]):
        gone = nights_told(int(row["nights_missing"]))
        parts.append(f"not run since {row['missing_since']:%a %d %b}, {gone} before")
    return parts


def _cut(text: str) -> str:
    return text if len(text) <= _REASON else f"{text[: _REASON - 1].rstrip()}…"


def _item(row: Mapping[Any, Any], name: str) -> Data:
    text = {word: value if isinstance(value, str) and value else None for word, value in row.items()}
    red = row["change"] in ("new", "still_red")
    reason = reason_told(text["reason"]) if text["reason"] else None
    if red:
        fresh = int(row["first_jobs"])
        parts = [
            since_told(row["red_since"], row["nights_red"]) if row["change"] == "still_red" else None,
            f"{fresh} newly failed job{'' if fresh == 1 else 's'}" if row["change"] == "still_red" and fresh else None,
            f"{text['job_name']}: {_cut(reason)}" if text["job_name"] and reason else text["job_name"] or _NO_JOB,
            by_hand_told(row) or None,
            _has_it(row),
        ]
    elif row["change"] in ("missing", "late"):
        owner = text["owner_username"]
        parts = [
            *(_missing(row) if row["change"] == "missing" else _late(row)),
            (cause_told(row) or "why is not known") if row["change"] == "missing" else late_told(row),
            f"owner {owner}" if owner else None,
            # Of a nightly that ran at another time, what somebody has is how it ended then.
            holder_told(text["assignee"] if row["state"] in LOST else None),
        ]
    elif row["change"] == "partly":
        parts = [
            times_told(row),
            ": ".join(part for part in (text["job_name"], reason and _cut(reason)) if part),
            beside_told(row),
            _has_it(row) if text["job_name"] else None,
        ]
    elif row["change"] == "only_by_hand":
        parts = [only_by_hand_told(row), beside_told(row)]
    elif row["change"] == "canceled":
        parts = ["no verdict", by_hand_told(row)]
    else:
        parts = [f"was red for {nights_told(int(row['nights_red']))}", by_hand_told(row)]
    full = f"{row['path_with_namespace']} · {row['schedule']}"
    found: Data = {
        "name": name,
        "title": f"{full}: {reason}" if red and reason else full,
        "about": ", ".join(part[: 2 * _LONGEST] for part in parts if part),
    }
    names_job = red or row["change"] == "partly"
    href = f"/failure?failure={text['failure']}" if names_job and text["failure"] else text["url"]
    return found | ({"href": href} if href else {})
