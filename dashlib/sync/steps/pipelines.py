"""A project's pipelines; its schedules, child pipelines, jobs and logs follow."""

from __future__ import annotations

from functools import partial

from dashlib.sync import plan
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.steps import children, jobs, links, schedules, stages
from dashlib.sync.steps.pipeline_list import listing

RESOURCE = "pipelines"


def first(context: Context, project: Project) -> list[Task]:
    """The first task of a project's CI; of an archive only what an earlier sync left unread.

    Where CI is off GitLab answers 403, which is recorded against the project: nobody misses its nightlies unknowingly.
    """
    state = context.passes.get(project.id, RESOURCE)
    if project.archived and not context.full and state.position is None and state.covers(context.since):
        return _rest_of_archive(context, project)
    then = partial(_schedules, context, project)
    return [listing(context, project, RESOURCE, stage=stages.PIPELINES, filters={}, then=then).task()]


def _rest_of_archive(context: Context, project: Project) -> list[Task]:
    """Nothing moves there: its list is read once. A sync may have been cut off between the list and the logs."""
    rest = partial(_runs, context, project)
    if context.passes.get(project.id, children.RESOURCE).position is not None:
        rest = partial(children.before_jobs, context, project, rest)
    if context.passes.get(project.id, schedules.RESOURCE).completed_at is None:
        return [schedules.read(context, project, rest, rest)]
    return rest()


def _schedules(context: Context, project: Project) -> list[Task]:
    """Schedules daily; in between only when a run fits none of the known ones (see links)."""
    then = partial(children.before_jobs, context, project, partial(_runs, context, project))
    known = context.passes.get(project.id, schedules.RESOURCE).completed_at
    if not context.full and not plan.is_due_daily(known, context.now):
        return then()
    return [schedules.read(context, project, then, then)]


def _runs(context: Context, project: Project) -> list[Task]:
    """What the pipelines lead to: their jobs and logs, and the schedules that started them."""
    return jobs.first(context, project) + links.first(context, project)
