"""What needs attention, as lines: each says one thing in plain words and names the page and its filters where one acts.

The numbers are those of the questions that the page itself asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd

from dashlib.charts.night_box import nights_told
from dashlib.charts.runner_tables import outage_told
from dashlib.charts.wording import CAUSES, ago, holder_told

Query = Mapping[str, str | list[str]]
LONG = 3
"""Nights in a row from which on the longest red is told."""
NEW_DAYS = 14
"""For how many days a signature counts as new: what the page Failures starts with."""
_NEW = {"new": "true", "issue": "without", "nightly": "true"}
_LONGEST = 110


@dataclass(frozen=True)
class Line:
    """One thing: its icon, few words and more of them (not markup), and the page with the query that leads to it."""

    icon: str
    text: str
    page: str
    query: Query = field(default_factory=dict)
    more: str = ""


def at_night(night: date | None, **more: str | list[str]) -> Query:
    """The query that shows nightlies of a night on the page Nightlies, one row each, all of them.

    ``None`` is the newest night. It is not named: that page starts with it, and a word for what a page starts with is
    taken out of the address, which would be a step of its own for Back.
    """
    named = {} if night is None else {"night": f"{night:%Y-%m-%d}"}
    return named | {"rows": "schedule", "show": "all"} | more


def of_sources(sources: pd.DataFrame, now: datetime, patience: timedelta) -> list[Line]:
    """Sources whose last sync broke off, or that none has read for longer than ``patience``; ``now`` in UTC.

    A sync that came to its end with an error of one repository did not break off: ``of_problems`` tells of that.
    """
    lines = []
    for row in sources.to_dict("records"):
        name, error, last = str(row["source"]), row["last_error"], row["last_success_at"]
        broke_off = pd.isna(last) or last < row["last_finished_at"]
        if isinstance(error, str) and error and broke_off:
            lines.append(Line("error", f"{name}: the last sync broke off", "sources", more=_cut(error)))
        elif pd.isna(last):
            lines.append(Line("sync_problem", f"{name}: no sync has succeeded yet", "sources"))
        elif now - last > patience:
            lines.append(Line("sync_problem", f"{name}: the last sync that succeeded was {ago(last, now)}", "sources"))
    return lines


def of_problems(sources: pd.DataFrame) -> list[Line]:
    """Repositories of which something could not be read."""
    count = int(sources["projects_with_problems"].sum()) if len(sources) else 0
    if not count:
        return []
    return [Line("rule", f"Of {_many(count, 'repository')} something could not be read", "sources")]


def of_deliveries(deliveries: pd.DataFrame) -> list[Line]:
    """Webhook deliveries of which not all became rows."""
    failed = int(deliveries["failed"].sum()) if len(deliveries) else 0
    told = f"{_many(failed, 'webhook delivery')} could not be read in full"
    return [Line("webhook", told, "sources")] if failed else []


def of_night(note: pd.DataFrame, night: date | None = None) -> list[Line]:
    """New failures without an issue, and nightlies that never ran, of ``queries.nightlies.note``.

    ``night`` as in ``at_night``.
    """
    lines = []
    new = note[note["change"] == "new"]
    # As the filter "only without an issue" of the page Nightlies has it: a run without a failed job has none either.
    loose = new[(new["without_issue"] > 0) | new["job_name"].isna()]
    if len(loose):
        nobody = int(loose["assignee"].isna().sum())
        whose = holder_told(None) if nobody == len(loose) == 1 else f"nobody has {nobody} of them"
        told = f"{_many(len(loose), 'new failure')} without an issue"
        query = at_night(night, fresh="true", noissue="true")
        lines.append(Line("new_releases", told, "nightlies", query, whose if nobody else ""))
    gone = note[note["change"] == "missing"]
    if len(gone):
        known = gone["cause"].dropna()
        why = CAUSES.get(str(known.mode()[0]), "why is not known") if len(known) else ""
        mostly = "mostly because " if why and len(gone) > 1 else ""
        told = f"{_many(len(gone), 'nightly')} never ran"
        lines.append(Line("event_busy", told, "nightlies", at_night(night, state="missing"), f"{mostly}{why}"))
    return lines


def of_risks(risks: pd.DataFrame) -> list[Line]:
    """Schedules that will stop or have stopped, of ``queries.nightlies.at_risk``."""
    if risks.empty:
        return []
    stopped, first = int(risks["stopped"].sum()), risks.iloc[0]
    worst = str(first["risks"][0])
    why = CAUSES.get(worst, worst)
    told = f"{_many(len(risks), 'schedule')} at risk" + (f", {stopped} stopped already" if stopped else "")
    return [Line("running_with_errors", told, "nightlies", more=_cut(f"{first['path_with_namespace']}, {why}"))]


def of_longest(history: pd.DataFrame) -> list[Line]:
    """The nightly that is red for most nights, of ``queries.nightlies.history`` (sorted by that)."""
    if history.empty or int(history.iloc[0]["nights_red"]) < LONG:
        return []
    row = history.iloc[0]
    since = "" if pd.isna(row["red_since"]) else f", since {row['red_since']:%a %d %b}"
    told = f"Longest red: {nights_told(int(row['nights_red']))}{since}"
    which, failure = _cut(f"{row['path_with_namespace']} · {row['schedule']}"), row["failure_url"]
    if isinstance(failure, str):
        return [Line("timer", told, "failure", {"failure": failure.partition("failure=")[2]}, which)]
    return [Line("timer", told, "nightlies", {"sort": "longest red"}, which)]


def of_jobs(sums: pd.Series) -> list[Line]:
    """Broken and flaky jobs, of ``queries.flaky.totals``."""
    lines = []
    broken, flaky, wasted = int(sums["broken"]), int(sums["flaky"]), int(sums["flaky_minutes"])
    if broken:
        told = _many(broken, "broken job")
        lines.append(Line("heart_broken", told, "flaky", {"now": "broken"}, "red, and not by chance"))
    if flaky:
        more = f"{wasted:,} minutes wasted in this period" if wasted else ""
        lines.append(Line("casino", _many(flaky, "flaky job"), "flaky", {"now": "flaky"}, more))
    return lines


def of_signatures(sums: pd.Series) -> list[Line]:
    """Failures of nightlies that were never seen before and have no issue, of ``queries.failures.totals``."""
    count = int(sums["without_issue"])
    if not count:
        return []
    told, more = _many(count, "new signature"), f"of nightlies, first seen in the last {NEW_DAYS} days"
    return [Line("fingerprint", f"{told} without an issue", "failures", _NEW, more)]


def of_outages(outages: pd.DataFrame, since: date) -> list[Line]:
    """The newest outage of runners, if one was on a day not before ``since``; of ``queries.runners.outages``."""
    recent = outages[pd.to_datetime(outages["day"]).dt.date >= since].head(1)
    return [Line("power_off", "Outage of runners", "runners", more=outage_told(row)) for _, row in recent.iterrows()]


def _many(count: int, thing: str) -> str:
    things = thing[:-1] + "ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else things}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
