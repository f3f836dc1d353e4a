"""Events as sentences, by day: "Ada merged !12 Fix the gauge in acme/core/engine"; every part with its link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

import pandas as pd

from dashlib.charts.wording import ago, exact

_SIGNS = {"merge request": "!", "issue": "#", "work item": "#", "milestone": "%"}
_LONGEST = 160
_DID = {
    "opened": "opened",
    "reopened": "reopened",
    "updated": "updated",
    "closed": "closed",
    "merged": "merged",
    "approved": "approved",
    "created": "created",
    "imported": "imported",
    "destroyed": "destroyed",
    "deleted": "deleted",
    "joined": "joined",
    "left": "left",
    "expired": "lost the membership of",
    "added": "added",
    "removed": "removed",
}
"""Actions of the view activity_events as a person says them; other words stay as the forge says them."""


class Part(TypedDict, total=False):
    """A piece of a sentence: plain text; with ``href`` (http or https) a link."""

    text: str
    href: str


class Item(TypedDict):
    """One event: who, the parts of what was done, how long ago, and the exact time."""

    who: str
    parts: list[Part]
    ago: str
    at: str


class Day(TypedDict):
    """The events of one of the team's days, in the order that was asked for."""

    day: str
    items: list[Item]


def stream(events: pd.DataFrame, zone: str, now: datetime | None = None) -> list[Day]:
    """Days of sentences from the answer of ``queries.activity.listing``, whose order stays; all texts are plain.

    ``zone`` is the team's; ``now`` (UTC) is this moment unless a test says otherwise.
    """
    days: list[Day] = []
    for event in events.to_dict("records"):
        day = f"{event['happened']:%A, %d %B %Y}"
        if not days or days[-1]["day"] != day:
            days.append({"day": day, "items": []})
        item: Item = {
            "who": _text(event["person_label"]) or "(unknown)",
            "parts": sentence(event),
            "ago": ago(event["created_at"], now),
            "at": exact(event["created_at"], zone),
        }
        days[-1]["items"].append(item)
    return days


def sentence(event: Mapping[Any, Any]) -> list[Part]:
    """What was done, without who did it."""
    action, target = str(event["action"]), str(event["target"])
    where = _linked(str(event["path_with_namespace"]), event["project_url"])
    if action == "pushed":
        return [*_push(event), {"text": " in "}, where]
    if target == "project":
        preposition = " to " if action == "added" else " from " if action == "removed" else " "
        return [{"text": f" {_DID.get(action, action)}{preposition}"}, where]
    if target == "comment":
        on = _text(event["on_what"]) or "something"
        thing = _linked(f"{on} {_named(on, event)}".strip(), event["web_url"])
        return [{"text": " commented on "}, thing, {"text": " in "}, where]
    if target in ("branch", "tag"):
        return [{"text": f" {_DID.get(action, action)} {target} {_text(event['ref'])} in "}, where]
    thing = _linked(f"{target} {_named(target, event)}".strip(), event["web_url"])
    return [{"text": f" {_DID.get(action, action)} "}, thing, {"text": " in "}, where]


def _push(event: Mapping[Any, Any]) -> list[Part]:
    """How much was pushed where, and the newest commit's title as the link."""
    count = 0 if pd.isna(event["commit_count"]) else int(event["commit_count"])
    ref, title = _text(event["ref"]), _text(event["title"])
    kind = str(event["target"])
    made = f" made the {kind} {ref}" if event["is_new_ref"] else ""
    many = f"{count:,} commit{'' if count == 1 else 's'}" if count else ""
    told = made + (f" with {many}" if made and many else "") if made else f" pushed {many or 'something'}"
    parts: list[Part] = [{"text": told}]
    if ref and not made:
        parts.append({"text": f" to {ref}"})
    if title and title != ref:
        parts += [{"text": ": "}, _linked(title, event["web_url"])]
    elif isinstance(event["web_url"], str) and count:
        parts += [{"text": ": "}, _linked("what changed", event["web_url"])]
    return parts


def _named(kind: str, event: Mapping[Any, Any]) -> str:
    """The number and the title of a thing, as GitLab writes them."""
    number = "" if pd.isna(event["number"]) else f"{_SIGNS.get(kind, '#')}{int(event['number'])}"
    return " ".join(word for word in (number, _text(event["title"])) if word)


def _linked(text: str, href: object) -> Part:
    found: Part = {"text": text[:_LONGEST]}
    if isinstance(href, str) and href.lower().startswith(("http://", "https://")):
        found["href"] = href
    return found


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
