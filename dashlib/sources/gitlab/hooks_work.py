"""Pushes, issues, merge requests and comments: GitLab's webhooks to rows. Pure.

What someone did becomes a row of ``events`` in the words of the events API, marked ``by_hook``; it goes as soon as that
API tells of the same thing (``store/derive.py``), so nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import issue_row
from dashlib.sources.gitlab.events import push_data, push_list
from dashlib.sources.gitlab.hook_parts import Project, add_users, hook_commit, hook_event
from dashlib.sources.gitlab.shapes import number, text, texts, thing, things, truth
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, only, whole
from dashlib.sources.tables import COMMITS, EVENTS, ISSUES, MERGE_REQUESTS, PROJECTS, PUSH_LISTS

_STATE_RANK = {"opened": 0, "locked": 1, "closed": 2, "merged": 3}
_DONE_TO_ISSUES = {"open": "opened", "reopen": "opened", "close": "closed"}
_DONE_TO_MERGE_REQUESTS = _DONE_TO_ISSUES | {"merge": "accepted", "approved": "approved", "approval": "approved"}


def push(hook: Hook) -> Shaped:
    """A push to a branch or a tag: one event, and the commits it shows (the newest 20; the event knows how many).

    The hook has no time of its own: the event's is that of its arrival.
    """
    body = thing(hook.payload)
    if not text(body.get("ref")):
        raise Unshapeable("the push names no ref")
    project = Project(hook, None)
    pusher = {"id": body.get("user_id"), "name": body.get("user_name"), "username": body.get("user_username")}
    said = push_data(body)
    action = {"created": "pushed new", "removed": "deleted"}.get(said["action"], "pushed to")
    key = [said["ref_type"], said["ref"], said["commit_from"], said["commit_to"], *([hook.turn] if hook.turn else [])]
    rows = Rows()
    rows.add(PROJECTS, project.row())
    event = hook_event(project.id, pusher, action, hook.received_at, push_data=said, key=key)
    rows.add(EVENTS, {**event, "is_again": True} if hook.turn else event)
    rows.add(PUSH_LISTS, push_list(project.id, body))
    rows.add(COMMITS, *(hook_commit(project.id, commit) for commit in things(body.get("commits"))))
    add_users(rows, [pusher | {"avatar_url": body.get("user_avatar"), "email": body.get("user_email")}])
    subject = f"push:{said['ref_type']}:{said['ref']}:{said['commit_from'] or ''}:{said['commit_to'] or ''}"
    return Shaped(rows.changes(), project.id, project.path, subject)


def issue(hook: Hook) -> Shaped:
    """An issue, or another work item of a project (task, incident …), as it is now; and what was done to it."""
    body = thing(hook.payload)
    told, user = thing(body.get("object_attributes")), thing(body.get("user"))
    whole(told, "iid", "the issue")
    updated = stamps.newest(stamps.utc(told.get("updated_at")), stamps.utc(told.get("created_at")))
    project = Project(hook, updated)
    rows = Rows()
    rows.add(PROJECTS, project.row())
    rows.add(ISSUES, *_issue_rows(project.id, body))
    kind = "Issue" if body.get("object_kind") == "issue" else "WorkItem"
    rows.add(EVENTS, _done(project.id, kind, told, user, _DONE_TO_ISSUES, updated))
    add_users(rows, [user, *things(body.get("assignees"))])
    return Shaped(rows.changes(), project.id, project.path, f"issue:{told['iid']}", updated)


def _issue_rows(project_id: int, body: Mapping[str, Any]) -> list[Row]:
    """The issue; its author and milestone apart, since hooks know them by number only."""
    told = thing(body.get("object_attributes"))
    state = text(told.get("state"))
    said = {
        **told,
        "state": "opened" if state == "reopened" else state,
        "issue_type": (text(told.get("type")) or "issue").lower().replace(" ", "_"),
        "labels": sorted(texts(told.get("labels") or body.get("labels"))),
        "assignees": body.get("assignees") or [body.get("assignee") or told.get("assignee")],
        "web_url": told.get("url"),
        "author": thing(body.get("user")),
        "milestone": None,
    }
    row = issue_row(project_id, said)
    if row["updated_at"] is None:
        row = {**row, "updated_at": row["created_at"]}
    rows = [only(ISSUES, row, "issue")]
    author, user = number(told.get("author_id")), number(thing(body.get("user")).get("id"))
    if author is not None and author == user and told.get("milestone_id") is None:
        rows.append(only(ISSUES, row, "credit"))
    return rows


def merge_request(hook: Hook) -> Shaped:
    """A merge request as it is now, and what was done to it."""
    body = thing(hook.payload)
    told, user = thing(body.get("object_attributes")), thing(body.get("user"))
    iid = whole(told, "iid", "the merge request")
    updated = stamps.newest(stamps.utc(told.get("updated_at")), stamps.utc(told.get("created_at")))
    project = Project(hook, updated)
    rows = Rows()
    rows.add(PROJECTS, project.row())
    rows.add(MERGE_REQUESTS, _merge_request_row(project.id, iid, body, updated))
    rows.add(EVENTS, _done(project.id, "MergeRequest", told, user, _DONE_TO_MERGE_REQUESTS, updated))
    add_users(rows, [user, *things(body.get("assignees")), *things(body.get("reviewers"))])
    return Shaped(rows.changes(), project.id, project.path, f"merge_request:{iid}", updated)


def _merge_request_row(project_id: int, iid: int, body: Mapping[str, Any], updated: datetime | None) -> Row:
    told = thing(body.get("object_attributes"))
    state = text(told.get("state"))
    state = "opened" if state == "reopened" else state
    return {
        "project_id": project_id,
        "iid": iid,
        "id": number(told.get("id")),
        "title": text(told.get("title")),
        "description": text(told.get("description")),
        "state": state,
        "draft": truth(told.get("draft")) or truth(told.get("work_in_progress")),
        "source_branch": text(told.get("source_branch")),
        "target_branch": text(told.get("target_branch")),
        "source_project_id": number(told.get("source_project_id")),
        "author_id": number(told.get("author_id")),
        "assignee_usernames": _usernames(body.get("assignees") or [body.get("assignee") or told.get("assignee")]),
        "reviewer_usernames": _usernames(body.get("reviewers")),
        "labels": sorted(texts(told.get("labels") or body.get("labels"))),
        "sha": text(thing(told.get("last_commit")).get("id")),
        "merge_commit_sha": text(told.get("merge_commit_sha")),
        "detailed_merge_status": text(told.get("detailed_merge_status")),
        "head_pipeline_id": number(told.get("head_pipeline_id")),
        "created_at": stamps.utc(told.get("created_at")),
        "updated_at": updated,
        "state_rank": _STATE_RANK.get(state or "", 0),
        "web_url": text(told.get("url")),
    }


def note(hook: Hook) -> Shaped:
    """A comment. An edited one is no new event, what GitLab writes itself (``system``) is none at all."""
    body = thing(hook.payload)
    told = thing(body.get("object_attributes"))
    ident = whole(told, "id", "the comment")
    created = stamps.utc(told.get("created_at"))
    at = stamps.newest(created, stamps.utc(told.get("updated_at")))
    project = Project(hook, at)
    rows = Rows()
    rows.add(PROJECTS, project.row())
    if told.get("action") in (None, "create") and not truth(told.get("system")):
        rows.add(EVENTS, _commented(project.id, ident, body, created))
    add_users(rows, [body.get("user")])
    return Shaped(rows.changes(), project.id, project.path, f"note:{ident}", at)


def _commented(project_id: int, ident: int, body: Mapping[str, Any], created: datetime | None) -> Row:
    told = thing(body.get("object_attributes"))
    on = next((found for name in ("issue", "merge_request", "snippet") if (found := thing(body.get(name)))), {})
    said = {
        "id": ident,
        "body": told.get("note"),
        "noteable_type": told.get("noteable_type"),
        "noteable_iid": on.get("iid"),
    }
    return hook_event(
        project_id, thing(body.get("user")), "commented on", created, note=said,
        target_type=text(told.get("type")) or "Note", target_id=ident, target_iid=ident,
        target_title=on.get("title") or _first_line(thing(body.get("commit"))),
    )  # fmt: skip


def _done(
    project_id: int, target: str, told: Mapping[str, Any], user: Mapping[str, Any],
    words: Mapping[str, str], updated: datetime | None,
) -> Row | None:  # fmt: skip
    """What was done, as the events API would say it; None for what it does not tell (an update).

    Versions before 13 name who did it without a number.
    """
    action = text(told.get("action")) or ""
    if action not in words or (number(user.get("id")) is None and text(user.get("username")) is None):
        return None
    happened = {"open": "created_at", "close": "closed_at"}.get(action, "updated_at")
    return hook_event(
        project_id, user, words[action], stamps.utc(told.get(happened)) or updated,
        target_type=target, target_id=number(told.get("id")), target_iid=number(told.get("iid")),
        target_title=told.get("title"), asked_action="reopened" if action == "reopen" else None,
    )  # fmt: skip


def _first_line(commit: Mapping[str, Any]) -> str | None:
    """The title of a commit; versions before 13 send the whole message alone."""
    return text(commit.get("title")) or (text(commit.get("message")) or "").strip().partition("\n")[0] or None


def _usernames(users: Any) -> list[str]:
    return [name for user in things(users) if (name := text(user.get("username")))]
