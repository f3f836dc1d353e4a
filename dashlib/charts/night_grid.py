"""The grid of nights as data for the browser: rows, columns, cells with what they say, marks and their meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dashlib.charts.wording import CAUSES, reason_told
from dashlib.failures.issue_draft import Facts, form_url

Data = dict[str, Any]
Cell = dict[str, Any]
_ROW = ("group_name", "top", "middle", "part", "level")
_CORNERS = {"repository": "Repository", "schedule": "Nightly", "job": "Job", "reason": "Reason"}
_MANY = 500
_FIRST_MARKS = 26
_LONGEST = 240


def grid_data(
    frame: pd.DataFrame,
    *,
    framed: date,
    rows: str = "repository",
    grain: str = "night",
    opened: tuple[str, ...] = (),
    times: bool = False,
) -> Data:
    """What ``night_grid.js`` draws of the answer of ``queries.night_grid.grid``.

    ``framed`` is the night in a frame, ``opened`` the rows that show what is in them, ``times`` puts the run time into
    each cell instead of its failed jobs. All texts are plain; links are either http(s) or pages of this dashboard.
    """
    slots = _slots(frame, grain, framed)
    places = {slot["iso"]: place for place, slot in enumerate(slots)}
    return {
        "slots": slots,
        "corner": _CORNERS[rows],
        "rows": list(_rows(frame, places, slots, opened, rows)),
        "marks": _marks(frame),
        "few": _FIRST_MARKS,
        "wide": rows == "reason",
        "times": times,
    }


def _slots(frame: pd.DataFrame, grain: str, framed: date) -> list[Data]:
    """Every night from the first to the last: one on which nothing ran is an empty column, not a missing one."""
    first, last = pd.Timestamp(frame["slot"].min()), pd.Timestamp(frame["slot"].max())
    step = {"night": "D", "week": "W-MON", "month": "MS"}[grain]
    days = [day.date() for day in pd.date_range(first, last, freq=step)]
    ends = [*days[1:], days[-1] + timedelta(days=400)]
    titles = {"night": "%a %d %b %Y", "week": "Week of %d %b %Y", "month": "%B %Y"}
    return [
        {
            "iso": day.isoformat(),
            "day": f"{day:%d}" if grain != "month" else f"{day:%b}",
            "month": f"{day:%b %Y}" if grain != "month" else f"{day:%Y}",
            "title": f"{day:{titles[grain]}}",
            "weekend": grain == "night" and day.weekday() >= 5,
            "framed": day <= framed < end,
        }
        for day, end in zip(days, ends, strict=True)
    ]


def _rows(
    frame: pd.DataFrame, places: dict[str, int], slots: list[Data], opened: tuple[str, ...], rows: str
) -> Iterator[Data]:
    shown_group = ""
    for (group, top, middle, part, level), cells in _by_row(frame).items():
        if group != shown_group:
            shown_group = str(group)
            yield _heading(frame[frame["group_name"] == group], shown_group, places)
        head = cells[0]
        is_path = (rows == "repository" and level == 0) or (rows == "job" and level == 1)
        front, _, name = str(head["label"]).rpartition("/") if is_path else ("", "", str(head["label"]))
        yield {
            "level": int(level),
            "key": str(top) if level == 0 else "",
            "open": level == 0 and top in opened,
            "front": f"{front}/" if front else "",
            "label": name[:_LONGEST],
            "title": " · ".join(str(word)[:_LONGEST] for word in (head["name"], middle, part) if word),
            "aside": _aside(head),
            "cells": [_cell(cell, places, slots) for cell in cells],
        }


def _by_row(frame: pd.DataFrame) -> dict[tuple[Any, ...], list[Cell]]:
    """The cells of each row, rows and cells in the frame's order.

    In one go: two hundred frames of sixty cells take pandas twenty times as long.
    """
    found: dict[tuple[Any, ...], list[Cell]] = {}
    names = frame.columns.tolist()
    columns = (_values(frame[name]) for name in names)
    for values in zip(*columns, strict=True):
        cell: Cell = dict(zip(names, values, strict=True))
        found.setdefault(tuple(cell[column] for column in _ROW), []).append(cell)
    return found


def _values(column: Any) -> list[Any]:
    """A column as Python's own values: a gap is None (pandas.NA is neither true nor false, a float's gap is true)."""
    values: list[Any] = column.tolist()
    if not column.hasnans:
        return values
    return [None if value is pd.NA or value != value else value for value in values]  # noqa: PLR0124 - as NaN is


def _heading(cells: pd.DataFrame, group: str, places: dict[str, int]) -> Data:
    """A group: how many of its rows failed each night."""
    top = cells[cells["level"] == 0]
    failed = top[top["state"] == "failed"].groupby("slot").size()
    count = top["top"].nunique()
    return {
        "heading": True,
        "label": group,
        "aside": f"{count} row{'' if count == 1 else 's'}",
        "cells": [{"at": places[_iso(slot)], "count": int(number)} for slot, number in failed.items()],
    }


def _aside(head: Cell) -> str:
    """For how many nights it has not run or been red, else how many were red; nights, whatever a column is."""
    if head["gap"]:
        return f"missing {head['gap']}"
    if head["streak"]:
        return f"red {head['streak']}"
    return f"{head['reds_30']} in 30" if head["reds_30"] else ""


def _cell(cell: Cell, places: dict[str, int], slots: list[Data]) -> Data:
    place = places[_iso(cell["slot"])]
    failure = cell["failure"] if isinstance(cell["failure"], str) else None
    found: Data = {"at": place, "state": cell["state"], "tip": _tip(cell)}
    href = f"/failure?failure={failure}" if failure else cell["url"]
    if isinstance(href, str):
        found["href"] = href
    if failure:
        found["failure"] = failure
        if isinstance(cell["job_web_url"], str):
            found["job"] = cell["job_web_url"]
            # Only of the framed night: each of these addresses is as long as a page of the grid's other cells.
            if slots[place]["framed"] and not isinstance(cell["issue_url"], str) and (form := _issue_form(cell)):
                found["form"] = form
        if isinstance(cell["issue_url"], str):
            found["issue"] = cell["issue_url"]
    if cell["failed_jobs"]:
        found["count"] = int(cell["failed_jobs"])
    if not pd.isna(cell["mark"]):
        found["mark"] = int(cell["mark"])
    if cell["is_new"] and cell["state"] == "failed":
        found["isNew"] = True
    if cell["times_missing"] and cell["state"] != "missing":
        found["partly"] = True
    if cell["by_hand"]:
        found["byHand"] = True
    if not pd.isna(cell["duration"]):
        minutes = round(cell["duration"] / 60)
        found["minutes"] = str(minutes) if minutes < _MANY else f"{minutes // 60}h"
    return found


def _tip(cell: Cell) -> list[list[str]]:
    """What the box says that comes when a cell is pointed at; a quiet cell says little."""
    state = str(cell["state"])
    told = [["State", f"{state}, newly" if cell["is_new"] and state == "failed" else state]]
    if state in ("missing", "off") or isinstance(cell["cause"], str):
        told.append(["Why", CAUSES.get(str(cell["cause"]), "not known")])
    fresh = cell["first_jobs"] if state == "failed" and not cell["is_new"] else 0
    texts = (
        ("Missing since", _since(cell["missing_since"], cell["nights_missing"]) if state == "missing" else None),
        ("Failed jobs", cell["job_names"]),
        ("Newly failed", f"{fresh} of its jobs" if fresh else None),
        ("First error", reason_told(cell["reason"]) if cell["reason"] else None),
        ("Red since", _since(cell["red_since"])),
        ("Runner", cell["runner"]),
        ("Issue", _issue(cell) if state in ("failed", "warned") else None),
        ("Allowed failures", str(cell["failed_allowed_jobs"]) if cell["failed_allowed_jobs"] else None),
        ("Run time", None if pd.isna(cell["duration"]) else duration_told(cell["duration"])),
        ("Times", _times(cell)),
        ("Runs", _runs(cell)),
        ("Started", "by hand, or late" if cell["by_hand"] else None),
        ("Owner", cell["owner"] if state == "missing" else None),
    )
    return told + [[word, text[:_LONGEST]] for word, text in texts if isinstance(text, str) and text]


def _times(cell: Cell) -> str | None:
    """How many of a nightly's times never ran, where there are several."""
    if not cell["times_missing"] or cell["expected"] < 2:
        return None
    return f"{cell['times_missing']} of {cell['expected']} never ran"


def _runs(cell: Cell) -> str | None:
    """How many runs, and how many of them failed, where there are several."""
    if cell["runs"] < 2:
        return None
    since = ", passed since" if cell["state"] in ("passed", "warned") else ""
    return f"{cell['runs']}, {cell['failed_runs']} of them failed{since}" if cell["failed_runs"] else str(cell["runs"])


def _since(day: Any, nights: Any = None) -> str | None:
    """A day, and for how many nights."""
    if pd.isna(day):
        return None
    return f"{pd.Timestamp(day):%a %d %b %Y}" + ("" if pd.isna(nights) else f", {nights_told(int(nights))}")


def nights_told(count: int) -> str:
    """So many nights in words."""
    return f"{count} night{'' if count == 1 else 's'}"


def _issue_form(cell: Cell) -> str | None:
    """GitLab's form for a new issue, filled with what a cell knows; None for a job of another forge."""
    project, found, _ = str(cell["job_web_url"]).partition("/-/jobs/")
    if not found:
        return None
    number, _, job = str(cell["failure"]).partition("-")
    name = str(cell["job_names"]).partition(",")[0]
    facts = Facts(
        reason=str(cell["reason"] or "it failed"),
        job_name=name,
        path=str(cell["path"]),
        category=str(cell["category"] or "unknown"),
        signature=cell["signature"] if isinstance(cell["signature"], str) else None,
        project_id=int(number),
        job_id=int(job),
    )
    return form_url(project, facts)


def _issue(cell: Cell) -> str:
    title, assignee = cell["issue_title"], cell["assignee"]
    words = [text for text in (title, assignee) if isinstance(text, str)]
    return " – ".join(words) if words else "nobody has it"


def _marks(frame: pd.DataFrame) -> list[Data]:
    """The failures that have a mark, by how often they struck in the rows (not in what is in them)."""
    marked = frame[(frame["level"] == 0) & frame["mark"].notna()]
    found: list[Data] = []
    grouped: Any = marked.groupby("mark")
    texts = {mark: reason_told(str(cells["reason"].iloc[-1]))[:_LONGEST] for mark, cells in grouped}
    alike = Counter(texts.values())
    for mark, cells in grouped:
        where = cells["path"].nunique()
        found.append(
            {
                "mark": int(mark),
                "text": texts[mark] if alike[texts[mark]] == 1 else f"{_told_apart(cells.iloc[-1])}: {texts[mark]}",
                "about": f"{len(cells)} × in {where} {'repository' if where == 1 else 'repositories'}",
                "href": f"/failures?signature={cells['signature_id'].iloc[-1]}",
            }
        )
    return found


def _told_apart(cell: Any) -> str:
    """What tells a failure from another one of the same text: its job and repository, where it struck last."""
    job = cell["job_names"].partition(",")[0] if isinstance(cell["job_names"], str) else ""
    return " of ".join(word for word in (job, str(cell["path"]).rpartition("/")[2]) if word)


def duration_told(seconds: float) -> str:
    """A run time in minutes, or hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _iso(slot: Any) -> str:
    day: date = slot.date()
    return day.isoformat()
