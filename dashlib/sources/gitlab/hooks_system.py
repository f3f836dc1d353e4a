"""Hooks about members of projects, projects and users (``event_name`` instead of ``object_kind``) to rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashlib.model import Change, Delete, Put, Replace, Row, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.hook_parts import add_users, hook_event, newest_in, project_columns
from dashlib.sources.gitlab.projects import SOURCE, member_row
from dashlib.sources.gitlab.shapes import number, text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, only, whole
from dashlib.sources.projects import called
from dashlib.sources.tables import EVENTS, MEMBERS, PROJECTS, SCHEDULES, USERS

_LEVELS = {
    "minimal access": 5, "guest": 10, "planner": 15, "reporter": 20, "developer": 30, "maintainer": 40, "master": 40,
    "owner": 50,
}  # fmt: skip
"""Hooks tell a role by its name (doc/administration/system_hooks.md), versions before 11 know ``Master``."""
_MARKED = re.compile(r"-deletion_scheduled-[0-9]+$")
"""What GitLab appends to the path of a project that waits for its deletion."""


def member(hook: Hook) -> Shaped:
    """Someone joins a project, leaves it or gets another role in it.

    These hooks have no version that the API's list would share: they count in the order of their arrival, and the next
    reading of the list has the last word.
    """
    body = thing(hook.payload)
    user, at = member_of(body), newest_in(body, names=("created_at", "updated_at"))
    ident, project_id = whole(body, "user_id", "the member"), whole(body, "project_id", "the project")
    rows = Rows()
    add_users(rows, [user])
    path = text(body.get("project_path_with_namespace"))
    if path:
        name, address = text(body.get("project_name")), _address(hook, path)
        rows.add(PROJECTS, project_columns(project_id, path, name, address, at))
    kind = str(body.get("event_name"))
    left, joined = kind == "user_remove_from_team", kind == "user_add_to_team"
    if left or joined:
        moment = stamps.utc(body.get("created_at" if joined else "updated_at")) or at
        rows.add(EVENTS, hook_event(project_id, user, "left" if left else "joined", moment))
    key: Row = {"project_id": project_id, "user_id": ident}
    listed: Change = Delete(MEMBERS, [key]) if left else Put(MEMBERS, [membership(project_id, user, body)])
    return Shaped([*rows.changes(), listed], project_id, path, f"member:{ident}", at)


def member_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The account that a hook about a member is about, as hooks elsewhere tell an account."""
    return {"id": body.get("user_id"), "username": body.get("user_username"), "name": body.get("user_name")}


def membership(project_id: int, user: Mapping[str, Any], body: Mapping[str, Any]) -> Row:
    """A row of ``members`` as such a hook tells it."""
    said = next((body[name] for name in ("access_level", "project_access", "group_access") if body.get(name)), None)
    level = _LEVELS.get(str(said).lower())
    known = {"access_level": level, "expires_at": body.get("expires_at"), "created_at": body.get("created_at")}
    return member_row(project_id, {**user, **known, "state": "active", "membership_state": "active"})


def asked(hook: Hook) -> Shaped:
    """Someone asks to join, or takes that back: no member yet, but an account; and a project where it is one's."""
    body = thing(hook.payload)
    user, at = member_of(body), newest_in(body, names=("created_at", "updated_at"))
    ident, project_id, path = whole(body, "user_id", "the user"), number(body.get("project_id")), None
    rows = Rows()
    add_users(rows, [user])
    if project_id is not None and (path := text(body.get("project_path_with_namespace"))):
        rows.add(PROJECTS, project_columns(project_id, path, text(body.get("project_name")), _address(hook, path), at))
    return Shaped(rows.changes(), project_id, path, f"user:{ident}", at)


def project(hook: Hook) -> Shaped:
    """A project that came, moved or changed its name."""
    ident, path, at = _which(hook)
    body, rows = thing(hook.payload), Rows()
    visibility = (text(body.get("project_visibility")) or "").removeprefix("visibilitylevel|") or None
    place = number(body.get("project_namespace_id"))
    known = {"visibility": visibility, "created_at": stamps.utc(body.get("created_at")), "namespace_id": place}
    rows.add(PROJECTS, project_columns(ident, path, text(body.get("name")), _address(hook, path), at, **known))
    return Shaped(rows.changes(), ident, path, f"project:{ident}", at)


def project_gone(hook: Hook) -> Shaped:
    """A project that is no more: it is marked, and its schedules are, as those that a list lacks. All else stays.

    Its name counts only where nothing was known of it: GitLab gives it another one before it deletes it. GitLab does
    not tell the time of it: that of the first arrival stands for it.
    """
    ident, path, at = _which(hook)
    path = _MARKED.sub("", path)
    rows = Rows()
    rows.add(PROJECTS, {"id": ident, **called(SOURCE, ident, path, None, _address(hook, path), None)})
    return Shaped([*rows.changes(), *gone(ident, hook.received_at)], ident, path, f"project:{ident}", at)


def gone(project_id: int, at: datetime) -> list[Change]:
    """A project that its forge has no more, since ``at`` at the latest: it is marked, and so are its schedules."""
    marked: Row = {"id": project_id, "deleted_at": at}
    return [Upsert(PROJECTS, [marked]), Replace(SCHEDULES, {"project_id": project_id}, [])]


def user(hook: Hook) -> Shaped:
    """An account that came, went, changed its name (and with it the path of its own projects), or was blocked when it
    tried to sign in."""
    body = thing(hook.payload)
    ident, at = whole(body, "user_id", "the user"), newest_in(body, names=("created_at", "updated_at"))
    rows = Rows()
    add_users(rows, [{"id": ident, "username": body.get("username"), "name": body.get("name")}])
    if body.get("event_name") == "user_destroy":
        told = [dict(row) for change in rows.changes() for row in change.rows]
        rows = Rows()
        rows.add(USERS, *(row | {"state": "deleted", "seen_on": at.date() if at else None} for row in told))
    rows.add(PROJECTS, *moved(hook, text(body.get("old_username")), text(body.get("username")), at))
    return Shaped(rows.changes(), subject=f"user:{ident}", happened_at=at)


def _which(hook: Hook) -> tuple[int, str, datetime | None]:
    """Id, path and version of the project that a hook is about."""
    body = thing(hook.payload)
    ident, path = whole(body, "project_id", "the project"), text(body.get("path_with_namespace"))
    if not path:
        raise Unshapeable("the project has no path")
    return ident, path, newest_in(body, names=("created_at", "updated_at"))


def moved(hook: Hook, old: str | None, new: str | None, at: datetime | None) -> list[Row]:
    """The projects known under ``old``, now that they are under ``new``; a newer path of theirs wins."""
    if not old or not new or old == new:
        return []
    found = []
    for known in hook.projects_under(old):
        path = new + known["path_with_namespace"][len(old) :]
        row = project_columns(known["id"], path, None, _address(hook, path), at)
        found.append(only(PROJECTS, row, *(("path", "address") if hook.instance else ("path",))))
    return found


def _address(hook: Hook, path: str) -> str | None:
    return f"{hook.instance}/{path}" if hook.instance else None
