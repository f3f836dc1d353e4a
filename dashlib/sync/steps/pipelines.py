"""A project's pipelines, child pipelines and schedules; its jobs follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from dashlib.model import Change, Replace, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.gitlab.projects import schedule_row, user_row
from dashlib.sources.tables import PIPELINES, SCHEDULES, USERS
from dashlib.sync import plan
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing, Whole
from dashlib.sync.loop import Task
from dashlib.sync.passes import OVERLAP, Pass
from dashlib.sync.steps import jobs, links, stages

RESOURCE = "pipelines"
CHILDREN = "child pipelines"
SCHEDULES_RESOURCE = "schedules"


def first(context: Context, project: Project) -> list[Task]:
    """The first task of a project's CI; none where CI is switched off or the archive is read to its end."""
    if project.builds_enabled is False:
        return []
    state = context.passes.get(project.id, RESOURCE)
    if project.archived and not context.full and state.position is None and state.covers(context.since):
        return []
    return [_listing(context, project, RESOURCE, stages.PIPELINES, {}, partial(_schedules, context, project)).task()]


def _listing(
    context: Context,
    project: Project,
    resource: str,
    stage: float,
    filters: Mapping[str, str],
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]] | None = None,
) -> Listing:
    """A pass over pipelines by id: what moved since the watermark, or the whole window.

    A list ordered by ``updated_at`` skips what moves while it is paged; by id, with ``updated_after``, it cannot.
    """
    state = context.passes.get(project.id, resource)
    again = partial(_again, context, project, resource, stage, filters, then, on_failure)
    start = _updated_after(context, state)
    listing = Listing(
        context,
        stage,
        resource,
        f"/projects/{project.id}/pipelines",
        {"order_by": "id", "sort": "desc", "updated_after": _iso(start), **filters},
        partial(_changes, context, project),
        since=context.since,
        project_id=project.id,
        order=project.order,
        newest=_version,
        reaches_end=partial(_older_than, context.since),
        then=again if state.position else then,
        on_failure=on_failure,
    )
    return listing.resume() if state.position else listing


def _again(
    context: Context,
    project: Project,
    resource: str,
    stage: float,
    filters: Mapping[str, str],
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]] | None,
) -> list[Task]:
    """After a pass that an earlier sync began: what has moved since then."""
    return [_listing(context, project, resource, stage, filters, then, on_failure).task()]


def _updated_after(context: Context, state: Pass) -> datetime:
    fresh = state.completed_at is not None and state.completed_at >= context.now
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


def _schedules(context: Context, project: Project) -> list[Task]:
    """Schedules, daily or when a run appears whose schedule is not known."""
    then = partial(_children, context, project)
    known = context.passes.get(project.id, SCHEDULES_RESOURCE).completed_at
    if not context.full and not plan.is_due_daily(known, context.now) and not links.due(context, project):
        return then()
    path = f"/projects/{project.id}/pipeline_schedules"
    changes = partial(_schedule_changes, project)
    return [
        Whole(
            context, stages.SCHEDULES, SCHEDULES_RESOURCE, path, {}, changes, project.id, project.order, then, then
        ).task()
    ]  # fmt: skip


def _schedule_changes(project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    owners = [row for item in items if (row := user_row(item.get("owner"), answered_at.date()))]
    rows = [schedule_row(project.id, item) for item in items]
    return [Replace(SCHEDULES, {"project_id": project.id}, rows), Upsert(USERS, owners)]


def _children(context: Context, project: Project) -> list[Task]:
    """Child pipelines are left out of the list unless asked for (GitLab 17.0): asked where there can be new ones."""
    then = partial(_runs, context, project)
    state = context.passes.get(project.id, CHILDREN)
    if state.covers(context.since) and not context.full and state.position is None and not _may_have_children(context, project):
        return then()
    filters = {"source": "parent_pipeline"}
    return [_listing(context, project, CHILDREN, stages.CHILDREN, filters, then, then).task()]


def _may_have_children(context: Context, project: Project) -> bool:
    """A new child has a parent that moved; a known one may be run again on its own."""
    found = context.query(
        """
        select exists (from pipelines where project_id = $project and source = 'parent_pipeline')
            or exists (
                from pipelines p left join bookkeeping.jobs_read r on r.project_id = p.project_id and r.pipeline_id = p.id
                where p.project_id = $project and p.created_at >= $since
                  and (r.pipeline_updated_at is null or r.pipeline_updated_at < p.updated_at)
            )
        """,
        project=project.id,
        since=context.since,
    )
    return bool(found[0][0])


def _runs(context: Context, project: Project) -> list[Task]:
    """What the pipelines lead to: their jobs and logs, and the schedules that started them."""
    return jobs.first(context, project) + links.first(context, project)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
