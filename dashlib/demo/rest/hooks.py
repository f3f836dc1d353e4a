"""Webhooks of projects and groups (GITLAB.md 6.1): what is sent where, and whether it is switched off."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import urlsplit

from dashlib.demo.calls import ApiError, Call, Handler, Reply, invalid, not_found, text_reply
from dashlib.demo.paging import page
from dashlib.demo.render_base import dump, group_id, stamp
from dashlib.demo.rest.projects import group_of
from dashlib.demo.webhooks import FLAGS, GROUP_ONLY, WebHook

_UNUSED = (
    "wiki_page_events", "deployment_events", "releases_events", "feature_flag_events", "repository_update_events",
    "resource_access_token_events",
)  # fmt: skip
"""Switches that GitLab has and this company needs not."""


class _Owner(TypedDict):
    project_id: int | None
    group: str | None


def _owner(call: Call) -> _Owner:
    """The project or group of the path. Only who may write may look: the read token's user is no maintainer."""
    of_group = call.template.startswith("/groups/")
    found = _Owner(
        project_id=None if of_group else call.project().id,
        group=group_of(call) if of_group else None,
    )
    if call.method == "GET" and "api" not in call.scopes:
        raise ApiError(403, {"message": "403 Forbidden"})
    call.need_api_scope()
    return found


def _rendered(call: Call, hook: WebHook) -> str:
    """A hook's JSON; its token is never told."""
    status = hook.alert_status(call.world.web_hooks.clock())
    of_group = {"group_id": group_id(hook.group)} if hook.group is not None else {"project_id": hook.project_id}
    return dump(
        {
            "id": hook.id,
            "url": hook.url,
            "name": hook.name,
            "description": hook.description,
            "created_at": stamp(hook.created_at),
            **of_group,
            **{flag: flag in hook.flags for flag in _switches(hook.group)},
            **dict.fromkeys(_UNUSED, False),
            "push_events_branch_filter": None,
            "branch_filter_strategy": "all_branches",
            "enable_ssl_verification": True,
            "alert_status": status,
            "disabled_until": stamp(hook.disabled_until) if status == "temporarily_disabled" else None,
            "url_variables": [],
            "custom_webhook_template": None,
            "custom_headers": [],
        }
    )


def _switches(group: str | None) -> list[str]:
    return [flag for flag in FLAGS.values() if group is not None or flag not in GROUP_ONLY]


def _flags(call: Call, before: frozenset[str], group: str | None) -> frozenset[str]:
    """The switches the call sets; those it does not name stay."""
    return frozenset(flag for flag in _switches(group) if call.flag(flag, flag in before))


def _url(call: Call, default: str | None = None) -> str:
    url = call.get("url", default)
    if url is None:
        raise invalid("url", "is missing")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ApiError(422, {"error": "Invalid url given"})
    return url


def _hook(call: Call) -> WebHook:
    wanted = call.id_of("hook_id")
    for hook in call.world.web_hooks.of(**_owner(call)):
        if hook.id == wanted:
            return hook
    raise not_found("")


def hooks(call: Call) -> Reply:
    """`GET …/hooks`."""
    return page(call, call.world.web_hooks.of(**_owner(call)), lambda hook: _rendered(call, hook))


def hook(call: Call) -> Reply:
    """`GET …/hooks/:hook_id`."""
    return text_reply(_rendered(call, _hook(call)))


def add(call: Call) -> Reply:
    """`POST …/hooks`: pushes only, unless the call switches others on."""
    owner = _owner(call)
    made = call.world.web_hooks.add(
        _url(call), call.get("token") or "", _flags(call, frozenset({"push_events"}), owner["group"]), call.world.now,
        **owner,
    )  # fmt: skip
    made.name, made.description = call.get("name"), call.get("description")
    return text_reply(_rendered(call, made), 201)


def change(call: Call) -> Reply:
    """`PUT …/hooks/:hook_id`."""
    found = _hook(call)
    found.url, found.flags = _url(call, found.url), _flags(call, found.flags, found.group)
    found.token = call.get("token", found.token) or ""
    return text_reply(_rendered(call, found))


def remove(call: Call) -> Reply:
    """`DELETE …/hooks/:hook_id`."""
    call.world.web_hooks.remove(_hook(call))
    return Reply(204, b"")


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = tuple(
    (method, f"/{kind}/:id/hooks{tail}", handler)
    for kind in ("projects", "groups")
    for method, tail, handler in (
        ("GET", "", hooks),
        ("POST", "", add),
        ("GET", "/:hook_id", hook),
        ("PUT", "/:hook_id", change),
        ("DELETE", "/:hook_id", remove),
    )
)
