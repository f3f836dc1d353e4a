"""Commits of the default branch, where something was pushed since they were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dashlib.model import Change, Upsert
from dashlib.sources.github.rows import commit_row, graph_commit_row, graph_user, user_rows
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import text, thing
from dashlib.sources.tables import COMMITS, USERS
from dashlib.sync.context import Context, Project
from dashlib.sync.github import graph, mailmap
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "commits"
_OVERLAP = timedelta(days=1)


def first(context: Context, project: Project) -> list[Task]:
    """The tasks that read them, with their lines, and the ``.mailmap`` among them; nothing where nothing was pushed."""
    if not project.default_branch:
        return []
    state = context.passes.get(project.id, RESOURCE)
    known = state.covers(context.since) and not context.full
    pushed = project.last_activity_at
    if known and state.position is None and (pushed is None or (state.activity and pushed <= state.activity)):
        return []
    start = max(context.since, state.watermark - _OVERLAP) if known and state.watermark else context.since
    since = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    owner, _, name = project.path.partition("/")
    listing = Listing(
        context, stages.COMMITS, RESOURCE, graph.COMMITS, {"owner": owner, "name": name, "since": since},
        partial(_changes, context, project), context.since,
        project_id=project.id, order=project.order, newest=_committed, activity=pushed,
        instead=partial(_without_lines, context, project, since),
    )  # fmt: skip
    if state.position and "owner" in (state.position.get("query") or {}):
        listing.resume().then = partial(first, context, project)
    return [listing.task(), mailmap.task(context, project)]


def _without_lines(context: Context, project: Project, since: str) -> Iterable[Task]:
    """REST's list, where GraphQL is not for this token; an empty repository is a conflict (409) to it."""
    listing = Listing(
        context, stages.COMMITS, RESOURCE, f"/repos/{project.path}/commits", {"since": since},
        partial(_plain_changes, context, project), context.since,
        project_id=project.id, order=project.order, newest=_committed, activity=project.last_activity_at,
        optional=frozenset({409}),
    )  # fmt: skip
    return [listing.task()]


def _changes(context: Context, project: Project, items: Items, _: datetime) -> Sequence[Change]:
    rows = [graph_commit_row(project.id, item) for item in items if text(item.get("oid"))]
    users = user_rows(*(graph_user(thing(item.get("author")).get("user")) for item in items))
    return [Upsert(COMMITS, _of_window(context, rows)), Upsert(USERS, users)]


def _plain_changes(context: Context, project: Project, items: Items, _: datetime) -> Sequence[Change]:
    rows = [commit_row(project.id, item) for item in items if text(item.get("sha"))]
    users = user_rows(*(thing(item.get("author")) for item in items))
    return [Upsert(COMMITS, _of_window(context, rows)), Upsert(USERS, users)]


def _of_window(context: Context, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["committed_at"] is None or row["committed_at"] >= context.since]


def _committed(item: Mapping[str, Any]) -> datetime | None:
    rest = thing(thing(item.get("commit")).get("committer")).get("date")
    return stamps.utc(item.get("committedDate") or rest)
