"""Child pipelines, which the list leaves out unless asked for them (GitLab 17.0): asked where there can be new ones.

A project's pipelines share one sequence of numbers, their ``iid`` (in the list since 14.6; ``AtomicInternalId`` in
app/models/ci/pipeline.rb): where none is missing there are no children, and the question is saved. It is asked, too,
where the list tells no ``iid``, where a job belongs to a pipeline that nobody knows, and where a pipeline failed though
none of its jobs did. (A child without a single job that is the newest of its project, of a parent that passed, leaves
no gap before the next pipeline comes.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dashlib.sync.context import Context, Found, Project
from dashlib.sync.loop import Task
from dashlib.sync.passes import Pass
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
    context: Context, project: Project, then: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> list[Task] | None:
    """When the jobs are read: ask where they do not rule out that there are children.

    None when there is nothing (more) to ask.
    """
    state = context.passes.get(project.id, RESOURCE)
    found = context.found(project.id)
    if found.children_asked:
        return None
    if found.jobs_began is None and not state.covers(context.since):
        return [_ask(context, project, then, on_failure)]
    if found.jobs_read_singly or not _ruled_out(context, project, state, found):
        return [_ask(context, project, then, on_failure)]
    if not state.covers(context.since):
        # No watermark: when it is asked one day, then from the window's start.
        done = replace(state, since=context.since, completed_at=found.jobs_began)
        context.passes.set(done)
        context.submit([done.put()])
    return None


def _ask(
    context: Context, project: Project, then: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> Task:
    context.found(project.id).children_asked = True
    filters = {"source": "parent_pipeline"}
    children = listing(
        context, project, RESOURCE, stage=stages.CHILDREN, filters=filters, then=then, on_failure=on_failure
    )
    return children.task()


def _ruled_out(context: Context, project: Project, state: Pass, found: Found) -> bool:
    """Whether what was read leaves no room for a child pipeline that is not known.

    A trigger job that failed to start a child stands in no list: hence the failed pipelines that no job explains. The
    numbers are followed from the last pipeline that was there when the children were last asked.
    """
    rows = context.query(
        """
        with numbered as (
            select iid, created_at, lag(iid) over (order by iid) as before
            from pipelines where project_id = $project and created_at >= $since
        )
        select exists (
            from numbered
            where (created_at >= $asked::timestamp or $asked is null) and (iid is null or iid > before + 1)
        ) or exists (
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
        until=found.jobs_back_to,
        now=context.now,
        asked=state.completed_at,
        first=not state.covers(context.since),
    )
    return not rows[0][0]


def _has_children(context: Context, project: Project) -> bool:
    """A known child may run again on its own, without its parent."""
    found = context.query(
        "select exists (from pipelines where project_id = $project and source = 'parent_pipeline')", project=project.id
    )
    return bool(found[0][0])
