"""The grid of nights as data for the browser: rows, columns, cells with what they say, marks and their meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from dashlib.charts.night_box import FIGURES, figures, figures_told, tip
from dashlib.charts.night_marks import OF_A_CELL, Struck, letter, marks, struck, told_apart, worn
from dashlib.charts.wording import CAUSES, reason_told
from dashlib.failures.issue_draft import Facts, form_url, missing_form_url

Data = dict[str, Any]
Cell = dict[str, Any]
_ROW = ("group_name", "top", "middle", "part", "level")
_CORNERS = {"repository": "Repository", "schedule": "Nightly", "job": "Job", "reason": "Reason"}
_FIRST_MARKS = 26
_LONGEST = 240
_NOTHING: Mapping[str, str] = {}


def grid_data(
    frame: pd.DataFrame,
    *,
    framed: date,
    rows: str = "repository",
    grain: str = "night",
    opened: tuple[str, ...] = (),
    times: bool = False,
    span: tuple[date, date] | None = None,
    changed: Mapping[str, str] = _NOTHING,
    with_figures: bool = False,
) -> Data:
    """What ``night_grid.js`` and its parts draw of the answer of ``queries.night_grid.grid``.

    ``framed`` is the night in a frame, ``opened`` the rows that show what is in them, ``times`` puts the run time into
    each cell instead of its failed jobs, ``span`` is the first and the last night that has a column even where no row
    has a cell on it, ``changed`` says of failures which versions changed since their jobs passed, ``with_figures``
    puts each row's figures behind its nights. All texts are plain;
    links are either http(s) or pages of this dashboard.
    """
    slots = _slots(frame, grain, framed, span)
    places = {pd.Timestamp(slot["iso"]): place for place, slot in enumerate(slots)}
    cells = frame.assign(at=[places[slot] for slot in _values(frame["slot"])], changed=frame["failure"].map(changed))
    cells = cells.assign(struck=pd.Series(_struck(cells), index=cells.index, dtype=object))
    forms: dict[str, int] = {}
    return {
        "slots": slots,
        "corner": _CORNERS[rows],
        "rows": list(_rows(cells, opened, rows, forms, with_figures)),
        "forms": list(forms),
        "marks": marks(cells),
        "few": _FIRST_MARKS,
        "wide": rows == "reason",
        "times": times,
        "figures": FIGURES if with_figures else [],
    }


def _struck(cells: pd.DataFrame) -> list[list[Struck]]:
    """The failures of each cell; most have none."""
    is_bad = cells["state"].isin(("failed", "warned"))
    bad = iter([struck(cell) for cell in _records(cells.loc[is_bad, list(OF_A_CELL)])])
    return [next(bad) if one else [] for one in is_bad]


def _slots(frame: pd.DataFrame, grain: str, framed: date, span: tuple[date, date] | None) -> list[Data]:
    """Every night from the first to the last: one on which nothing ran is an empty column, not a missing one."""
    first, last = pd.Timestamp(frame["slot"].min()), pd.Timestamp(frame["slot"].max())
    if span is not None:
        begin, end = (_begun(day, grain) for day in span)
        first, last = min(first, begin), max(last, end)
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


def _begun(day: date, grain: str) -> pd.Timestamp:
    """The first day of the column that holds a night."""
    first = {"night": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[grain]
    return pd.Timestamp(first)


def _rows(
    frame: pd.DataFrame, opened: tuple[str, ...], rows: str, forms: dict[str, int], with_figures: bool
) -> Iterator[Data]:
    """The rows with their cells; those that passed, most of them, as short as can be: night, link and minutes."""
    row_of = frame.groupby(list(_ROW), sort=False, dropna=False).ngroup()
    is_quiet = _quiet(frame)
    loud: dict[int, list[Cell]] = {}
    for row, cell in zip(row_of[~is_quiet], _records(frame[~is_quiet]), strict=True):
        loud.setdefault(row, []).append(cell)
    quiet, passed = frame[is_quiet], dict[int, list[tuple[int, str | None, int | None]]]()
    minutes = _values((quiet["duration"] / 60).round().astype("Int64"))
    for row, at, url, took in zip(row_of[is_quiet], quiet["at"], _values(quiet["url"]), minutes, strict=True):
        passed.setdefault(row, []).append((at, url, took))
    headings, shown_group = _headings(frame), ""
    apart = _alike(frame) if rows == "reason" else {}
    for row, head in enumerate(_records(frame.drop_duplicates(list(_ROW)))):
        group, top, level = head["group_name"], str(head["top"]), int(head["level"])
        if group != shown_group:
            shown_group = str(group)
            yield headings[shown_group]
        is_path = (rows == "repository" and level == 0) or (rows == "job" and level == 1)
        front, _, name = str(head["label"]).rpartition("/") if is_path else ("", "", str(head["label"]))
        yield {
            "level": level,
            "key": top if level == 0 else "",
            "open": level == 0 and top in opened,
            "front": f"{front}/" if front else "",
            "label": (f"{apart[top]}: {name}" if level == 0 and top in apart else name)[:_LONGEST],
            "title": " · ".join(
                str(word)[:_LONGEST] for word in (apart.get(top), head["name"], head["middle"], head["part"]) if word
            ),
            "aside": _aside(head),
            "about": figures_told(head),
            **({"figures": figures(head)} if with_figures else {}),
            "cells": [_cell(cell, forms) for cell in loud.get(row, [])],
            "passed": passed.get(row, []),
        }


def _alike(frame: pd.DataFrame) -> dict[str, str]:
    """Rows that are called the same, and what tells each from the others: job and repository, where it struck last."""
    last = frame[frame["level"] == 0].drop_duplicates("top", keep="last")
    alike = last[last["label"].duplicated(keep=False)]
    return {str(cell["top"]): told_apart(cell) for cell in _records(alike)}


def _quiet(frame: pd.DataFrame) -> Any:
    """Which cells passed and have nothing else to say."""
    counts = frame[["failed_jobs", "failed_allowed_jobs", "times_missing", "failed_runs"]].fillna(0)
    texts = frame[["cause", "failure"]].isna()
    return (
        (frame["state"] == "passed")
        & (counts == 0).all(axis=1)
        & texts.all(axis=1)
        & ~frame["by_hand"]
        & frame["extra_state"].isna()
        & (frame["runs"].fillna(0) < 2)
    )


def _records(frame: pd.DataFrame) -> Iterator[Cell]:
    """Rows of the frame. In one go: two hundred frames of sixty cells take pandas twenty times as long."""
    names = frame.columns.tolist()
    for values in zip(*(_values(frame[name]) for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _values(column: Any) -> list[Any]:
    """A column as Python's own values: a gap is None (pandas.NA is neither true nor false, a float's gap is true)."""
    if column.dtype.kind == "M":
        # A grid has few days and many cells, and pandas makes a day anew for each.
        codes, days = pd.factorize(column)
        known: list[Any] = [*days, None]
        return [known[code] for code in codes]
    values: list[Any] = column.tolist()
    if not column.hasnans:
        return values
    return [None if value is pd.NA or value != value else value for value in values]  # noqa: PLR0124 - as NaN is


def _headings(frame: pd.DataFrame) -> dict[str, Data]:
    """Each group: how many of its rows failed each night, of which failures, and how many never ran."""
    tops = frame[frame["level"] == 0]
    found: dict[str, Data] = {}
    for group, count in tops.groupby("group_name")["top"].nunique().items():
        about = f"{count} row{'' if count == 1 else 's'}"
        found[str(group)] = {"heading": True, "label": str(group), "aside": about, "cells": []}
    bad = tops[tops["state"].isin(("failed", "missing"))]
    for (group, at), some in bad.groupby(["group_name", "at"])[["state", "struck"]]:
        failed = some.loc[some["state"] == "failed", "struck"].tolist()
        found[str(group)]["cells"].append({"at": int(str(at)), **_summed(failed, len(some) - len(failed))})
    return found


def _summed(rows: list[list[Struck]], gone: int) -> Data:
    """What the heading of a group says of one night: how many rows failed, which failures where; ``gone`` never ran."""
    count = Counter(one.mark for failures in rows for one in failures if one.mark is not None)
    reasons = {one.mark: one.reason for failures in rows for one in failures}
    marked = [mark for mark, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]
    more = sum(one.mark is None for failures in rows for one in failures)
    about = [
        [word, f"{many} row{'' if many == 1 else 's'}"]
        for word, many in (("Failed", len(rows)), ("Never ran", gone))
        if many
    ]
    about += [[letter(mark), f"in {count[mark]}: {reason_told(reasons[mark])}"] for mark in marked]
    about += [["Others", f"{more} that struck once only"]] if more else []
    counts = {"count": len(rows), "gone": gone, "also": marked, "more": more}
    return {"tip": about} | {name: value for name, value in counts.items() if value}


def _aside(head: Cell) -> str:
    """For how many nights it has not run or been red, else how many were red; nights, whatever a column is."""
    if head["gap"]:
        return f"missing {head['gap']}"
    if head["streak"]:
        return f"red {head['streak']}"
    return f"{head['reds_30']} in 30" if head["reds_30"] else ""


def _cell(cell: Cell, forms: dict[str, int]) -> Data:
    failure = cell["failure"] if isinstance(cell["failure"], str) else None
    found: Data = {"at": cell["at"], "state": cell["state"], "tip": tip(cell, cell["struck"])} | worn(cell["struck"])
    href = f"/failure?failure={failure}" if failure else cell["url"]
    links = {"href": href, "before": cell["last_pipeline_url"], "extra": cell["extra_url"]}
    found |= {name: link for name, link in links.items() if isinstance(link, str)}
    if failure:
        found["failure"] = failure
        if isinstance(cell["job_web_url"], str):
            found["job"] = cell["job_web_url"]
            if not isinstance(cell["issue_url"], str) and (form := _issue_form(cell)):
                # The same failure of the same job has the same form on each of its nights: it is sent once.
                found["form"] = forms.setdefault(form, len(forms))
        if isinstance(cell["issue_url"], str):
            found["issue"] = cell["issue_url"]
    elif cell["state"] == "missing" and (form := missing_form(cell)):
        found["form"] = forms.setdefault(form, len(forms))
    if cell["failed_jobs"]:
        found["count"] = int(cell["failed_jobs"])
    if cell["is_new"] and cell["state"] == "failed":
        found["isNew"] = True
    if cell["times_missing"] and cell["state"] != "missing":
        found["partly"] = True
    if cell["by_hand"] or cell["extra_state"]:
        found["byHand"] = True
    if cell["duration"] is not None:
        found["minutes"] = round(cell["duration"] / 60)
    return found


def _issue_form(cell: Cell) -> str | None:
    """GitLab's form for a new issue, filled with what a cell knows; None for a job of another forge."""
    project, found, _ = str(cell["job_web_url"]).partition("/-/jobs/")
    if not found:
        return None
    number, _, job = str(cell["failure"]).partition("-")
    signature = cell["signature"] if isinstance(cell["signature"], str) else None
    facts = Facts(
        reason=str(cell["reason"] or "it failed"),
        job_name=str(cell["job_names"]).partition(",")[0],
        path=str(cell["path"]),
        category=str(cell["category"] or "unknown"),
        signature=signature,
        project_id=int(number),
        # Only what has no signature is known by the job.
        job_id=0 if signature else int(job),
    )
    return _form(project, facts)


def missing_form(cell: Mapping[str, Any]) -> str | None:
    """GitLab's form for an issue about a nightly that does not run; None for a nightly of another forge.

    ``cell`` is one of the grid, or a row of ``queries.nightlies.note``.
    """
    project, found, _ = str(cell["url"]).partition("/-/pipeline_schedules")
    if not found or not isinstance(cell["schedule"], str):
        return None
    owner = cell.get("owner", cell.get("owner_username"))
    path = str(cell.get("path", cell.get("path_with_namespace")))
    why = CAUSES.get(str(cell["cause"]), "why is not known")
    return missing_form_url(project, cell["schedule"], path, cell["missing_since"], why, str(owner or ""))


@lru_cache(maxsize=4096)
def _form(project: str, facts: Facts) -> str:
    return form_url(project, facts)
