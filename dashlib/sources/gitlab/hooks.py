"""GitLab's webhooks and system hooks: which kind a body is, and the rows of each kind that has a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashlib.sources.gitlab.hooks_ci import job, pipeline
from dashlib.sources.gitlab.hooks_groups import group_gone, group_member, group_renamed
from dashlib.sources.gitlab.hooks_system import asked, member, project, project_gone, user
from dashlib.sources.gitlab.hooks_work import issue, merge_request, note, push
from dashlib.sources.gitlab.shapes import text, thing
from dashlib.sources.hook import Hook, Shaped

_SHAPES: dict[str, Callable[[Hook], Shaped]] = {
    "push": push,
    "tag_push": push,
    "pipeline": pipeline,
    "build": job,
    "job": job,
    "issue": issue,
    "work_item": issue,
    "merge_request": merge_request,
    "note": note,
    **dict.fromkeys(("user_add_to_team", "user_update_for_team", "user_remove_from_team"), member),
    **dict.fromkeys(("user_add_to_group", "user_update_for_group", "user_remove_from_group"), group_member),
    **dict.fromkeys(("project_create", "project_rename", "project_transfer", "project_update"), project),
    "project_destroy": project_gone,
    "group_rename": group_renamed,
    **dict.fromkeys(("group_destroy", "subgroup_destroy"), group_gone),
    **dict.fromkeys((f"user_access_request_{what}_group" for what in ("to", "revoked_for", "denied_for")), asked),
    **dict.fromkeys((f"user_access_request_{what}_project" for what in ("to", "revoked_for", "denied_for")), asked),
    **dict.fromkeys(("user_create", "user_rename", "user_destroy", "user_failed_login"), user),
}


def kind_of(body: Mapping[str, Any], _: Mapping[str, str]) -> str | None:
    """``object_kind``, else ``event_name`` (members, projects, system hooks); None where the body names neither.

    Pushes before GitLab 5.1 name no kind; they are known by what only a push has.
    """
    for name in ("object_kind", "event_name"):
        if kind := _word(body.get(name)):
            return kind
    if text(body.get("before")) and text(body.get("after")) and (ref := text(body.get("ref"))):
        return "tag_push" if ref.startswith("refs/tags/") else "push"
    return None


def shape(kind: str, hook: Hook) -> Shaped | None:
    """The rows of a delivery; None for a kind that no table is made for (it is kept). Raises Unshapeable."""
    body = thing(hook.payload)
    if kind == "work_item" and not thing(body.get("project")):
        return None  # an epic belongs to a group
    function = _SHAPES.get(kind)
    return None if function is None else function(hook)


def push_reply(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a push is answered: who pushed to which repository."""
    pusher = text(body.get("user_id"))
    if kind not in ("push", "tag_push") or pusher is None:
        return {}
    repository = text(thing(body.get("repository")).get("name")) or text(thing(body.get("project")).get("name"))
    return {pusher: {"user_name": text(body.get("user_name")), "repository_name": repository}}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
