"""Makes the webhook on GitLab through its API, where the token may; never a second one for the same address.

Facts: docs.gitlab.com/api/project_webhooks and /group_webhooks. Reading and making hooks wants a token with scope api
whose user is Maintainer of the repository, or Owner of the group; group hooks exist from GitLab Premium on (404
elsewhere). Making one is not idempotent, so the hooks that are there are read first, and read again where an answer got
lost.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from dashlib.errors import Explained
from dashlib.receive.setup import GITLAB_GROUP_TRIGGERS, GITLAB_TRIGGERS
from dashlib.settings import Settings
from dashlib.sources.gitlab.shapes import number, text
from dashlib.sync.budget import Budget, PauseTooLong
from dashlib.sync.client import Client, Refused, Unreachable

Kind = Literal["groups", "projects"]
_RESOURCE = "webhooks"
_PAGES = 20
_MAKING = threading.Lock()


class HookError(Explained):
    """The webhook was not made; the message says why, and what to do instead."""


@dataclass(frozen=True)
class Hook:
    """A webhook of this dashboard on GitLab: ``new`` where this call made it, ``sends`` unless it is switched off."""

    id: int | None
    new: bool
    sends: bool


def form(settings: Settings, kind: Kind, path: str) -> str:
    """The page on GitLab where a person makes a webhook of a group or a repository."""
    place = f"groups/{quote(path)}" if kind == "groups" else quote(path)
    return f"{settings.gitlab_url}/{place}/-/hooks"


def create(settings: Settings, kind: Kind, path: str, url: str) -> Hook:
    """The webhook of a group or a repository (its full path) that posts to ``url``: the one there is, else a new one.

    Raises HookError.
    """
    if settings.gitlab_token is None:
        raise HookError("GITLAB_ACCESS_TOKEN is not set, so GitLab cannot be asked.")
    secret = _secret(settings)
    budget = Budget(settings.calls_per_minute)
    client = Client(settings.gitlab_url, settings.gitlab_token, budget, settings.timeout_seconds, 1, tries=2)
    where = f"/{kind}/{quote(path, safe='')}/hooks"
    triggers = [*GITLAB_TRIGGERS, *(GITLAB_GROUP_TRIGGERS if kind == "groups" else ())]
    body = {"url": url, "enable_ssl_verification": True, **secret, **dict.fromkeys(triggers, True)}
    try:
        with _MAKING:
            found = _there(client, where, url)
            if found is not None:
                return _hook(found, new=False)
            try:
                return _hook(client.create(_RESOURCE, where, body), new=True)
            except (Unreachable, PauseTooLong) as error:
                # The answer is lost, the hook may be there.
                found = _there(client, where, url)
                if found is None:
                    raise HookError(
                        f"GitLab did not answer: {error}. Try again; a hook that was made is found."
                    ) from error
                return _hook(found, new=True)
    except Refused as refused:
        raise HookError(_why(refused, kind, path)) from refused
    except (Unreachable, PauseTooLong) as error:
        raise HookError(f"GitLab cannot be asked for its webhooks: {error}.") from error
    finally:
        client.close()


def _secret(settings: Settings) -> dict[str, str]:
    if settings.gitlab_webhook_token:
        return {"token": settings.gitlab_webhook_token}
    if settings.gitlab_signing_token:
        return {"signing_token": settings.gitlab_signing_token}
    raise HookError(
        "Set DASH_GITLAB_WEBHOOK_TOKEN first and start the dashboard again: its route is closed without it."
    )


def _there(client: Client, where: str, url: str) -> Mapping[str, Any] | None:
    params: dict[str, Any] | None = {"per_page": 100}
    for _ in range(_PAGES):
        page = client.page(_RESOURCE, where, params or {})
        for hook in page.items:
            if (text(hook.get("url")) or "").rstrip("/") == url.rstrip("/"):
                return dict(hook)
        params = page.next
        if not params:
            break
    return None


def _hook(json: Mapping[str, Any], *, new: bool) -> Hook:
    return Hook(number(json.get("id")), new, text(json.get("alert_status")) in (None, "executable"))


def _why(refused: Refused, kind: Kind, path: str) -> str:
    role = "Owner of the group" if kind == "groups" else "Maintainer of the repository"
    if refused.status in (401, 403):
        return (
            f"The token may not manage the webhooks of {path} ({refused.message}): that wants the scope api and the "
            f"role {role}. The dashboard itself needs read_api only: make the webhook with GitLab's form instead."
        )
    if refused.status == 404:
        more = " Group webhooks need GitLab Premium: choose a repository instead." if kind == "groups" else ""
        return f"GitLab knows no {path}, or shows its webhooks only to the {role}.{more}"
    return f"GitLab refused the webhook of {path}: {refused.message}"
