"""A night in four lines: which nightlies are new, still red, never ran or recovered, since when, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashlib.charts.night_grid import Data, nights_told
from dashlib.charts.wording import CAUSES, reason_told, times_told

_LINES = {"new": "New", "still_red": "Still red", "missing": "Never ran", "recovered": "Recovered"}
_TOO = {"partly": "Not every time", "canceled": "Canceled"}
"""Lines that are there only where they tell of anything."""
_REASON = 90
_NO_JOB = "no failed job"
_MOST = 8
_LONGEST = 120


def glance(note: pd.DataFrame) -> list[Data]:
    """What ``night_glance.js`` draws of the answer of ``queries.nightlies.note``: all four lines, empty ones too, and
    below them what ran at some of its times only, and what was canceled, where there is any.

    Each line has a kind, a title, a count, up to eight items (name, title, about, href) and how many more there are.
    All texts are plain; links are http(s) or pages of this dashboard.
    """
    names = _names(note)
    lines = []
    for kind, title in (_LINES | _TOO).items():
        rows = note[note["change"] == kind]
        if kind in _TOO and rows.empty:
            continue
        shown = [_item(row, names[index]) for index, row in zip(rows.index, rows.to_dict("records"), strict=True)]
        lines.append(
            {
                "kind": kind,
                "title": title,
                "count": len(shown),
                "items": shown[:_MOST],
                "more": max(0, len(shown) - _MOST),
            }
        )
    return lines


def _names(note: pd.DataFrame) -> dict[Any, str]:
    """Short names, where nothing else that night has the same."""
    paths = note["path_with_namespace"].astype(str)
    places = note[["path_with_namespace", "schedule"]].astype(str).agg(" ".join, axis=1) if len(note) else paths
    short = paths.str.rpartition("/")[2] if len(note) else paths
    alike = pd.DataFrame({"path": paths, "short": short}).drop_duplicates()["short"].value_counts()
    named = {index: short[index] if alike[short[index]] == 1 else paths[index] for index in note.index}
    several = pd.DataFrame({"path": paths, "place": places}).drop_duplicates()["path"].value_counts()
    twice = paths.map(several) > 1
    return {
        index: f"{name[:_LONGEST]} · {note['schedule'][index]}" if twice[index] else name[:_LONGEST]
        for index, name in named.items()
    }


def since_told(day: Any, nights: Any) -> str:
    """Since which day, and for how many nights."""
    return f"since {pd.Timestamp(day):%a %d %b}, {nights_told(int(nights))}"


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
            text["assignee"] or ("has an issue" if text["issue_title"] else "nobody has it"),
        ]
    elif row["change"] == "missing":
        owner = text["owner_username"]
        parts = [
            since_told(row["missing_since"], row["nights_missing"]),
            CAUSES.get(text["cause"] or "", "why is not known"),
            f"owner {owner}" if owner else None,
        ]
    elif row["change"] == "partly":
        parts = [times_told(row)]
    elif row["change"] == "canceled":
        parts = ["no verdict"]
    else:
        parts = [f"was red for {nights_told(int(row['nights_red']))}"]
    full = f"{row['path_with_namespace']} · {row['schedule']}"
    found: Data = {
        "name": name,
        "title": f"{full}: {reason}" if red and reason else full,
        "about": ", ".join(part[: 2 * _LONGEST] for part in parts if part),
    }
    href = f"/failure?failure={text['failure']}" if red and text["failure"] else text["url"]
    return found | ({"href": href} if href else {})
