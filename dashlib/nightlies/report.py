"""The morning note: what is new, still red, recovered, missing and at risk; ``report_text`` writes it.

It asks the same questions as the page Nightlies, so its numbers are the page's.

The note of a morning tells of the night of that date, and beside it of the rest of the day before (``evening``): of
nightlies that were first to run at or after DASH_REPORT_BY of that day. Their night is the date before, whose own note
was out by then. A night that has nothing before DASH_REPORT_BY is looked at by itself, once its evening has begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd

from dashlib.charts.wording import (
    CAUSES,
    NO_FAILED_JOB,
    ONLY_BY_HAND,
    by_hand_told,
    cause_told,
    reason_told,
    times_told,
)
from dashlib.errors import Explained
from dashlib.model import Filters
from dashlib.queries import nightlies

RED = ("new", "still_red")
LOST = ("missing", "late")
"""The parts that tell of failures."""
_NO_NUMBERS = ("night", "to_come_until", "is_told")
NOBODY = "nobody"
UNKNOWN = "owner not known"
_UNDER_WAY = ("running", "late", "to_come")
_BAD = ("failed", "missing", "canceled", "partly_ran", "passed_since", *_UNDER_WAY)
_GOOD = ("passed", "warned")
_LONGEST = 200
EVERYTHING = Filters()


@dataclass(frozen=True)
class Item:
    """One nightly of which the note tells, in text from outside: whoever shows it has to escape it.

    Of a recovered one ``job``, ``reason``, ``who`` and ``issue_url`` tell of its last failure before.
    ``nights`` is how many nights it has been red (of a recovered one: had been) or has not run, ``since`` the first of
    them; of a late one how many nights before it did not run either, if any. ``who`` has it, or its issue; ``owner`` is
    its schedule's. ``signature`` is that of its reason. ``link`` leads to what explains it. ``expected_at`` is when a
    missing or late one was to run, ``missing_from`` when a late one becomes missing (the team's wall clock).
    ``by_hand`` says of a failed or recovered one that its run was started by hand, or late, or how a run ended that
    somebody started beside it; "" where nobody did.
    """

    change: str
    repository: str
    schedule: str
    job: str | None
    reason: str | None
    nights: int | None
    since: date | None
    who: str
    issue_url: str | None
    link: str | None
    expected_at: datetime | None = None
    missing_from: datetime | None = None
    owner: str | None = None
    signature: str | None = None
    by_hand: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a schedule will stop, in words; what else is known of it, and the last day on which it runs."""

    why: str
    detail: str | None = None
    stops: date | None = None


@dataclass(frozen=True)
class Risk:
    """One schedule that will stop, or has stopped; ``why`` in words, of all its reasons together.

    ``detail`` is what else is known of it, ``stops`` the last day on which it runs, where that is known; ``reasons``
    are they one by one.
    """

    repository: str
    schedule: str
    why: str
    owner: str
    stopped: bool
    link: str | None
    detail: str | None = None
    stops: date | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Note:
    """The morning note of one night; ``counts`` are the numbers of the page's top line.

    ``until`` is the last time at which anything is still to come (the team's wall clock), None where nothing is.
    ``evening`` and ``evening_counts`` tell of the evening before, empty where nothing was to run then. ``url`` is the
    page that shows all of it, "" where the dashboard has no address.
    """

    night: date
    counts: dict[str, int]
    items: tuple[Item, ...]
    risks: tuple[Risk, ...]
    until: datetime | None = None
    evening: tuple[Item, ...] = ()
    evening_counts: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def of(self, change: str) -> list[Item]:
        """The items of one part."""
        return [item for item in self.items if item.change == change]

    @property
    def is_calm(self) -> bool:
        """Whether something ended well, nothing failed, is missing or was canceled, and nothing is still to come."""
        return bool(self._count(_GOOD)) and not self._count(_BAD)

    @property
    def under_way(self) -> bool:
        """Whether it is too early to tell: something is running, late or still to come."""
        return bool(self._count(_UNDER_WAY))

    @property
    def evening_before(self) -> date:
        """The day whose evening is told of beside the night."""
        return self.night - timedelta(days=1)

    def _count(self, names: Iterable[str]) -> int:
        return sum(self.counts[name] + self.evening_counts.get(name, 0) for name in names)


class NoSuchNight(Explained):
    """A night of which nothing is stored."""

    code = 2


def note(
    connection: duckdb.DuckDBPyConnection,
    night: date | None = None,
    *,
    dashboard: str = "",
    filters: Filters = EVERYTHING,
) -> Note:
    """The note of ``night``; by default that of the page: the newest night of which at least half has ended.

    ``dashboard`` is the address at which people reach this dashboard (``/`` where they are on it); with it links lead
    to the failure's page, else to GitLab. Raises NoSuchNight, which names the nights that are stored, where nothing is
    of that night nor of the evening before.
    """
    filters = replace(filters, since=None, until=None)
    counted = nightlies.nights(connection, filters)
    if night is None and len(counted):
        night = counted["night"].iloc[nightlies.last_told(counted)].date()
    row = _of(counted, night)
    evening = _of(nightlies.nights(connection, filters, evening=True), night and night - timedelta(days=1))
    if not row.empty and not row["by_morning"].iloc[0]:
        evening = evening.iloc[:0]
    if night is None:
        raise NoSuchNight("No nightly is stored yet: nothing ran, and nothing should have")
    if row.empty and evening.empty:
        raise NoSuchNight(f"No nightly of {night} is stored{stored_told(counted)}")

    def items(day: date, evening: bool) -> tuple[Item, ...]:
        found = nightlies.note(connection, filters, night=day, evening=evening).to_dict("records")
        return tuple(_item(one, dashboard) for one in found)

    risks = nightlies.at_risk(connection, filters)
    until = None if row.empty else row["to_come_until"].iloc[0]
    return Note(
        night,
        numbers(row),
        items(night, False),
        tuple(_risk(one) for one in risks.to_dict("records")),
        _clock(until),
        items(night - timedelta(days=1), True) if len(evening) else (),
        numbers(evening) if len(evening) else {},
        f"{dashboard.rstrip('/')}/report?night={night}" if dashboard else "",
    )


def stored_told(counted: pd.DataFrame) -> str:
    """The end of a sentence: which nights of ``queries.nightlies.nights`` are stored, the first and the last."""
    if counted.empty:
        return "; none is yet"
    first, last = (f"{counted['night'].iloc[place]:%Y-%m-%d}" for place in (0, -1))
    return f"; {f'the nights from {first} to {last} are' if first != last else f'that of {first} is'}"


def _of(counted: pd.DataFrame, night: date | None) -> pd.DataFrame:
    return counted[counted["night"] == pd.Timestamp(night)] if night is not None else counted.iloc[:0]


def numbers(counted: pd.DataFrame) -> dict[str, int]:
    """The counts of the first of ``queries.nightlies.nights``, zeros where there is none."""
    names = [str(name) for name in counted.columns if name not in _NO_NUMBERS]
    return {name: int(counted[name].iloc[0]) if len(counted) else 0 for name in names}


def _item(row: Mapping[Any, Any], dashboard: str) -> Item:
    base = dashboard.rstrip("/")
    text = {name: value if isinstance(value, str) and value else None for name, value in row.items()}
    if row["change"] == "missing":
        reason: str | None = cause_told(row) or "why is not known"
    elif row["change"] == "late":
        reason = cause_told(row)
    elif row["change"] == "recovered":
        reason = text["was_reason"]
    elif row["change"] == "canceled":
        reason = "somebody or GitLab stopped it: no verdict"
    elif row["change"] == "partly":
        reason = times_told(row)
    elif row["change"] == "only_by_hand":
        reason = ONLY_BY_HAND
    else:
        reason = text["reason"] or NO_FAILED_JOB
    red = row["change"] in RED
    page = f"{base}/failure?failure={text['failure']}" if dashboard and text["failure"] and red else None
    lost = row["change"] in LOST
    nights, since = (
        (row["nights_missing"] or None, row["missing_since"])
        if lost
        else (row["nights_red"], row["red_since"])
        if row["change"] in RED or row["change"] == "recovered"
        else (None, None)
    )
    has_it = (text["issue_title"], text["assignee"])
    if row["change"] == "recovered":
        has_it = (text["was_issue_title"], text["was_assignee"])
    return Item(
        change=row["change"],
        repository=row["path_with_namespace"],
        schedule=row["schedule"],
        job=_jobs(row) if red else text["was_job_name"] if row["change"] == "recovered" else None,
        reason=reason_told(reason)[:_LONGEST] if reason else None,
        nights=None if pd.isna(nights) else int(nights),
        since=None if pd.isna(since) else pd.Timestamp(since).date(),
        expected_at=_clock(row["expected_at"]) if lost else None,
        missing_from=_clock(row["missing_from"]) if lost else None,
        who=" – ".join(word for word in has_it if word) or NOBODY,
        issue_url=text["was_issue_url" if row["change"] == "recovered" else "issue_url"],
        link=page or (text["job_web_url"] if red else None) or text["url"],
        owner=text["owner_username"],
        signature=text["signature_id"] if red else None,
        by_hand=by_hand_told(row) if red or row["change"] == "recovered" else "",
    )


def _clock(moment: Any) -> datetime | None:
    return None if pd.isna(moment) else pd.Timestamp(moment).to_pydatetime()


def _jobs(row: Mapping[Any, Any]) -> str | None:
    if not isinstance(row["job_name"], str):
        return None
    more = int(row["failed_jobs"]) - 1
    return f"{row['job_name']} and {more} more" if more > 0 else row["job_name"]


def _risk(row: Mapping[Any, Any]) -> Risk:
    reasons = tuple(_reason(risk, row) for risk in row["risks"])
    owner, url = row["owner_username"], row["url"]
    return Risk(
        row["path_with_namespace"],
        row["schedule"],
        "; ".join(one.why for one in reasons),
        owner if isinstance(owner, str) else UNKNOWN,
        bool(row["stopped"]),
        url if isinstance(url, str) else None,
        next((one.detail for one in reasons if one.detail), None),
        next((one.stops for one in reasons if one.stops), None),
        reasons,
    )


def _reason(risk: str, row: Mapping[Any, Any]) -> Reason:
    ends = risk == "membership_ends" and not pd.isna(row["expires_at"])
    is_told = risk == "unreadable" and isinstance(row["detail"], str)
    return Reason(
        CAUSES.get(risk, risk),
        row["detail"] if is_told else None,
        pd.Timestamp(row["expires_at"]).date() if ends else None,
    )
