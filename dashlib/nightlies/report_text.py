"""The morning note in words: as Markdown, HTML or JSON, whole or in one line. Text from outside is no markup in it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dashlib.charts.wording import FAILED_AFTER, plain, unlinked
from dashlib.nightlies.report import Note
from dashlib.nightlies.report_groups import gathered, many_told
from dashlib.nightlies.report_items import LOST, Item, Risk
from dashlib.nightlies.report_words import calm_told, claim_told, expected_told, since_told, why_told

SECTIONS = {
    "new": "New",
    "missing": "Never ran",
    "late": "Late",
    "still_red": "Still red",
    "partly": "Not every time",
    "only_by_hand": "Only by hand",
    "canceled": "Canceled",
    "running": "Still running",
    "recovered": "Recovered",
}
"""The parts of the note, in order: what ``queries.nightlies.note`` calls them, and their title."""
OPEN = "Not all of it has ended: the numbers will move."
_TOO = (
    ("canceled", "canceled"),
    ("partly_ran", "did not run every time"),
    ("passed_since", "failed first and passed since"),
    ("failed_after", FAILED_AFTER),
    ("running", "still running"),
    ("late", "late"),
)
"""What the line of numbers tells only where there is any."""


def headline(note: Note) -> str:
    """The note in one line."""
    counts = note.counts
    told = [f"{counts['failed']} failed ({counts['newly_failed']} new, {counts['still_red']} still red)"]
    told += [f"{counts['missing']} never ran", f"{counts['recovered']} recovered"]
    told += [f"{counts[word]} {said}" for word, said in _TOO if counts[word]]
    if counts["to_come"]:
        told.append(f"{counts['to_come']} to come until {note.until:%H:%M}")
    if counts["this_evening"]:
        told.append(f"{counts['this_evening']} to come later today")
    if not counts["planned"]:
        return "Nothing was to run yet."
    ran = f"{counts['runs']} of {counts['planned']}" if counts["to_come"] else f"{counts['runs']}"
    one = "nightly" if counts["planned" if counts["to_come"] else "runs"] == 1 else "nightlies"
    return f"{ran} {one} ran: {', '.join(told)}"


def evening_headline(note: Note) -> str:
    """The rest of the day before in one line; "" where nothing was to run then."""
    counts = note.evening_counts
    if not counts:
        return ""
    told = [f"{counts['failed']} failed ({counts['newly_failed']} new)", f"{counts['missing']} never ran"]
    told += [f"{counts[word]} {said}" for word, said in (("recovered", "recovered"), *_TOO) if counts[word]]
    ran = f"{counts['runs']} {'nightly' if counts['runs'] == 1 else 'nightlies'} ran"
    return f"Later on {note.evening_before:%A, %d %B}: {ran}, {', '.join(told)}"


def _at_risk(note: Note) -> list[str]:
    """Each repository once, however many reasons there are."""
    return list(dict.fromkeys(risk.repository for risk in note.risks))


def as_json(note: Note) -> str:
    """One object: night, is_calm, under_way, counts, the parts (as in SECTIONS), at_risk and evening_before.

    Days are YYYY-MM-DD, to_come_until is ISO 8601 without zone, on the team's clock; evening_before holds night, counts
    and the parts, or is null.
    """

    def parts(items: Iterable[Item]) -> dict[str, list[dict[str, Any]]]:
        found = list(items)
        return {change: [asdict(item) for item in found if item.change == change] for change in SECTIONS}

    before = {"night": note.evening_before, "counts": note.evening_counts, **parts(note.evening)}
    whole = {
        "night": note.night,
        "is_calm": note.is_calm,
        "under_way": note.under_way,
        "to_come_until": note.until and note.until.isoformat(),
        "counts": note.counts,
        **parts(note.items),
        "at_risk": [asdict(risk) for risk in note.risks],
        "evening_before": before if note.evening_counts else None,
    }
    return json.dumps(whole, default=str, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class _Form:
    """How lines are written: text from outside, a link of address and text, what stands out, and before titles."""

    safe: Callable[[str], str]
    link: Callable[[str, str], str]
    bold: Callable[[str], str]
    title: str
    part: str


def _marked(safe: Callable[[str], str]) -> _Form:
    """Markdown. Addresses end at a blank or a bracket there."""

    def link(url: str, text: str) -> str:
        return f"[{safe(text)}]({url.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"

    return _Form(safe, link, lambda text: f"**{text}**", "# ", "## ")


def as_markdown(note: Note) -> str:
    """The note for a terminal, a wiki or a chat; five lines when all is calm. Text from outside is no markup in it."""
    return "\n".join(_lines(note, _marked(markdown)))


def as_page(note: Note) -> str:
    """The same for a page of the dashboard: no colours, icons or links come of text from outside, either."""
    return "\n".join(_lines(note, _marked(lambda text: plain(unlinked(" ".join(text.split()))))))


def as_text(note: Note) -> str:
    """The same where nothing is markup, such as a mail's plain part: names as they are, links as ``text: address``."""
    bare = _Form(lambda text: " ".join(text.split()), lambda url, text: f"{text}: {url}", str, "", "")
    return "\n".join(_lines(note, bare))


def _lines(note: Note, form: _Form) -> Iterator[str]:
    safe = form.safe
    yield f"{form.title}Nightlies of {note.night:%A, %d %B %Y}"
    told = headline(note)
    if note.is_calm and note.evening_counts:
        told = f"{told.removesuffix('.')}. {safe(evening_headline(note))}"
    yield f"{told.removesuffix('.')}. {OPEN}" if note.under_way else told
    if note.is_calm:
        yield from _calm_lines(note, safe)
        return
    for change, title in SECTIONS.items():
        items = note.of(change)
        if items:
            yield f"\n{form.part}{title} ({len(items)})\n"
            yield from (f"- {_told(group, form)}" for group in gathered(items))
    if note.evening_counts:
        # With nothing below it, it is a line and no heading.
        yield f"\n{form.part if note.evening else ''}{safe(evening_headline(note))}\n"
        yield from (f"- {SECTIONS[group[0].change]}: {_told(group, form)}" for group in gathered(note.evening))
    if note.risks:
        yield f"\n{form.part}At risk today ({len(note.risks)})\n"
        yield from (f"- {_risk_told(risk, form)}" for risk in note.risks)


def _calm_lines(note: Note, safe: Callable[[str], str]) -> Iterator[str]:
    """What recovered, who is at risk, and that all is calm: with the evening before, and what passed by hand alone."""
    later = f"later on {note.evening_before:%A}"

    def named(change: str) -> str:
        found = [(item, "") for item in note.of(change)]
        found += [(item, later) for item in note.evening if item.change == change]
        told = [(safe(item.repository), safe(calm_told(item, when))) for item, when in found]
        return ", ".join(f"{name} ({beside})" if beside else name for name, beside in told)

    yield f"{SECTIONS['recovered']}: {named('recovered') or 'none'}"
    yield f"At risk today: {', '.join(map(safe, _at_risk(note))) or 'none'}"
    by_hand = named("only_by_hand")
    yield "All is calm." + (f" {SECTIONS['only_by_hand']}: {by_hand}" if by_hand else "")


def _told(items: Sequence[Item], form: _Form) -> str:
    if len(items) == 1:
        return _item_told(items[0], form)
    return many_told(items, form.safe, form.link, form.bold)


def _item_told(item: Item, form: _Form) -> str:
    """One item: where, what and why, since when, who, link."""
    safe = form.safe
    where = f"{form.bold(safe(item.repository))} · {safe(item.schedule)}"
    parts = [f"{safe(item.job)}: {safe(item.reason or '')}" if item.job else safe(item.reason or "")]
    parts += [expected_told(item), since_told(item)]
    if item.has_failure or item.issue_url:
        parts.append(form.link(item.issue_url, item.who) if item.issue_url else safe(item.who))
    if item.change in LOST:
        parts.append(safe(claim_told(item)))
    if item.link:
        parts.append(form.link(item.link, "open"))
    return " – ".join([where, *(part for part in parts if part)])


def _risk_told(risk: Risk, form: _Form) -> str:
    """One schedule at risk."""
    safe = form.safe
    where = f"{form.bold(safe(risk.repository))} · {safe(risk.schedule)} ({safe(risk.owner)})"
    link = f" – {form.link(risk.link, 'schedules')}" if risk.link else ""
    return f"{where} – {safe(why_told(risk))}{link}"


def markdown(text: str) -> str:
    """Text from outside on one line, with nothing in it that is markup.

    Round brackets stay: they make a link only behind a square one, and none is left without its backslash.
    """
    return re.sub(r"([\\`*_{}\[\]#+!|~$<>&])", r"\\\1", " ".join(text.split()))


def as_html(note: Note) -> str:
    """The note as a whole HTML page that mail programs show; everything in it is escaped."""
    body = [f"<h1>Nightlies of {note.night:%A, %d %B %Y}</h1>", f"<p>{html.escape(headline(note))}</p>"]
    for change, title in SECTIONS.items():
        items = note.of(change)
        if items:
            body.append(f"<h2>{title} ({len(items)})</h2>")
            body.append(f"<ul>{''.join(f'<li>{_html(group)}</li>' for group in gathered(items))}</ul>")
    if note.evening_counts:
        told = (f"<li>{SECTIONS[group[0].change]}: {_html(group)}</li>" for group in gathered(note.evening))
        headed, below = ("h2", f"<ul>{''.join(told)}</ul>") if note.evening else ("p", "")
        body.append(f"<{headed}>{html.escape(evening_headline(note))}</{headed}>{below}")
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


def _html(items: Sequence[Item]) -> str:
    if len(items) == 1:
        return _item_html(items[0])
    return many_told(items, html.escape, _link, lambda text: f"<b>{text}</b>")


def _item_html(item: Item) -> str:
    words = [f"<b>{html.escape(item.repository)}</b> · {html.escape(item.schedule)}"]
    if item.job or item.reason:
        job = f"{html.escape(item.job)}: " if item.job else ""
        words.append(f"{job}<code>{html.escape(item.reason or '')}</code>")
    words += [html.escape(said) for said in (expected_told(item), since_told(item)) if said]
    if item.has_failure or item.issue_url:
        words.append(_link(item.issue_url, item.who) if item.issue_url else html.escape(item.who))
    if item.change in LOST:
        words.append(html.escape(claim_told(item)))
    if item.link:
        words.append(_link(item.link, "open"))
    return " – ".join(words)


def _risk_html(risk: Risk) -> str:
    words = f"<b>{html.escape(risk.repository)}</b> · {html.escape(risk.schedule)} ({html.escape(risk.owner)}) – "
    return words + html.escape(why_told(risk)) + (f" – {_link(risk.link, 'schedules')}" if risk.link else "")


def _link(url: str, text: str) -> str:
    """Views let http and https through only."""
    return f'<a href="{html.escape(url, quote=True)}">{html.escape(text)}</a>'


FORMATS = {"md": as_markdown, "html": as_html, "json": as_json}
"""The formats of the command and the page."""
