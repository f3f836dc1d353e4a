"""The three events endpoints (GITLAB.md 1): exclusive days, and rows hidden after they were paged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from dashlib.demo.calls import Call, Handler, Reply, not_found
from dashlib.demo.model import Event
from dashlib.demo.paging import page

ACTIONS = (
    "created",
    "updated",
    "closed",
    "reopened",
    "pushed",
    "commented",
    "merged",
    "joined",
    "left",
    "destroyed",
    "expired",
    "approved",
)
TARGETS = {
    "issue": "Issue",
    "milestone": "Milestone",
    "merge_request": "MergeRequest",
    "note": "Note",
    "project": "Project",
    "snippet": "Snippet",
    "user": "User",
    "epic": "Epic",
}


def _page(call: Call, rows: Sequence[Event]) -> Reply:
    found = rows
    if call.get("action") is not None:
        action = call.choice("action", ACTIONS, "created")
        found = [event for event in found if event.action == action]
    if call.get("target_type") is not None:
        target = TARGETS[call.choice("target_type", tuple(TARGETS), "issue")]
        found = [event for event in found if event.target_type == target]
    before, after = call.day("before"), call.day("after")
    if before is not None:
        limit = datetime.combine(before, time(), tzinfo=UTC)
        found = [event for event in found if event.created_at < limit]
    if after is not None:
        limit = datetime.combine(after, time(), tzinfo=UTC) + timedelta(days=1)
        found = [event for event in found if event.created_at >= limit]
    if call.choice("sort", ("asc", "desc"), "desc") == "desc":
        found = found[::-1]
    return page(call, found, call.render.event, visible=lambda event: not event.hidden)


def events(call: Call) -> Reply:
    """`GET /events`: the token's own, or with `scope=all` those of every project it may see."""
    rows = call.world.events
    if call.get("scope") != "all":
        rows = [event for event in rows if event.author is call.world.token_user]
    return _page(call, rows)


def user_events(call: Call) -> Reply:
    """`GET /users/:id_or_username/events`."""
    key = call.args["id"]
    user = call.world.users.get(int(key)) if key.isdigit() else call.world.users_by_name.get(key)
    if user is None or user.deleted:
        raise not_found("User")
    return _page(call, [event for event in call.world.events if event.author is user])


def project_events(call: Call) -> Reply:
    """`GET /projects/:id/events`."""
    return _page(call, call.project().events)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/events", events),
    ("GET", "/users/:id/events", user_events),
    ("GET", "/projects/:id/events", project_events),
)
