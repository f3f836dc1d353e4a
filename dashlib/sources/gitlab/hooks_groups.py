"""Hooks about groups to rows: who is a member of their projects, and where these lie. Pure.

A group has no row of its own: it is the ``namespace`` of its projects, and what a hook tells of it is told of them.
Hooks about members and of a group's end name it by its number alone (``group_path`` is the last word of its path):
``projects.namespace_id`` leads to it. A group of which no project is known is none of ours, and an account is all there
is to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashlib.model import Change, Delete, Put, Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.hook_parts import add_users, newest_in
from dashlib.sources.gitlab.hooks_system import gone, member_of, membership, moved
from dashlib.sources.gitlab.shapes import text, thing
from dashlib.sources.hook import Hook, Rows, Shaped, whole
from dashlib.sources.tables import MEMBERS, PROJECTS


def group_member(hook: Hook) -> Shaped:
    """Someone joins a group, leaves it or gets another role in it: in all projects under it.

    Who is a project's member by two ways is so by the higher role, as in the API's list, whose next reading has the
    last word. A membership is known by the moment at which it was made: whoever leaves stays where another one holds.
    """
    body = thing(hook.payload)
    user, at = member_of(body), newest_in(body, names=("created_at", "updated_at"))
    ident, group = whole(body, "user_id", "the member"), whole(body, "group_id", "the group")
    rows = Rows()
    add_users(rows, [user])
    path = hook.group_path(group)
    projects = [int(row["id"]) for row in _under(hook, path)]
    known = {row["project_id"]: row for row in hook.memberships(ident, projects)}
    if body.get("event_name") == "user_remove_from_group":
        listed = _left(projects, ident, known, body)
    else:
        listed = _joined([membership(project_id, user, body) for project_id in projects], known)
    return Shaped([*rows.changes(), *listed], subject=f"user:{ident}", happened_at=at)


def _joined(rows: Sequence[Row], known: Mapping[int, Row]) -> list[Change]:
    held = [row for row in rows if not _holds(known.get(row["project_id"]), row)]
    return [Put(MEMBERS, held)] if held else []


def _holds(known: Row | None, row: Row) -> bool:
    """Whether somebody is more already, by another membership."""
    if known is None or _same_moment(known["created_at"], row["created_at"]):
        return False
    return (known["access_level"] or 0) > (row["access_level"] or 0)


def _left(projects: Sequence[int], user: int, known: Mapping[int, Row], body: Mapping[str, Any]) -> list[Change]:
    made = stamps.utc(body.get("created_at"))
    keys: list[Row] = [
        {"project_id": project_id, "user_id": user}
        for project_id in projects
        if project_id not in known or _same_moment(known[project_id]["created_at"], made)
    ]
    return [Delete(MEMBERS, keys)] if keys else []


def _same_moment(one: Any, other: Any) -> bool:
    """Hooks tell whole seconds, the API thousandths."""
    return stamps.second(one) == stamps.second(other)


def group_renamed(hook: Hook) -> Shaped:
    """A group has another path: so have its projects, and nothing else tells of them (system hooks: project_rename)."""
    body = thing(hook.payload)
    ident, at = whole(body, "group_id", "the group"), newest_in(body, names=("created_at", "updated_at"))
    rows = Rows()
    rows.add(PROJECTS, *moved(hook, text(body.get("old_full_path")), text(body.get("full_path")), at))
    return Shaped(rows.changes(), subject=f"group:{ident}", happened_at=at)


def group_gone(hook: Hook) -> Shaped:
    """A group that is no more: neither are its projects. Each has a hook of its own, where these are asked for, too.

    Another group may have taken its path since: what was made after the hook came is not meant.
    """
    body = thing(hook.payload)
    ident, at = whole(body, "group_id", "the group"), newest_in(body, names=("created_at", "updated_at"))
    path = text(body.get("full_path")) or hook.group_path(ident)
    meant = [row for row in _under(hook, path) if row["created_at"] is None or row["created_at"] <= hook.received_at]
    changes = [change for row in meant for change in gone(row["id"], hook.received_at)]
    return Shaped(changes, subject=f"group:{ident}", happened_at=at)


def _under(hook: Hook, path: str | None) -> Sequence[Row]:
    return hook.projects_under(path) if path else ()
