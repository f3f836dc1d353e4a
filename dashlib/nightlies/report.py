"""The morning note: what is new, still red, recovered, missing and at risk, as Markdown, HTML or JSON.

It asks the same questions as the page Nightlies, so its numbers are the page's.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from dashlib.charts.wording import CAUSES
from dashlib.errors import Explained
from dashlib.model import Filters
from dashlib.queries import nightlies

SECTIONS = {"new": "New", "missing": "Never ran", "still_red": "Still red", "recovered": "Recovered"}
"""The parts of the note, in order: what nightly_changes calls them, and their title."""
NOBODY = "nobody"
UNKNOWN = "owner not known"
OPEN = "Not all of it has ended: the numbers will move."
_LONGEST = 200
EVERYTHING = Filters()


@dataclass(frozen=True)
class Item:
    """One nightly of which the note tells, in text from outside: whoever shows it has to escape it.

    ``nights`` is how many nights it has been red (of a recovered one: had been) or has not run, ``since`` the first of
    them. ``who`` has it; of a missing one, its owner. ``link`` leads to what explains it.
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


@dataclass(frozen=True)
class Risk:
    """One schedule that will stop, or has stopped; ``why`` in words."""

    repository: str
    schedule: str
    why: str
    owner: str
    stopped: bool
    link: str | None


@dataclass(frozen=True)
class Note:
    """The morning note of one night; ``counts`` are the numbers of the page's top line."""

    night: date
    counts: dict[str, int]
    items: tuple[Item, ...]
    risks: tuple[Risk, ...]

    def of(self, change: str) -> list[Item]:
        """The items of one part."""
        return [item for item in self.items if item.change == change]

    @property
    def is_calm(self) -> bool:
        """Whether something ended well, nothing failed or is missing, and nothing is still to come."""
        bad = ("failed", "missing", "running", "late")
        good = ("passed", "warned")
        return any(self.counts[state] for state in good) and not any(self.counts[state] for state in bad)

    @property
    def under_way(self) -> bool:
        """Whether it is too early to tell: something is running or late, or nothing came to a verdict."""
        ended = ("passed", "warned", "failed", "missing")
        open_ = self.counts["running"] or self.counts["late"]
        return bool(open_) or not any(self.counts[state] for state in ended)


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
    """The note of ``night`` (default: the newest one).

    ``dashboard`` is the address at which people reach this dashboard; with it links lead to the failure's page, else to
    GitLab. Raises NoSuchNight where nothing ran that night and nothing should have.
    """
    counted = nightlies.nights(connection, filters)
    if night is None and len(counted):
        night = counted["night"].iloc[-1].date()
    row = counted[counted["night"] == pd.Timestamp(night)] if night is not None else counted
    if night is None or row.empty:
        what = f"No nightly of {night} is stored" if night else "No nightly is stored yet"
        raise NoSuchNight(f"{what}: nothing ran, and nothing should have")
    counts = {str(name): int(value) for name, value in row.iloc[0].items() if name != "night"}
    found = nightlies.note(connection, filters, night=night)
    risks = nightlies.at_risk(connection, filters)
    items = (_item(one, dashboard.rstrip("/")) for one in found.to_dict("records"))
    return Note(night, counts, tuple(items), tuple(_risk(one) for one in risks.to_dict("records")))


def _item(row: Mapping[Any, Any], dashboard: str) -> Item:
    text = {name: value if isinstance(value, str) and value else None for name, value in row.items()}
    if row["change"] == "missing":
        reason: str | None = CAUSES.get(text["cause"] or "", "why is not known")
    elif row["change"] == "recovered":
        reason = None
    else:
        reason = text["reason"] or "the pipeline failed without a failed job"
    red = row["change"] in ("new", "still_red")
    page = f"{dashboard}/failure?failure={text['failure']}" if dashboard and text["failure"] and red else None
    nights, since = (
        (row["nights_missing"], row["missing_since"])
        if row["change"] == "missing"
        else (row["nights_red"], row["red_since"])
    )
    has_it = (text["owner_username"],) if row["change"] == "missing" else (text["issue_title"], text["assignee"])
    return Item(
        change=row["change"],
        repository=row["path_with_namespace"],
        schedule=row["schedule"],
        job=_jobs(row) if red else None,
        reason=" ".join(reason.split())[:_LONGEST] if reason else None,
        nights=None if pd.isna(nights) else int(nights),
        since=None if pd.isna(since) else pd.Timestamp(since).date(),
        who=" – ".join(word for word in has_it if word) or NOBODY,
        issue_url=text["issue_url"],
        link=page or (text["job_web_url"] if red else None) or text["url"],
    )


def _jobs(row: Mapping[Any, Any]) -> str | None:
    if not isinstance(row["job_name"], str):
        return None
    more = int(row["failed_jobs"]) - 1
    return f"{row['job_name']} and {more} more" if more > 0 else row["job_name"]


def _risk(row: Mapping[Any, Any]) -> Risk:
    owner, url = row["owner_username"], row["url"]
    return Risk(
        row["path_with_namespace"],
        row["schedule"],
        CAUSES.get(row["risk"], row["risk"]),
        owner if isinstance(owner, str) else UNKNOWN,
        bool(row["stopped"]),
        url if isinstance(url, str) else None,
    )


def headline(note: Note) -> str:
    """The note in one line."""
    counts = note.counts
    told = [f"{counts['failed']} failed ({counts['newly_failed']} new, {counts['still_red']} still red)"]
    told += [f"{counts['missing']} never ran", f"{counts['recovered']} recovered"]
    told += [
        f"{counts[word]} {said}" for word, said in (("running", "still running"), ("late", "late")) if counts[word]
    ]
    ran = f"{counts['runs']} {'nightly' if counts['runs'] == 1 else 'nightlies'} ran"
    return f"{ran}: {', '.join(told)}"


def _at_risk(note: Note) -> list[str]:
    """Each repository once, however many reasons there are."""
    return list(dict.fromkeys(risk.repository for risk in note.risks))


def as_json(note: Note) -> str:
    """One object: night, counts, the parts (new, missing, still_red, recovered) and at_risk; days as YYYY-MM-DD."""
    parts = {change: [asdict(item) for item in note.of(change)] for change in SECTIONS}
    whole = {"night": note.night, "counts": note.counts, **parts, "at_risk": [asdict(risk) for risk in note.risks]}
    return json.dumps(whole, default=str, ensure_ascii=False, indent=2)


def as_markdown(note: Note) -> str:
    """The note for a terminal, a wiki or a chat; five lines when all is calm. Text from outside is no markup in it."""
    return "\n".join(_lines(note))


def _lines(note: Note) -> Iterator[str]:
    yield f"# Nightlies of {note.night:%A, %d %B %Y}"
    yield headline(note)
    if note.under_way:
        yield OPEN
    for change, title in SECTIONS.items():
        items = note.of(change)
        if not items:
            continue
        if note.is_calm:
            yield f"{title}: {', '.join(markdown(item.repository) for item in items)}"
            continue
        yield f"\n## {title} ({len(items)})\n"
        yield from (f"- {item_told(item)}" for item in items)
    if note.is_calm:
        if not note.of("recovered"):
            yield "Recovered: none"
        yield f"At risk today: {', '.join(map(markdown, _at_risk(note))) or 'none'}"
        yield "All is calm."
        return
    if note.risks:
        yield f"\n## At risk today ({len(note.risks)})\n"
        yield from (f"- {risk_told(risk)}" for risk in note.risks)


def item_told(item: Item) -> str:
    """One item as Markdown: where, what and why, since when, who, link."""
    where = f"**{markdown(item.repository)}** · {markdown(item.schedule)}"
    parts = [f"{markdown(item.job)}: {markdown(item.reason or '')}" if item.job else markdown(item.reason or "")]
    parts += [_since(item)]
    if item.change in ("new", "still_red"):
        parts.append(f"[{markdown(item.who)}]({item.issue_url})" if item.issue_url else markdown(item.who))
    if item.change == "missing":
        parts.append(f"owner: {markdown(item.who)}")
    if item.link:
        parts.append(f"[open]({item.link})")
    return " – ".join([where, *(part for part in parts if part)])


def risk_told(risk: Risk) -> str:
    """One schedule at risk as Markdown."""
    where = f"**{markdown(risk.repository)}** · {markdown(risk.schedule)} ({markdown(risk.owner)})"
    stopped = "has stopped: " if risk.stopped else ""
    link = f" – [schedules]({risk.link})" if risk.link else ""
    return f"{where} – {stopped}{markdown(risk.why)}{link}"


def _since(item: Item) -> str:
    if item.since is None or item.nights is None or item.change == "new":
        return ""
    nights = f"{item.nights} night{'' if item.nights == 1 else 's'}"
    if item.change == "recovered":
        return f"was red for {nights}, since {item.since:%a %d %b}"
    if item.change == "missing":
        return f"missing for {nights}, since {item.since:%a %d %b}"
    return f"red for {nights}, since {item.since:%a %d %b}"


def markdown(text: str) -> str:
    """Text from outside on one line, with nothing in it that is markup."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$<>&])", r"\\\1", " ".join(text.split()))


def as_html(note: Note) -> str:
    """The note as a whole HTML page that mail programs show; everything in it is escaped."""
    body = [f"<h1>Nightlies of {note.night:%A, %d %B %Y}</h1>", f"<p>{html.escape(headline(note))}</p>"]
    for change, title in SECTIONS.items():
        items = note.of(change)
        if items:
            body.append(f"<h2>{title} ({len(items)})</h2>")
            body.append(f"<ul>{''.join(f'<li>{_item_html(item)}</li>' for item in items)}</ul>")
    if note.risks:
        body.append(f"<h2>At risk today ({len(note.risks)})</h2>")
        body.append(f"<ul>{''.join(f'<li>{_risk_html(risk)}</li>' for risk in note.risks)}</ul>")
    if note.is_calm:
        body.append("<p>All is calm.</p>")
    if note.under_way:
        body.insert(2, f"<p>{OPEN}</p>")
    title = html.escape(f"Nightlies of {note.night:%Y-%m-%d}")
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    style = "font-family:system-ui,sans-serif;max-width:60rem;line-height:1.45"
    return f'{head}<body style="{style}">{"".join(body)}</body></html>'


def _item_html(item: Item) -> str:
    words = [f"<b>{html.escape(item.repository)}</b> · {html.escape(item.schedule)}"]
    if item.job or item.reason:
        job = f"{html.escape(item.job)}: " if item.job else ""
        words.append(f"{job}<code>{html.escape(item.reason or '')}</code>")
    if since := _since(item):
        words.append(html.escape(since))
    if item.change in ("new", "still_red"):
        words.append(_link(item.issue_url, item.who) if item.issue_url else html.escape(item.who))
    if item.change == "missing":
        words.append(f"owner: {html.escape(item.who)}")
    if item.link:
        words.append(_link(item.link, "open"))
    return " – ".join(words)


def _risk_html(risk: Risk) -> str:
    stopped = "has stopped: " if risk.stopped else ""
    words = f"<b>{html.escape(risk.repository)}</b> · {html.escape(risk.schedule)} ({html.escape(risk.owner)}) – "
    return words + html.escape(f"{stopped}{risk.why}") + (f" – {_link(risk.link, 'schedules')}" if risk.link else "")


def _link(url: str, text: str) -> str:
    """Views let http and https through only."""
    return f'<a href="{html.escape(url, quote=True)}">{html.escape(text)}</a>'


FORMATS = {"md": as_markdown, "html": as_html, "json": as_json}
"""The formats of the command and the page."""
