"""What GitLab's webhooks have in common: whose project, which user, how late the news is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from dashlib.model import Row
from dashlib.people.tables import ACCOUNT_EMAILS
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.projects import SOURCE, user_row
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing
from dashlib.sources.hook import Hook, Rows, Unshapeable, foreign_id, only
from dashlib.sources.projects import called
from dashlib.sources.tables import COMMITS, PROJECTS, USERS

_VISIBILITY = {0: "private", 10: "internal", 20: "public"}
_REDACTED = "[REDACTED]"
_NO_EMAIL = frozenset({None, "", _REDACTED})


class Project:
    """The project of a hook: ``id``, ``path`` (None where an old hook does not say it) and its row.

    Raises Unshapeable where the hook names no project.
    """

    def __init__(self, hook: Hook, as_of: datetime | None) -> None:
        body = thing(hook.payload)
        self._json, attributes = thing(body.get("project")), thing(body.get("object_attributes"))
        # Job hooks before 16.3 and pushes before 8 tell the same by other names.
        older = thing(body.get("repository"))
        self.path = text(self._json.get("path_with_namespace")) or _path(self._json, older)
        self.name = text(self._json.get("name")) or text(older.get("name"))
        self.web_url = text(self._json.get("web_url")) or text(older.get("homepage"))
        told = (self._json.get("id"), body.get("project_id"), attributes.get("target_project_id"))
        found = next((ident for value in (*told, attributes.get("project_id")) if (ident := number(value))), None)
        if found is None and self.path:
            # Versions before 12 name the project of a pipeline by its path alone.
            found = hook.project_id(self.path) or foreign_id(SOURCE, self.path)
        if found is None:
            raise Unshapeable("it names no project")
        self.id, self._as_of = found, as_of

    def row(self) -> Row | None:
        """The project as far as the hook knows it; never newer than what the API said of description and branch."""
        if self.path is None:
            return None
        level = number(self._json.get("visibility_level"))
        return project_columns(
            self.id, self.path, self.name, self.web_url, self._as_of,
            description=text(self._json.get("description")), default_branch=text(self._json.get("default_branch")),
            visibility=None if level is None else _VISIBILITY.get(level),
        )  # fmt: skip


def project_columns(
    ident: int, path: str, name: str | None, web_url: str | None, as_of: datetime | None, **known: Any
) -> Row:
    """A row of ``projects`` from what a hook knows. Its list columns have no version: the API's always win."""
    unknown = dict.fromkeys(PROJECTS.groups["list"].columns) | {"archived": False, "topics": []}
    return {"id": ident, **called(SOURCE, ident, path, name, web_url, as_of), **unknown, **known}


def _path(project: Mapping[str, Any], repository: Mapping[str, Any]) -> str | None:
    """The path out of an address."""
    address = text(project.get("web_url")) or text(repository.get("homepage"))
    try:
        return urlsplit(address or "").path.strip("/") or None
    except ValueError:
        return None


def add_users(rows: Rows, users: Iterable[Any]) -> None:
    """Accounts as hooks tell them: what the API knows of them is more, and wins. An e-mail shown is the account's."""
    for user in users:
        row = user_row(user, date.min)
        if row is not None:
            rows.add(USERS, dict(row) | {"seen_on": None})
            email = text(thing(user).get("email"))
            if email not in _NO_EMAIL:
                shown = {"source": SOURCE, "id": row["id"], "email": email, "shown_by": "hook"}
                rows.add(ACCOUNT_EMAILS, shown)


def hook_commit(project_id: int, json: Mapping[str, Any]) -> Row | None:
    """A commit as hooks show it, also one whose author has an empty e-mail: git allows that.

    None where the author is not told or is kept secret: the API's row would say another.
    """
    author = thing(json.get("author"))
    if text(json.get("id")) is None or "email" not in author or author["email"] == _REDACTED:
        return None
    named = {
        "id": text(json.get("id")),
        "message": json.get("message"),
        "title": json.get("title"),
        "author_name": author.get("name"),
        "author_email": author.get("email"),
        "committed_date": json.get("timestamp"),
        "web_url": json.get("url"),
    }
    return only(COMMITS, commit_row(project_id, named), "commit")


def hook_event(project_id: int, user: Mapping[str, Any], action: str, at: datetime | None, **more: Any) -> Row:
    """A row of ``events`` in the words of the events API, until that tells of it itself.

    ``more`` are fields of that API; ``asked_action`` tells ``reopened``, which it calls ``opened``. The id is a hash of
    who did what to what, so that group hook, project hook and resent ones are one event.
    """
    asked = more.pop("asked_action", None)
    key = more.pop("key", None) or [more.get("target_type"), more.get("target_id"), at.isoformat() if at else None]
    actor = number(user.get("id"))
    ident = stable_id(["hook", project_id, action, text(user.get("username")) if actor is None else actor, key])
    said = {
        "id": ident,
        "project_id": project_id,
        "action_name": action,
        "author_id": user.get("id"),
        "author_username": user.get("username"),
        "author": {"name": user.get("name")},
        "created_at": at.isoformat() + "Z" if at else None,
        **more,
    }
    return {**event_row(said, project_id, asked), "by_hook": True}


def newest_in(*jsons: Mapping[str, Any], names: tuple[str, ...] = ()) -> datetime | None:
    """The greatest time stamp among the named fields of these objects."""
    return stamps.newest(*(stamps.utc(json.get(name)) for json in jsons for name in names))
