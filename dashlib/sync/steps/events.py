"""The three events endpoints, with the filters of DASH_EVENTS (doc/api/events.md).

``before`` and ``after`` are days and both excluded. Rows are paged first and filtered by visibility afterwards, so a
short or an empty page tells nothing: the next link does. ``reopened`` and ``updated`` are answered as ``opened``; only
a query that asked for them can tell, so it is kept in ``asked_action``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from urllib.parse import quote

from dashlib.model import Change, Upsert
from dashlib.settings import EventQuery
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.projects import user_row
from dashlib.sources.tables import EVENTS, USERS
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "events"
_MARGIN = timedelta(hours=1)


def personal(context: Context) -> list[Task]:
    """The events of the token's user and of named users: asked at every sync, they belong to no project."""
    tasks = []
    for order, query in enumerate(context.settings.events):
        if query.scope != "project":
            path = "/events" if query.scope == "own" else f"/users/{quote(query.user or '', safe='')}/events"
            tasks.append(_listing(context, query, path, 0, order, lambda: []).task())
    return tasks


def of_project(context: Context, project: Project, then: Callable[[], Iterable[Task]]) -> list[Task]:
    """A project's events, one query after the other; ``then`` follows the last (or a failure)."""
    queries = [query for query in context.settings.events if query.scope == "project"]
    return _next_of(context, project, queries, then)


def _next_of(
    context: Context, project: Project, queries: Sequence[EventQuery], then: Callable[[], Iterable[Task]]
) -> list[Task]:
    if not queries:
        return list(then())
    follow = partial(_next_of, context, project, queries[1:], then)
    path = f"/projects/{project.id}/events"
    return [_listing(context, queries[0], path, project.id, project.order, follow).task()]


def _listing(
    context: Context, query: EventQuery, path: str, project_id: int, order: int, then: Callable[[], Iterable[Task]]
) -> Listing:
    state = context.passes.get(project_id, RESOURCE, query.variant)
    known = state.watermark if state.covers(context.since) and not context.full else None
    filters = dict(query.filters)
    asked = filters.get("action")
    ascending = filters.get("sort") == "asc"
    filters["after"] = _after(filters.get("after"), known or context.since)
    project = context.projects.get(project_id)
    again = partial(_again, context, query, path, project_id, order, then)
    listing = Listing(
        context, stages.EVENTS, RESOURCE, path, filters, partial(_changes, context, project_id, asked), context.since,
        project_id=project_id, order=order, variant=query.variant,
        newest=lambda item: stamps.utc(item.get("created_at")),
        reaches_end=partial(_known, None if ascending else known), then=again if state.position else then,
        on_failure=then, activity=project.last_activity_at if project else None,
    )  # fmt: skip
    return listing.resume() if state.position else listing


def _again(
    context: Context, query: EventQuery, path: str, project_id: int, order: int, then: Callable[[], Iterable[Task]]
) -> list[Task]:
    """After a pass that an earlier sync began: what has happened since then."""
    return [_listing(context, query, path, project_id, order, then).task()]


def _after(asked: str | None, start: datetime) -> str:
    """The day before the first wanted one (it is excluded); one more day, since the server's day may not be UTC's."""
    day = start.replace(tzinfo=UTC).date() - timedelta(days=2)
    wished = stamps.day(asked)
    return max(day, wished or date.min).isoformat()


def _known(watermark: datetime | None, items: Items) -> bool:
    """Newest first: behind a page of nothing but known events stand only known ones."""
    if watermark is None or not items:
        return False
    made = [stamps.utc(item.get("created_at")) for item in items]
    return all(at is not None and at < watermark - _MARGIN for at in made)


def _changes(
    context: Context, project_id: int, asked: str | None, items: Items, answered_at: datetime
) -> Sequence[Change]:
    rows = [event_row(item, project_id or None, asked) for item in items]
    users = {row["id"]: row for item in items if (row := user_row(item.get("author"), answered_at.date()))}
    kept = [row for row in rows if row["created_at"] is None or row["created_at"] >= context.since]
    return [Upsert(EVENTS, kept), Upsert(USERS, list(users.values()))]
