"""Child pipelines, which the list leaves out unless asked for them (GitLab 17.0): asked where there can be new ones.

The jobs are read anyway, and they name their pipelines: where all of those are known there are no children with jobs,
and the question is saved. (A child without a single job, of a parent that passed, is seen when it is next asked.)
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
    """In a later sync: ask where there were children before, and go on with a pass that was cut off."""
    state = context.passes.get(project.id, RESOURCE)
    if state.position is None and not (
        state.covers(context.since) and (context.full or _has_children(context, project))
    ):
        return then()
    return [_ask(context, project, then, then)]


def after_jobs(
    context: Context, project: Project, found: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> list[Task] | None:
    """When the jobs are read: ask where they do not rule out that there are children.

    None when there is nothing (more) to ask.
    """
    state = context.passes.get(project.id, RESOURCE)
    if project.id in context.children_asked:
        return None
    if state.covers(context.since):
        ruled_out = project.id not in context.read_singly and _all_known(context, project)
        return None if ruled_out else [_ask(context, project, found, on_failure)]
    if project.id in context.jobs_read_back and _all_known(context, project):
        _, started = context.jobs_read_back[project.id]
        done = replace(state, since=context.since, watermark=started, completed_at=started)
        context.passes.set(done)
        context.submit([done.put()])
        return None
    return [_ask(context, project, found, on_failure)]


def _ask(
    context: Context, project: Project, then: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> Task:
    context.children_asked.add(project.id)
    filters = {"source": "parent_pipeline"}
    children = listing(
        context, project, RESOURCE, stage=stages.CHILDREN, filters=filters, then=then, on_failure=on_failure
    )
    return children.task()


def _all_known(context: Context, project: Project) -> bool:
    """Whether each job belongs to a known pipeline and every failed pipeline of the window has a failed job, as far as
    the jobs were read: a trigger job that failed to start a child stands in no list.
    """
    until, _ = context.jobs_read_back.get(project.id, (None, None))
    found = context.query(
        """
        select exists (
            from jobs j where j.project_id = $project and j.created_at >= $since and j.pipeline_id is not null
              and j.pipeline_id not in (select id from pipelines where project_id = $project)
        ) or exists (
            from pipelines p where p.project_id = $project and $first and p.created_at < $until::timestamp
        ) or exists (
            from pipelines p where p.project_id = $project and p.created_at >= coalesce($until::timestamp, $now)
              and p.status = 'failed' and not exists (
                from jobs j where j.project_id = $project and j.pipeline_id = p.id and j.status = 'failed'
                  and j.allow_failure is not true and j.retried is not true))
        """,
        project=project.id,
        since=context.since,
        until=until,
        now=context.now,
        first=not context.passes.get(project.id, RESOURCE).covers(context.since),
    )
    return not found[0][0]


def _has_children(context: Context, project: Project) -> bool:
    """A known child may run again on its own, without its parent."""
    found = context.query(
        "select exists (from pipelines where project_id = $project and source = 'parent_pipeline')", project=project.id
    )
    return bool(found[0][0])
