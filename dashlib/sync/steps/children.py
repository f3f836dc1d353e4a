"""Child pipelines, which the list leaves out unless asked for them (GitLab 17.0): asked where there can be new ones.

A first sync reads the project's jobs anyway, and they name their pipelines: where all of those are known there are no
children, and the question is saved. Later, a new child has a parent that moved, and a known one may run again alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages
from dashlib.sync.steps.pipeline_list import listing

RESOURCE = "child pipelines"


def before_jobs(context: Context, project: Project, then: Callable[[], list[Task]]) -> list[Task]:
    """In a later sync: ask where something moved, or where there were children before."""
    state = context.passes.get(project.id, RESOURCE)
    if state.position is None and not (state.covers(context.since) and (context.full or _may_have_moved(context, project))):
        return then()
    return [_ask(context, project, then, then)]


def after_jobs(
    context: Context, project: Project, found: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> list[Task] | None:
    """In a first sync, when the jobs are read: ask where they name pipelines that are not known.

    None when there is nothing (more) to ask.
    """
    state = context.passes.get(project.id, RESOURCE)
    if state.covers(context.since):
        return None
    if _all_known(context, project):
        done = replace(state, since=context.since, watermark=context.now, completed_at=context.now)
        context.passes.set(done)
        context.submit([done.put()])
        return None
    return [_ask(context, project, found, on_failure)]


def _ask(
    context: Context, project: Project, then: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> Task:
    filters = {"source": "parent_pipeline"}
    children = listing(
        context, project, RESOURCE, stage=stages.CHILDREN, filters=filters, then=then, on_failure=on_failure
    )
    return children.task()


def _all_known(context: Context, project: Project) -> bool:
    """Whether the jobs of the whole window were read as one list, and each belongs to a known pipeline."""
    if project.id not in context.jobs_read_back:
        return False
    until, _ = context.jobs_read_back[project.id]
    found = context.query(
        """
        select exists (
            from jobs j where j.project_id = $project and j.created_at >= $since and j.pipeline_id is not null
              and j.pipeline_id not in (select id from pipelines where project_id = $project)
        ) or exists (from pipelines p where p.project_id = $project and p.created_at < $until)
        """,
        project=project.id,
        since=context.since,
        until=until,
    )
    return not found[0][0]


def _may_have_moved(context: Context, project: Project) -> bool:
    found = context.query(
        """
        select exists (from pipelines where project_id = $project and source = 'parent_pipeline')
            or exists (
                from pipelines p
                left join bookkeeping.jobs_read r on r.project_id = p.project_id and r.pipeline_id = p.id
                where p.project_id = $project and p.created_at >= $since
                  and (r.pipeline_updated_at is null or r.pipeline_updated_at < p.updated_at)
            )
        """,
        project=project.id,
        since=context.since,
    )
    return bool(found[0][0])
