"""Commits and issues: GitLab's JSON to rows. Pure: no clock, no network, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import number, text, texts, thing, things, truth

_TRAILER = "co-authored-by:"
_BLANKS = " \t\n\r"


def commit_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """One commit of ``GET …/repository/commits?with_stats=true`` (doc/api/commits.md).

    The author is a git identity, not a GitLab user. Dates keep the author's offset in ``author_utc_offset`` (minutes).
    """
    message = text(json.get("message")) or text(json.get("title")) or ""
    stats = thing(json.get("stats"))
    return {
        "project_id": project_id,
        "id": json["id"],
        "title": text(json.get("title")) or message.partition("\n")[0],
        "message": message,
        "author_name": git_name(json.get("author_name")),
        "author_email": text(json.get("author_email")),
        "committed_at": stamps.utc(json.get("committed_date") or json.get("created_at")),
        "co_authors": co_authors(message),
        "web_url": text(json.get("web_url")),
        "authored_at": stamps.utc(json.get("authored_date")),
        "author_utc_offset": stamps.offset_minutes(json.get("authored_date")),
        "committer_name": git_name(json.get("committer_name")),
        "committer_email": text(json.get("committer_email")),
        "parent_ids": texts(json.get("parent_ids")),
        "additions": number(stats.get("additions")),
        "deletions": number(stats.get("deletions")),
    }


def git_name(value: Any) -> str | None:
    """A name as git has it: what is blank at its end is none of it (ident.c, split_ident_line); forges may show it."""
    name = text(value)
    return None if name is None else name.rstrip(_BLANKS)


def co_authors(message: str) -> list[dict[str, str]]:
    """The ``Co-authored-by`` trailers of the message's last paragraph, each e-mail once.

    Trailers stand in the last paragraph, never in the title, and may be folded (git-interpret-trailers); a quoted
    commit further up is no co-author. Of a paragraph that git would not call a block of trailers they count as well:
    people write them under a sentence.
    """
    found: dict[str, dict[str, str]] = {}
    for line in _last_paragraph(message):
        if line[: len(_TRAILER)].lower() != _TRAILER:
            continue
        name, opened, rest = line[len(_TRAILER) :].partition("<")
        email, closed, after = rest.partition(">")
        if opened and closed and not after.strip() and "<" not in email:
            found.setdefault(email.strip().lower(), {"name": name.strip(), "email": email.strip()})
    return list(found.values())


def _last_paragraph(message: str) -> list[str]:
    """Its lines, folded ones made one; none where the title is all there is."""
    lines = message.replace("\r\n", "\n").strip().split("\n")
    blank = max((place for place, line in enumerate(lines) if not line.strip()), default=len(lines))
    unfolded: list[str] = []
    for line in lines[blank + 1 :]:
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    return unfolded


def issue_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """One issue of ``GET /projects/:id/issues``."""
    return {
        "project_id": project_id,
        "iid": number(json["iid"]),
        "id": number(json.get("id")),
        "title": text(json.get("title")),
        "description": text(json.get("description")),
        "state": text(json.get("state")),
        "issue_type": text(json.get("issue_type")),
        "confidential": truth(json.get("confidential")),
        "labels": texts(json.get("labels")),
        "milestone": text(thing(json.get("milestone")).get("title")),
        "author_username": text(thing(json.get("author")).get("username")),
        "assignee_usernames": [name for user in things(json.get("assignees")) if (name := text(user.get("username")))],
        "created_at": stamps.utc(json.get("created_at")),
        "updated_at": stamps.utc(json.get("updated_at")),
        "closed_at": stamps.utc(json.get("closed_at")),
        "due_date": stamps.day(json.get("due_date")),
        "web_url": text(json.get("web_url")),
        "credited_at": stamps.utc(json.get("updated_at")),
    }
