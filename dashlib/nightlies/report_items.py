"""What the morning note tells, one nightly or schedule each: made of the rows of ``queries.nightlies``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from dashlib.charts.wording import (
    CAUSES,
    NO_FAILED_JOB,
    beside_told,
    by_hand_told,
    cause_told,
    late_told,
    only_by_hand_told,
    reason_told,
    times_told,
)

RED = ("new", "still_red")
LOST = ("missing", "late")
"""The parts that tell of failures."""
NOBODY = "nobody"
UNKNOWN = "owner not known"
_LONGEST = 200


@dataclass(frozen=True)
class Item:
    """One nightly of which the note tells, in text from outside: whoever shows it has to escape it.

    Of a recovered one ``job``, ``reason``, ``who`` and ``issue_url`` tell of its last failure before.
    ``nights`` is how many nights it has been red (of a recovered one: had been) or has not run, ``since`` the first of
    them; of a late one how many nights before it did not run either, if any. ``who`` has it, or its issue; ``owner`` is
    its schedule's. ``signature`` is that of its reason. ``link`` leads to what explains it. ``expected_at`` is when a
    missing or late one was to run, ``missing_from`` when a late one becomes missing (the team's wall clock).
    ``by_hand`` says how a run ended that somebody started beside it, and of a failed, recovered, canceled or running
    one that its own was started by hand, or late; "" where nobody did. ``has_failure``: it tells of a failed job, which
    ``who`` has; of one that did not run every time the ``reason`` names the newest.
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
    has_failure: bool = False


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


def item(row: Mapping[Any, Any], dashboard: str) -> Item:
    """One row of ``queries.nightlies.note``; ``dashboard`` as in ``report.note``."""
    base = dashboard.rstrip("/")
    text = {name: value if isinstance(value, str) and value else None for name, value in row.items()}
    if row["change"] == "missing":
        reason: str | None = cause_told(row) or "why is not known"
    elif row["change"] == "late":
        reason = late_told(row)
    elif row["change"] == "recovered":
        reason = text["was_reason"]
    elif row["change"] == "canceled":
        reason = "somebody or GitLab stopped it: no verdict"
    elif row["change"] == "running":
        reason = "had not ended when this was written"
    elif row["change"] == "partly":
        failing = ": ".join(word for word in (text["job_name"], text["reason"]) if word)
        reason = ": ".join(word for word in (times_told(row), failing) if word)
    elif row["change"] == "only_by_hand":
        reason = only_by_hand_told(row)
    else:
        reason = text["reason"] or _failed_jobs(row) or NO_FAILED_JOB
    red = row["change"] in RED
    names_job = red or (row["change"] == "partly" and text["job_name"] is not None)
    page = f"{base}/failure?failure={text['failure']}" if dashboard and text["failure"] and names_job else None
    lost = row["change"] in LOST
    nights, since = (
        (row["nights_missing"] or None, row["missing_since"])
        if lost
        else (row["nights_red"], row["red_since"])
        if row["change"] in RED or row["change"] == "recovered"
        else (None, None)
    )
    has_it = (text["issue_title"], text["assignee"])
    issue_url = text["issue_url"]
    if row["change"] == "recovered":
        has_it, issue_url = (text["was_issue_title"], text["was_assignee"]), text["was_issue_url"]
    elif lost and row["state"] not in LOST:
        # What somebody has is how another time of the night ended.
        has_it, issue_url = (None, None), None
    return Item(
        change=row["change"],
        repository=row["path_with_namespace"],
        schedule=row["schedule"],
        job=_jobs(row) if red else text["was_job_name"] if row["change"] == "recovered" else None,
        reason=reason_told(reason)[:_LONGEST] if reason else None,
        nights=None if pd.isna(nights) else int(nights),
        since=None if pd.isna(since) else pd.Timestamp(since).date(),
        expected_at=clock(row["expected_at"]) if lost else None,
        missing_from=clock(row["missing_from"]) if lost else None,
        who=" – ".join(word for word in has_it if word) or NOBODY,
        issue_url=issue_url,
        link=page or (text["job_web_url"] if names_job else None) or text["url"],
        owner=text["owner_username"],
        signature=text["signature_id"] if red else None,
        by_hand=_by_hand(row),
        has_failure=names_job,
    )


def clock(moment: Any) -> datetime | None:
    """A moment of a DataFrame; None where there is none."""
    return None if pd.isna(moment) else pd.Timestamp(moment).to_pydatetime()


def _jobs(row: Mapping[Any, Any]) -> str | None:
    if not isinstance(row["job_name"], str):
        return None
    more = int(row["failed_jobs"]) - 1
    return f"{row['job_name']} and {more} more" if more > 0 else row["job_name"]


def _by_hand(row: Mapping[Any, Any]) -> str:
    own = row["change"] in (*RED, "recovered", "canceled", "running")
    return by_hand_told(row) if own else beside_told(row)


def _failed_jobs(row: Mapping[Any, Any]) -> str | None:
    """How many jobs failed, where no job is named: they passed in a later run."""
    count = 0 if pd.isna(row["failed_jobs"]) else int(row["failed_jobs"])
    return f"{count} job{'' if count == 1 else 's'} failed, and passed since" if count else None


def risk(row: Mapping[Any, Any]) -> Risk:
    """One row of ``queries.nightlies.at_risk``."""
    reasons = tuple(_reason(one, row) for one in row["risks"])
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
