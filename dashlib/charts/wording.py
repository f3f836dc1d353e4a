"""Text for people: Markdown made harmless, moments as ages, filters and settings in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashlib.model import Filters
from dashlib.queries.night_grid import Narrowed
from dashlib.settings import Settings

OPTIONS = {
    "latest": "25 red most recently",
    "red": "all red",
    "co_author": "co-author",
    "both": "author or co-author",
    "each": "count each time",
    "once": "count once",
}
"""Options whose word in the address is not what a person shall read."""
BY_HAND = "started by hand, or late"
BY_HAND_OFF = "started by hand while it was off"
FAILED_AFTER = "passed first and failed in a later run"
NO_FAILED_JOB = "the pipeline failed without a failed job"
CAUSES = {
    "owner_blocked": "its owner is blocked",
    "owner_gone": "its owner has left",
    "owner_not_allowed": "its owner may not run pipelines any more",
    "membership_ends": "its owner's membership ends soon",
    "no_next_run": "GitLab has planned no run",
    "unreadable": "its times cannot be read",
    "unlinked_run": "a run came at that time, of which the schedule is not known",
    "not_read": "the repository was not read since",
    "schedule_off": "the schedule is switched off",
    "schedule_deleted": "the schedule was deleted",
    "project_archived": "the repository is archived",
    "ci_off": "CI/CD is off in the repository",
}
"""Why a night did not run, or is at risk: the words of nightly_slots and schedules_at_risk for a person."""


def cause_told(row: Mapping[Any, Any]) -> str | None:
    """Why a night did not run (``cause``), and that nobody looked since where that is so (``is_unread``), if known.

    Where nothing is against the schedule or its owner, what the newest pipeline before was that ran for one of its
    times is all there is to tell.
    """
    known = CAUSES.get(str(row["cause"]))
    if row["cause"] == "unknown" and row.get("state", "missing") == "missing":
        known = _newest_told(row)
    unread = CAUSES["not_read"] if row["is_unread"] and row["cause"] != "not_read" else None
    return "; ".join(part for part in (known, unread) if part) or None


def late_told(row: Mapping[Any, Any]) -> str | None:
    """What is known of a late nightly: the likely cause, or how many of its times are late where others ran."""
    if row["state"] == "late":
        return cause_told(row)
    return f"{row['late']} of its {row['due']} times {'is' if row['late'] == 1 else 'are'} late"


def holder_told(person: object) -> str:
    """Who has a failure, or that nobody has; anything that is no text is nobody."""
    return f"{person} has it" if isinstance(person, str) and person else "nobody has it"


def _newest_told(row: Mapping[Any, Any]) -> str:
    pipeline = row["last_pipeline_id"]
    if pipeline is None or pd.isna(pipeline):
        return "why is not known; no earlier pipeline of it is stored"
    ran = f"{int(pipeline)} of {row['last_pipeline_night']:%a %d %b}, {row['last_pipeline_state']}"
    return f"why is not known; the newest pipeline for one of its times is {ran}"


_IN_THE_WAY = (
    (re.compile(r"^\S+: (?:eval: )?line \d+: "), ""),
    (re.compile(r"^\d+:\d+:? +"), ""),
    (re.compile(r"/scripts-\d+-\d+/"), "/"),
)


def reason_told(reason: str) -> str:
    """A reason on one line without what the shell and the runner put before it: which line of which script said so."""
    for pattern, instead in _IN_THE_WAY:
        reason = pattern.sub(instead, reason)
    return " ".join(reason.split())


def by_hand_told(row: Mapping[Any, Any]) -> str:
    """What somebody started of a night, of a row of ``queries.nightlies.note``; "" where nobody did.

    The run that decides, and the newest one beside it.
    """
    decides = (_by_hand(row) if row["due"] else BY_HAND_OFF) if row["by_hand"] else ""
    return "; ".join(part for part in (decides, beside_told(row)) if part)


def beside_told(row: Mapping[Any, Any]) -> str:
    """How the newest run ended that somebody started beside the one that decides; "" where nobody did."""
    if not isinstance(row["extra_state"], str):
        return ""
    return f"{row['extra_state']} when started by hand {moment_told(row['extra_at'], row['night'])}"


def only_by_hand_told(row: Mapping[Any, Any]) -> str:
    """Of a nightly that passed by hand: whether all of it did, or some of its times, or nothing was to run at all."""
    due, times = int(row["due"]), int(row["by_hand_times"])
    if not due:
        return f"passed, {BY_HAND_OFF}"
    if times < due:
        return f"passed, {times} of its {due} times {_by_hand(row)}"
    return f"passed, {_by_hand(row)}: it did not come by itself in time"


def _by_hand(row: Mapping[Any, Any]) -> str:
    """With the day, where the note of a later one tells it: nothing was to run between them (a weekend)."""
    began, night = row["began_at"], pd.Timestamp(row["night"])
    if pd.isna(began) or began.date() in (night.date(), (night + pd.Timedelta(days=1)).date()):
        return BY_HAND
    return f"{BY_HAND}, {moment_told(began, night)}"


def moment_told(moment: datetime, night: date) -> str:
    """When something of a night was, on the team's wall clock; with the day, where it is another one."""
    return f"{moment:at %H:%M}" if moment.date() == pd.Timestamp(night).date() else f"on {moment:%a %d %b, %H:%M}"


def times_told(row: Mapping[Any, Any]) -> str:
    """What the run that decides a night does not tell of a nightly's other times, of a row of ``nightly_cells``; else
    ""."""
    parts = []
    if row["missing"] and row["state"] not in ("missing", "late"):
        parts.append(f"{row['missing']} of {row['expected']} times never ran")
    if row["failed_runs"] and row["state"] != "failed":
        parts.append(f"{row['failed_runs']} of {row['runs']} runs failed{since_failed_told(row)}")
    return "; ".join(parts)


def since_failed_told(row: Mapping[Any, Any]) -> str:
    """Whether a run passed after those that failed, of a row with state, failed_runs and passed_since; "" if none did.

    The run of the last time decides: one that made up for an earlier time can have failed after it.
    """
    failed, since = int(row["failed_runs"]), int(row["passed_since"])
    if not since:
        return ", after it had passed" if row["state"] in ("passed", "warned") else ""
    return ", passed since" if since == failed else f", passed since {since} of them"


def plain(text: str) -> str:
    """Text from outside, for places that read Markdown: nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~:$<>&])", r"\\\1", text)


_LINKED = re.compile(r"(?i)(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?=@)")


def unlinked(text: str) -> str:
    """Text from outside in which Markdown finds no address to make a link of by itself.

    That looks at what is left once escapes are gone: an invisible joiner (U+2060) stands in each address.
    """
    return _LINKED.sub("\N{WORD JOINER}", text)


def described(chosen: Filters, zone: str) -> str:
    """The filters in words, without markup."""
    parts = []
    if chosen.since and chosen.until:
        year = "" if chosen.since.year == chosen.until.year else " %Y"
        parts.append(f"{chosen.since:%d %b{year}} – {chosen.until:%d %b %Y}, {zone}")
    for names, word in ((chosen.groups, "groups"), (chosen.projects, "repositories")):
        if names:
            parts.append(", ".join(names) if len(names) < 3 else f"{len(names)} {word}")
    if chosen.persons:
        parts.append("1 person" if len(chosen.persons) == 1 else f"{len(chosen.persons)} persons")
    return " · ".join(parts)


def ago(then: datetime | None, now: datetime | None = None) -> str:
    """How long ago a UTC time stamp is, in the one unit that matters."""
    if then is None or pd.isna(then):
        return "never"
    seconds = ((now or datetime.now(UTC).replace(tzinfo=None)) - then).total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def exact(then: datetime | None, zone: str) -> str:
    """A UTC time stamp on the wall clock of ``zone``."""
    if then is None or pd.isna(then):
        return "–"
    return f"{then.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def settings_shown(held: Settings) -> dict[str, str]:
    """The settings in force as Markdown; of secrets only whether they are set."""
    mine = "all the token's user is a member of"
    shown = {
        "GITLAB_URL": held.gitlab_url,
        "GITLAB_ACCESS_TOKEN": "set" if held.gitlab_token else "not set",
        "DASH_GITHUB_URL": held.github_url,
        "DASH_GITHUB_TOKEN": "set" if held.github_token else "not set",
        "DASH_GITHUB_REPOSITORIES": ", ".join(held.github_repositories) or "all the token's user has to do with",
        "DASH_CODEARTS_URL": held.codearts_url or "not set",
        "DASH_CODEARTS_TOKEN": "set" if held.codearts_token else "not set",
        "DASH_CODEARTS_REPOSITORIES": ", ".join(map(str, held.codearts_repositories)) or "none",
        "DASH_GROUPS": ", ".join(held.groups) or ("none" if held.projects else mine),
        "DASH_PROJECTS": ", ".join(held.projects) or ("none" if held.groups else mine),
        "DASH_NIGHTLY": ", ".join(f"{field}:{glob}" for field, glob in held.nightly) or "every schedule",
        "DASH_EVENTS": ", ".join(query.variant for query in held.events),
        "DASH_LOGS": held.logs,
        "DASH_TIMEZONE": held.timezone,
        "DASH_SYNC_MINUTES": f"{held.sync_minutes:g}" if held.sync_minutes else "off",
        "DASH_WINDOW_DAYS": str(held.window_days),
        "DASH_DATABASE": str(held.database),
        "DASH_REPORT_URL": held.report_url or "not set",
        "DASH_HOOK_DAYS": str(held.hook_days),
        "DASH_GITLAB_WEBHOOK_TOKEN": "set" if held.gitlab_webhook_token else "not set",
        "DASH_GITLAB_SIGNING_TOKEN": "set" if held.gitlab_signing_token else "not set",
        "DASH_GITHUB_WEBHOOK_SECRET": "set" if held.github_webhook_secret else "not set",
        "DASH_HOOK_TOKEN": "set" if held.hook_token else "not set",
    }
    return {name: plain(value) for name, value in shown.items()}


def narrowed_told(chosen: Narrowed) -> list[str]:
    """The grid's own filters in words, without markup; empty where nothing is chosen."""
    night = f"{chosen.night:%a %d %b}"
    lists = (
        ("schedule", chosen.schedules, ""),
        ("state", chosen.states, f" on {night}"),
        ("job", chosen.jobs, ""),
        ("reason", chosen.categories, ""),
        ("whose", chosen.whose, ""),
    )
    told = [f"search “{chosen.search}”"] if chosen.search else []
    told += [f"{word} {' or '.join(values)}{when}" for word, values, when in lists if values]
    told += [f"only new, failed on {night} and not on the last night before that had a verdict"] * chosen.only_new
    told += [f"only without an issue on {night}"] * chosen.without_issue
    return told
