"""Projects, members, users and pipeline schedules: GitLab's JSON to rows. Pure: no clock, no network, no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from dashlib.model import Row
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import number, text, texts, thing, truth
from dashlib.sources.projects import called

_BOT = re.compile(r"(?:project|group)_\d+_bot(?:_[0-9a-f]+)?|.*\[bot\]|.*-bot", re.IGNORECASE)
SOURCE = "gitlab"


def project_row(json: Mapping[str, Any]) -> Row:
    """One project of ``GET /projects`` as a row of ``projects`` (doc/api/projects.md)."""
    path = text(json.get("path_with_namespace")) or str(json["id"])
    updated, active = stamps.utc(json.get("updated_at")), stamps.utc(json.get("last_activity_at"))
    as_of = stamps.newest(updated, active, stamps.utc(json.get("created_at")))
    named = called(SOURCE, json["id"], path, text(json.get("name")), text(json.get("web_url")), as_of)
    return named | {
        "id": number(json["id"]),
        "namespace": text(thing(json.get("namespace")).get("full_path")) or named["namespace"],
        "namespace_id": number(thing(json.get("namespace")).get("id")),
        "description": text(json.get("description")),
        "default_branch": text(json.get("default_branch")),
        "visibility": text(json.get("visibility")),
        "archived": truth(json.get("archived")),
        "topics": texts(json.get("topics") or json.get("tag_list")),
        "builds_enabled": _enabled(json, "builds_access_level", "jobs_enabled"),
        "issues_enabled": _enabled(json, "issues_access_level", "issues_enabled"),
        "created_at": stamps.utc(json.get("created_at")),
        "updated_at": updated,
        "last_activity_at": active,
    }


def _enabled(json: Mapping[str, Any], level: str, flag: str) -> bool | None:
    """Newer versions say a level, older ones a flag, the short form nothing (None)."""
    if json.get(level) is not None:
        return bool(json[level] != "disabled")
    return bool(json[flag]) if json.get(flag) is not None else None


def user_row(json: Any, seen_on: date) -> Row | None:
    """A user met on the way; None where there is none (deleted accounts are null or have no id)."""
    user = thing(json)
    ident, username = number(user.get("id")), text(user.get("username"))
    if ident is None or username is None:
        return None
    return {
        "source": SOURCE,
        "id": ident,
        "username": username,
        "name": text(user.get("name")),
        "state": text(user.get("state")),
        "bot": truth(user.get("bot")) or bool(_BOT.fullmatch(username)),
        "public_email": text(user.get("public_email")) or None,
        "avatar_url": text(user.get("avatar_url")),
        "web_url": text(user.get("web_url")),
        "seen_on": seen_on,
    }


def member_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """One member of ``GET /projects/:id/members/all``, direct or inherited (doc/api/members.md)."""
    return {
        "project_id": project_id,
        "user_id": number(json["id"]),
        "username": text(json.get("username")),
        "name": text(json.get("name")),
        "state": text(json.get("state")),
        "membership_state": text(json.get("membership_state")),
        "access_level": number(json.get("access_level")),
        "expires_at": stamps.day(json.get("expires_at")),
        "created_at": stamps.utc(json.get("created_at")),
    }


def members(project_id: int, listing: list[Mapping[str, Any]]) -> list[Row]:
    """A complete listing; someone who is direct and inherited member is listed twice: the highest level holds."""
    best: dict[int, Row] = {}
    for json in listing:
        row = member_row(project_id, json)
        have = best.get(row["user_id"])
        if have is None or (row["access_level"] or 0) > (have["access_level"] or 0):
            best[row["user_id"]] = row
    return list(best.values())


def schedule_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """One pipeline schedule (doc/api/pipeline_schedules.md); ``ref`` without the ``refs/heads/`` of newer versions."""
    owner = thing(json.get("owner"))
    return {
        "project_id": project_id,
        "id": number(json["id"]),
        "description": text(json.get("description")),
        "ref": short_ref(json.get("ref")),
        "cron": text(json.get("cron")),
        "cron_timezone": text(json.get("cron_timezone")),
        "next_run_at": stamps.utc(json.get("next_run_at")),
        "active": truth(json.get("active")),
        "owner_id": number(owner.get("id")),
        "owner_username": text(owner.get("username")),
        "owner_name": text(owner.get("name")),
        "owner_state": text(owner.get("state")),
        "created_at": stamps.utc(json.get("created_at")),
        "updated_at": stamps.utc(json.get("updated_at")),
    }


def short_ref(value: Any) -> str | None:
    """``refs/heads/main`` and ``refs/tags/v1`` as ``main`` and ``v1``."""
    ref = text(value)
    return None if ref is None else ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
