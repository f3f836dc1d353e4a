"""Hooks about members, projects and users (``event_name`` instead of ``object_kind``) to rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashlib.model import Change, Delete, Put, Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.hook_parts import add_users, hook_event, newest_in, project_columns
from dashlib.sources.gitlab.projects import member_row
from dashlib.sources.gitlab.shapes import number, text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable
from dashlib.sources.tables import EVENTS, MEMBERS, PROJECTS, USERS

_LEVELS = {
    "minimal access": 5, "guest": 10, "planner": 15, "reporter": 20, "developer": 30, "maintainer": 40, "master": 40,
    "owner": 50,
}  # fmt: skip
"""Hooks tell a role by its name (doc/administration/system_hooks.md), versions before 11 know ``Master``."""


def member(hook: Hook) -> Shaped:
    """Someone joins, leaves or gets another role. Rows of ``members`` are of projects: a group's member is an account.

    These hooks have no version that the API's list would share: they count in the order of their arrival, and the next
    reading of the list has the last word.
    """
    body = thing(hook.payload)
    user, at = _member(body), newest_in(body, names=("created_at", "updated_at"))
    ident, project_id = number(user["id"]), number(body.get("project_id"))
    if ident is None:
        raise Unshapeable("the member has no user_id")
    rows = Rows()
    add_users(rows, [user])
    if project_id is None:
        return Shaped(rows.changes(), subject=f"user:{ident}", happened_at=at)
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
    listed: Change = Delete(MEMBERS, [key]) if left else Put(MEMBERS, [_membership(project_id, user, body)])
    return Shaped([*rows.changes(), listed], project_id, path, f"member:{ident}", at)


def _member(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": body.get("user_id"), "username": body.get("user_username"), "name": body.get("user_name")}


def _membership(project_id: int, user: Mapping[str, Any], body: Mapping[str, Any]) -> Row:
    level = _LEVELS.get(str(body.get("access_level") or body.get("project_access")).lower())
    known = {"access_level": level, "expires_at": body.get("expires_at"), "created_at": body.get("created_at")}
    return member_row(project_id, {**user, **known, "state": "active", "membership_state": "active"})


def project(hook: Hook) -> Shaped:
    """A project that came, moved or changed its name. One that went stays: its nights are history."""
    body = thing(hook.payload)
    ident, path = number(body.get("project_id")), text(body.get("path_with_namespace"))
    at = newest_in(body, names=("created_at", "updated_at"))
    if ident is None or not path:
        raise Unshapeable("the project has no id or no path")
    rows = Rows()
    if body.get("event_name") != "project_destroy":
        visibility = (text(body.get("project_visibility")) or "").removeprefix("visibilitylevel|") or None
        known = {"visibility": visibility, "created_at": stamps.utc(body.get("created_at"))}
        rows.add(PROJECTS, project_columns(ident, path, text(body.get("name")), _address(hook, path), at, **known))
    return Shaped(rows.changes(), ident, path, f"project:{ident}", at)


def user(hook: Hook) -> Shaped:
    """An account that came, went, changed its name, or was blocked when it tried to sign in."""
    body = thing(hook.payload)
    ident, at = number(body.get("user_id")), newest_in(body, names=("created_at", "updated_at"))
    if ident is None:
        raise Unshapeable("the user has no user_id")
    rows = Rows()
    add_users(rows, [{"id": ident, "username": body.get("username"), "name": body.get("name")}])
    if body.get("event_name") == "user_destroy":
        gone = [dict(row) for change in rows.changes() for row in change.rows]
        rows = Rows()
        rows.add(USERS, *(row | {"state": "deleted", "seen_on": at.date() if at else None} for row in gone))
    return Shaped(rows.changes(), subject=f"user:{ident}", happened_at=at)


def _address(hook: Hook, path: str) -> str | None:
    return f"{hook.instance}/{path}" if hook.instance else None
