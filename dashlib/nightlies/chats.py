"""The morning note as chats want to be told it, cut to what each of them takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashlib.nightlies.report import Note
from dashlib.nightlies.report_groups import gathered, many_told
from dashlib.nightlies.report_items import LOST, RED, Item, Risk
from dashlib.nightlies.report_text import OPEN, SECTIONS, evening_headline, headline
from dashlib.nightlies.report_words import claim_told, expected_told, why_told

_LISTED = (15, 10, 6, 3, 1, 0)
"""Items of a part that a chat shows, fewer where they are too long; the rest is counted."""
SLACK_BYTES, MATTERMOST_BYTES, TEAMS_BYTES = 38_000, 16_000, 27_000
"""Slack cuts a text at 40,000 characters, Mattermost holds 16,383, Teams takes messages of 28 KB."""


def slack(note: Note) -> dict[str, Any]:
    """Slack's incoming webhook: mrkdwn, in which only &, < and > are special (docs.slack.dev, formatting text)."""

    def safe(text: str) -> str:
        return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def link(url: str, text: str) -> str:
        return f"<{safe(url).replace('|', '%7C')}|{safe(text)}>"

    return _fitting(lambda most: {"text": "\n".join(_chat(note, safe, link, "*", most))}, SLACK_BYTES)


def mattermost(note: Note) -> dict[str, Any]:
    """Mattermost's incoming webhook: Markdown; a post holds 16,383 characters."""
    return _fitting(
        lambda most: {"text": "\n".join(_chat(note, _markdown, _markdown_link, "**", most))}, MATTERMOST_BYTES
    )


def teams(note: Note) -> dict[str, Any]:
    """A Teams workflow's webhook: a message with one Adaptive Card, whose text blocks know bold, lists and links."""

    def message(most: int) -> dict[str, Any]:
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                {"type": "TextBlock", "text": line, "wrap": True}
                for line in _chat(note, _markdown, _markdown_link, "**", most)
            ],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}

    return _fitting(message, TEAMS_BYTES)


def _fitting(written: Callable[[int], dict[str, Any]], most_bytes: int) -> dict[str, Any]:
    """With as many items of each part as a chat takes; how many there are is told all the same."""
    for most in _LISTED:
        found = written(most)
        if len(json.dumps(found).encode()) <= most_bytes:
            break
    return found


PAYLOADS: dict[str, Callable[[Note], dict[str, Any]]] = {"slack": slack, "mattermost": mattermost, "teams": teams}
"""What each chat wants to be told: DASH_REPORT_FORMAT."""


def _chat(note: Note, safe: Callable[[str], str], link: Callable[[str, str], str], bold: str, most: int) -> list[str]:
    def more(count: int) -> list[str]:
        rest = f"and {count} more"
        return [f"… {link(note.url, rest) if note.url else rest}"] if count else []

    def told(items: Sequence[Item], titles: Mapping[str, str]) -> list[str]:
        """The first lines; what is left is counted in nightlies, whatever lines they would share."""
        groups, strong = gathered(items), lambda text: f"{bold}{text}{bold}"
        lines = [
            _item(group[0], safe, link, titles.get(group[0].change, ""))
            if len(group) == 1
            else f"• {titles.get(group[0].change, '')}{many_told(group, safe, link, strong)}"
            for group in groups[:most]
        ]
        return [*lines, *more(sum(map(len, groups[most:])))]

    lines = [f"{bold}Nightlies of {note.night:%A, %d %B}{bold}", safe(headline(note))]
    lines += [OPEN] if note.under_way else []
    for change, title in SECTIONS.items():
        items = note.of(change)
        if items:
            lines += [f"{bold}{title} ({len(items)}){bold}", *told(items, {})]
    if note.evening_counts:
        lines.append(f"{bold}{safe(evening_headline(note))}{bold}")
        lines += told(note.evening, {change: f"{title}: " for change, title in SECTIONS.items()})
    if note.risks:
        lines.append(f"{bold}At risk today ({len(note.risks)}){bold}")
        lines += [_risk(risk, safe, link) for risk in note.risks[:most]]
        lines += more(max(0, len(note.risks) - most))
    if note.is_calm:
        lines.append("All is calm.")
    return lines


def _risk(risk: Risk, safe: Callable[[str], str], link: Callable[[str, str], str]) -> str:
    name = link(risk.link, risk.repository) if risk.link else safe(risk.repository)
    return f"• {name} · {safe(risk.schedule)} ({safe(risk.owner)}) – {safe(why_told(risk))}"


def _item(item: Item, safe: Callable[[str], str], link: Callable[[str, str], str], title: str) -> str:
    name = link(item.link, item.repository) if item.link else safe(item.repository)
    parts = [safe(f"{item.job}: {item.reason}" if item.job else item.reason or "")]
    if said := expected_told(item):
        parts.append(said)
    if item.change in ("still_red", "recovered", *LOST) and item.since is not None:
        late = {"late": "not run for ", "recovered": "was red for "}.get(item.change, "")
        parts.append(f"{late}{item.nights} night{'' if item.nights == 1 else 's'}, since {item.since:%d %b}")
    if item.change in RED or item.issue_url:
        parts.append(link(item.issue_url, item.who) if item.issue_url else safe(item.who))
    if item.change in LOST:
        parts.append(safe(claim_told(item)))
    return f"• {title}{name} · {safe(item.schedule)} – {' – '.join(part for part in parts if part)}"


def _markdown(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+!|~<>@" else letter for letter in " ".join(text.split()))


def _markdown_link(url: str, text: str) -> str:
    return f"[{_markdown(text)}]({url.replace(')', '%29').replace(' ', '%20')})"
