"""Huawei CodeArts Repo: the pushes of ``GET /v4/repositories/{id}/events`` to the rows that all forges share. Pure.

Facts (support.huaweicloud.com, ListRepositoryEvents): only pushes are told; an event has no id and no target; a
``repository_name`` is ``group/name``; ``username`` is an opaque number in hexadecimal, ``name`` is what people read.
The words of ``action_name`` and ``push_data`` are GitLab's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.projects import short_ref
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing
from dashlib.sources.hook import foreign_id
from dashlib.sources.projects import called
from dashlib.sources.tables import EVENTS, PROJECTS

SOURCE = "codearts"
_ACTIONS = {"pushed new": "created", "deleted": "removed", "pushed to": "pushed"}


def project_id(repository: Any) -> int:
    """The id here of a repository with this id there."""
    return foreign_id(SOURCE, repository)


def project_row(repository: int, name: str | None, seen_at: datetime | None, web_url: str | None = None) -> Row:
    """A repository as its events name it; its number stands for its name until one does.

    ``seen_at`` is the time of the newest event that calls it so (UTC).
    """
    end = name.rpartition("/")[2] if name else None
    named = called(SOURCE, repository, name or str(repository), end, web_url, seen_at)
    known = {"id": project_id(repository), "archived": False, "last_activity_at": seen_at}
    return dict.fromkeys(PROJECTS.groups["list"].columns) | named | known


def project_of(repository: int, events: Sequence[Mapping[str, Any]]) -> Row | None:
    """The repository as the newest of these events names it; None where none does."""
    named = [(stamps.utc(one.get("created_at")), text(one.get("repository_name"))) for one in events]
    known = [(at, name) for at, name in named if at is not None and name]
    if not known:
        return None
    at, name = max(known)
    return project_row(repository, name, at)


def event_row(repository: int, json: Mapping[str, Any]) -> Row:
    """One push of the repository that was asked.

    There is no id: what does not change about a push stands for it, so that an event told twice (the last of one page
    and the first of the next) is one row.
    """
    author, push = thing(json.get("author")), thing(json.get("push_data"))
    created = stamps.utc(json.get("created_at"))
    action_name = text(json.get("action_name"))
    author_id = number(json.get("author_id")) if json.get("author_id") is not None else number(author.get("id"))
    ref, ref_type = short_ref(push.get("ref")), text(push.get("ref_type"))
    before, after = _sha(push.get("commit_from")), _sha(push.get("commit_to"))
    identity = [SOURCE, repository, created, author_id, action_name, ref_type, ref, before, after]
    return dict.fromkeys(EVENTS.groups["event"].columns) | {
        "source": SOURCE,
        "id": stable_id(identity),
        "project_id": project_id(repository),
        "action_name": action_name,
        "author_id": author_id,
        "author_username": text(json.get("author_username")) or text(author.get("username")),
        "author_name": text(author.get("name")) or text(author.get("nick_name")),
        "created_at": created,
        "push_action": text(push.get("action")) or _ACTIONS.get(action_name or ""),
        "ref_type": ref_type,
        "ref": ref,
        "commit_from": before,
        "commit_to": after,
        "commit_count": number(push.get("commit_count")),
        "commit_title": text(push.get("commit_title")),
        "by_hook": False,
    }


def user_row(json: Mapping[str, Any], seen_on: date) -> Row | None:
    """Who pushed; None where nobody is named."""
    author = thing(json.get("author"))
    ident, username = number(author.get("id")), text(author.get("username"))
    if ident is None or username is None:
        return None
    return {
        "source": SOURCE,
        "id": ident,
        "username": username,
        "name": text(author.get("name")) or text(author.get("nick_name")),
        "state": text(author.get("state")),
        "bot": False,
        "public_email": None,
        "avatar_url": text(author.get("avatar_url")) or None,
        "web_url": None,
        "seen_on": seen_on,
    }


def _sha(value: Any) -> str | None:
    """Forty zeros mean what null means: the ref was not there before, or is not afterwards."""
    sha = text(value)
    return sha if sha and sha.strip("0") else None
