"""A pass over a project's pipelines: the plain list, or the list of child pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from dashlib.model import Change, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.tables import PIPELINES
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.passes import OVERLAP, Pass


def listing(
    context: Context,
    project: Project,
    resource: str,
    *,
    stage: float,
    filters: Mapping[str, str],
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]] | None = None,
) -> Listing:
    """What moved since the watermark, or the whole window, by id.

    A list ordered by ``updated_at`` skips what moves while it is paged; by id, with ``updated_after``, it cannot. A
    pass that an earlier sync began is finished first, then another one brings what has moved since.
    """
    state = context.passes.get(project.id, resource)
    start = _updated_after(context, state)

    def again() -> list[Task]:
        fresh = listing(context, project, resource, stage=stage, filters=filters, then=then, on_failure=on_failure)
        return [fresh.task()]

    found = Listing(
        context,
        stage,
        resource,
        f"/projects/{project.id}/pipelines",
        {"order_by": "id", "sort": "desc", "updated_after": start.strftime("%Y-%m-%dT%H:%M:%SZ"), **filters},
        partial(_changes, context, project),
        since=context.since,
        project_id=project.id,
        order=project.order,
        newest=_version,
        reaches_end=partial(_older_than, context.since),
        then=again if state.position else then,
        on_failure=on_failure,
        recounted=state.position is None,
    )
    return found.resume() if state.position else found


def _updated_after(context: Context, state: Pass) -> datetime:
    fresh = context.passes.is_fresh(state)
    if state.covers(context.since) and state.watermark is not None and (fresh or not context.full):
        return max(context.since, state.watermark - OVERLAP)
    return context.since


def _changes(context: Context, project: Project, items: Items, _: datetime) -> Sequence[Change]:
    rows = [pipeline_row(project.id, item) for item in items]
    return [Upsert(PIPELINES, [row for row in rows if row["created_at"] is None or row["created_at"] >= context.since])]


def _version(item: Mapping[str, Any]) -> datetime | None:
    return stamps.utc(item.get("updated_at"))


def _older_than(since: datetime, items: Items) -> bool:
    """Ids grow with creation: behind a pipeline older than the window stand only older ones."""
    created = stamps.utc(items[-1].get("created_at")) if items else None
    return created is not None and created < since
