"""Events of the three events endpoints: GitLab's JSON, old and new, to rows. Pure.

Versions up to 9.x have no ``push_data``: a push says ``action_name: "opened"`` and carries the body of the push webhook
in ``data`` (seed 002). Such pushes get the words of today: ``pushed to``, ``pushed new``, ``deleted``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.projects import SOURCE, short_ref
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing, things

_NO_PUSH: dict[str, Any] = {
    "push_action": None,
    "ref_type": None,
    "ref": None,
    "commit_from": None,
    "commit_to": None,
    "commit_count": None,
    "commit_title": None,
    "ref_count": None,
}


def event_row(json: Mapping[str, Any], project_id: int | None = None, asked_action: str | None = None) -> Row:
    """One event. ``project_id`` is the project asked, for versions that leave it out.

    ``asked_action`` is the ``action`` filter of the request: the only way to tell ``reopened``, which the answer calls
    ``opened``. Very old versions send no ``id``: a hash of the content stands for it.
    """
    note, author = thing(json.get("note")), thing(json.get("author"))
    push = _push(json)
    ident = number(json.get("id"))
    row: dict[str, Any] = {
        "source": SOURCE,
        "id": ident if ident is not None else stable_id(_lasting(json)),
        "project_id": number(json.get("project_id")) if json.get("project_id") is not None else project_id,
        "action_name": _action(json, push),
        "target_type": text(json.get("target_type")),
        "target_id": number(json.get("target_id")),
        "target_iid": number(json.get("target_iid")),
        "target_title": text(json.get("target_title")) or text(json.get("title")),
        "author_id": number(json.get("author_id")) if json.get("author_id") is not None else number(author.get("id")),
        "author_username": text(json.get("author_username")) or text(author.get("username")),
        "author_name": text(author.get("name")),
        "created_at": stamps.utc(json.get("created_at")) or stamps.utc(note.get("created_at")),
        **push,
        "note_id": number(note.get("id")),
        "note_body": text(note.get("body")),
        "noteable_type": text(note.get("noteable_type")),
        "noteable_iid": number(note.get("noteable_iid")),
        "wiki_slug": text(thing(json.get("wiki_page")).get("slug")),
        "by_hook": False,
    }
    if asked_action is not None:
        row["asked_action"] = asked_action
    return row


def _lasting(json: Mapping[str, Any]) -> dict[str, Any]:
    """What does not change about an event when its author gets a new name or picture."""
    lasting = {name: value for name, value in json.items() if name not in ("author", "author_username", "target_title")}
    note = thing(json.get("note"))
    return lasting | {"note": note.get("id"), "author": number(thing(json.get("author")).get("id"))}


def _action(json: Mapping[str, Any], push: Mapping[str, Any]) -> str | None:
    """``pushed`` alone stands in old examples; a push of the old format calls itself ``opened`` or ``closed``."""
    said = text(json.get("action_name"))
    if said == "pushed" or (push["push_action"] and not json.get("push_data")):
        return {"created": "pushed new", "removed": "deleted"}.get(push["push_action"] or "", "pushed to")
    return said


def _push(json: Mapping[str, Any]) -> dict[str, Any]:
    push = thing(json.get("push_data"))
    if push:
        return _columns(push)
    old = thing(json.get("data"))
    return _columns(push_data(old)) if old.get("ref") else dict(_NO_PUSH)


def _columns(push: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "push_action": text(push.get("action")),
        "ref_type": text(push.get("ref_type")),
        "ref": text(push.get("ref")),
        "commit_from": text(push.get("commit_from")),
        "commit_to": text(push.get("commit_to")),
        "commit_count": number(push.get("commit_count")),
        "commit_title": text(push.get("commit_title")),
        "ref_count": number(push.get("ref_count")),
    }


def push_data(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a push webhook (old events carry it in ``data``) as the ``push_data`` of today's events API."""
    before, after = _sha(body.get("before")), _sha(body.get("after"))
    commits = things(body.get("commits"))
    total = number(body.get("total_commits_count"))
    title = (text(commits[-1].get("message")) or "").partition("\n")[0][:70] if commits else None
    return {
        "action": "created" if before is None else "removed" if after is None else "pushed",
        "ref_type": "tag" if str(body["ref"]).startswith("refs/tags/") else "branch",
        "ref": short_ref(body["ref"]),
        "commit_from": before,
        "commit_to": after,
        "commit_count": total if total is not None else len(commits),
        "commit_title": title,
        "ref_count": None,
    }


def push_list(project_id: int, body: Mapping[str, Any]) -> Row | None:
    """The commits that the body of a push webhook lists, as a row of ``push_lists``; None where it lists none.

    GitLab and GitHub list the newest last.
    """
    push = push_data(body)
    listed = [sha for commit in reversed(things(body.get("commits"))) if (sha := text(commit.get("id")))]
    if push["ref_type"] != "branch" or push["commit_to"] is None or not listed:
        return None
    return {
        "project_id": project_id,
        "ref": push["ref"],
        "commit_from": push["commit_from"] or "",
        "commit_to": push["commit_to"],
        "commit_ids": list(dict.fromkeys(listed)),
    }


def _sha(value: Any) -> str | None:
    """Forty zeros say that a ref did not exist before, or does not afterwards."""
    sha = text(value)
    return sha if sha and sha.strip("0") else None
