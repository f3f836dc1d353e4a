"""A simulated CodeArts Repo: one endpoint, ``GET /v4/repositories/{id}/events``, with the company's pushes.

Its traps are those of Huawei's document and of what it leaves open: ``before`` is the start and ``after`` the end, a
page may be short, ``X-Total`` may be missing, the order may be either, and the errors are its codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from dashlib.demo.calls import Reply, json_reply
from dashlib.demo.dice import hexes
from dashlib.demo.model import Event, Project
from dashlib.demo.staged import Asked, Staged
from dashlib.demo.world import World

TOKEN = "MIIF" + "Demo" * 40
_PATH = re.compile(r"^/v4/repositories/(\d+)/events$")
TEMPLATE = "/v4/repositories/:id/events"
_NO_TOKEN = {"error_code": "CH.00000001", "error_msg": "User authentication info not found."}
_NO_RIGHT = {
    "error_code": "CH.00401008",
    "error_msg": "Insufficient permissions. Apply for the required permissions and try again.",
}
_NOT_THERE = {"error_code": "CH.00402000", "error_msg": "The repository does not exist. Check and try again."}
_THROTTLED = {"error_code": "APIGW.0308", "error_msg": "The throttling threshold has been reached"}


def throttled(retry_after: int | None = None) -> Reply:
    """The gateway's refusal; how long to wait it says or not."""
    reply = json_reply(_THROTTLED, 429)
    if retry_after is not None:
        reply.headers["Retry-After"] = str(retry_after)
    return reply


@dataclass
class CodeArts(Staged):
    """The server. ``short_pages``: every second page lacks two; ``counts``: ``X-Total`` is told; ``newest_first``."""

    world: World | None = None
    short_pages: bool = True
    counts: bool = True
    newest_first: bool = True
    forbidden: frozenset[int] = frozenset()

    def pushes(self, project: Project) -> list[dict[str, Any]]:
        """All pushes of a repository as the endpoint tells them, oldest first."""
        return [_event(project, one) for one in project.events if one.push is not None and not one.hidden]

    def answer(self, asked: Asked) -> tuple[str, Reply]:
        """One page of events."""
        assert self.world is not None
        if asked.headers.get("x-auth-token") != TOKEN:
            return TEMPLATE, json_reply(_NO_TOKEN, 401)
        match = _PATH.match(asked.path)
        project = self.world.project_by_id.get(int(match.group(1))) if match else None
        if project is None:
            return TEMPLATE if match else "", json_reply(_NOT_THERE, 404)
        if project.id in self.forbidden:
            return TEMPLATE, json_reply(_NO_RIGHT, 403)
        offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 20))
        if not 1 <= limit <= 100 or offset < 0:
            return TEMPLATE, json_reply({"error_code": "CH.00000002", "error_msg": "Parameter error."}, 400)
        rows = self._within(asked, self.pushes(project))
        part = rows[offset : offset + limit]
        if self.short_pages and (offset // max(1, limit)) % 2 == 0 and offset + limit < len(rows):
            part = part[:-2]
        reply = json_reply(part)
        if self.counts:
            reply.headers["X-Total"] = str(len(rows))
        return TEMPLATE, reply

    def _within(self, asked: Asked, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Inverted, as every language of the document says: ``before`` is the first day, ``after`` the last."""
        first, last = (date.fromisoformat(asked.query.get(name) or open_) for name, open_ in _OPEN.items())
        kept = [row for row in rows if first <= date.fromisoformat(row["created_at"][:10]) <= last]
        return kept[::-1] if self.newest_first else kept


_OPEN = {"before": "0001-01-01", "after": "9999-12-31"}


def _event(project: Project, event: Event) -> dict[str, Any]:
    push, author = dict(event.push or {}), event.author
    username = hexes(32, "huawei", author.username)
    return {
        "action_name": event.action_name,
        "author": {
            "id": author.id, "name": author.name, "username": username, "state": "active", "avatar_url": "",
            "name_cn": author.name, "nick_name": author.username, "tenant_name": "ostrelune",
        },
        "author_id": author.id,
        "author_username": username,
        "created_at": _stamp(event.created_at),
        "repository_id": project.id,
        "repository_name": f"{project.path.partition('/')[0]}/{project.slug}",
        "push_data": {
            name: push.get(name)
            for name in ("commit_count", "action", "ref_type", "commit_from", "commit_to", "ref", "commit_title")
        },
    }  # fmt: skip


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
