"""A project's pipelines and schedules; child pipelines, jobs and logs follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from dashlib.model import Change, Replace, Upsert
from dashlib.sources.gitlab.projects import schedule_row, user_row
from dashlib.sources.tables import SCHEDULES, USERS
from dashlib.sync import plan
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Whole
from dashlib.sync.loop import Task
from dashlib.sync.steps import children, jobs, links, stages
from dashlib.sync.steps.pipeline_list import listing

RESOURCE = "pipelines"
SCHEDULES_RESOURCE = "schedules"


def first(context: Context, project: Project) -> list[Task]:
    """The first task of a project's CI; none where CI is switched off or the archive is read to its end."""
    if project.builds_enabled is False:
        return []
    state = context.passes.get(project.id, RESOURCE)
    if project.archived and not context.full and state.position is None and state.covers(context.since):
        return []
    then = partial(_schedules, context, project)
    return [listing(context, project, RESOURCE, stage=stages.PIPELINES, filters={}, then=then).task()]


def _schedules(context: Context, project: Project) -> list[Task]:
    """Schedules, daily or when a run appears whose schedule is not known."""
    then = partial(children.before_jobs, context, project, partial(_runs, context, project))
    known = context.passes.get(project.id, SCHEDULES_RESOURCE).completed_at
    if not context.full and not plan.is_due_daily(known, context.now) and not links.due(context, project):
        return then()
    whole = Whole(
        context,
        stages.SCHEDULES,
        SCHEDULES_RESOURCE,
        f"/projects/{project.id}/pipeline_schedules",
        params={},
        changes=partial(_schedule_changes, project),
        project_id=project.id,
        order=project.order,
        then=then,
        on_failure=then,
    )
    return [whole.task()]


def _schedule_changes(project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    owners = [row for item in items if (row := user_row(item.get("owner"), answered_at.date()))]
    rows = [schedule_row(project.id, item) for item in items]
    return [Replace(SCHEDULES, {"project_id": project.id}, rows), Upsert(USERS, owners)]


def _runs(context: Context, project: Project) -> list[Task]:
    """What the pipelines lead to: their jobs and logs, and the schedules that started them."""
    return jobs.first(context, project) + links.first(context, project)
