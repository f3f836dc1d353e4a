"""The jobs of the pipelines that moved: as the project's one list where that is cheaper, else pipeline by pipeline.

GitLab moves a pipeline's ``updated_at`` when its status changes, not when one of its jobs does: what is under way is
asked at every sync, what is finished only when its version moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from dashlib.model import Change, Put, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.pipelines import job_row
from dashlib.sources.gitlab.projects import user_row
from dashlib.sources.tables import JOBS, USERS
from dashlib.store.bookkeeping import JOBS_READ
from dashlib.sync import plan
from dashlib.sync.barrier import Barrier
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.steps import bridges, children, logs, stages

RESOURCE = "jobs"
ONE_PIPELINE = "jobs of one pipeline"

_DUE = """
with ranked as (
    select id, status, created_at, coalesce(updated_at, created_at) as updated_at,
           row_number() over (order by created_at desc, id desc) as rank
    from pipelines where project_id = $project and created_at is not null
)
select p.id, p.created_at, p.updated_at, p.rank
from ranked p left join bookkeeping.jobs_read r on r.project_id = $project and r.pipeline_id = p.id
where p.created_at >= $since
  and ($full or r.pipeline_updated_at is null or r.pipeline_updated_at < p.updated_at
       or p.created_at >= $recent and (
           p.status not in ('success', 'failed', 'canceled', 'skipped', 'manual', 'scheduled')
           or exists (
               from jobs j where j.project_id = $project and j.pipeline_id = p.id
                 and j.status in ('pending', 'running', 'canceling', 'preparing')
           )))
order by p.created_at desc, p.id desc
"""


def first(context: Context, project: Project) -> list[Task]:
    """The tasks that read a project's jobs; its logs and trigger jobs follow when the last of them is done."""
    state = context.passes.get(project.id, RESOURCE)
    if state.position is not None:
        again, goes_on = partial(first, context, project), partial(_after, context, project)
        return [_listing(context, project, None, again, goes_on).resume().task()]
    due = due_pipelines(context, project)
    chosen = plan.jobs_plan(due, _jobs_per_pipeline(context, project))
    if chosen.singles:
        context.found(project.id).jobs_read_singly = True
    parts = len(chosen.singles) + (chosen.until is not None)
    arrived = Barrier(parts, partial(_after, context, project))
    tasks = [_single(context, project, pipeline, arrived).task() for pipeline in chosen.singles]
    if chosen.until is not None:
        tasks.append(_listing(context, project, chosen.until, arrived.arrive, arrived.arrive).task())
    return tasks if parts else _after(context, project)


def due_pipelines(context: Context, project: Project) -> list[plan.DuePipeline]:
    """The pipelines of the window whose jobs must be read, newest first."""
    rows = context.query(
        _DUE,
        project=project.id,
        since=context.since,
        full=context.full,
        recent=context.now - timedelta(days=context.settings.window_days),
    )
    return [plan.DuePipeline(*row) for row in rows]


def _jobs_per_pipeline(context: Context, project: Project) -> float:
    found = context.query(
        "select count(*), count(distinct pipeline_id) from jobs where project_id = $project", project=project.id
    )
    count, of_pipelines = found[0]
    return count / of_pipelines if of_pipelines else plan.JOBS_PER_PIPELINE


def _after(context: Context, project: Project) -> list[Task]:
    """Child pipelines that the jobs gave away, then what explains failures."""
    explain = partial(_explain, context, project)
    asked = children.after_jobs(context, project, partial(_with_children, context, project), explain)
    return explain() if asked is None else asked


def _explain(context: Context, project: Project) -> list[Task]:
    return bridges.first(context, project) + logs.first(context, project)


def _with_children(context: Context, project: Project) -> Iterable[Task]:
    """The children's jobs stood in the list that was read: only what has moved since then is still to be read."""
    found = context.found(project.id)
    if found.jobs_back_to is None or found.jobs_began is None:
        return first(context, project)
    again, goes_on = partial(first, context, project), partial(_explain, context, project)
    return _mark_read(context, project, found.jobs_back_to, found.jobs_began, again, goes_on)


def _listing(
    context: Context,
    project: Project,
    until: datetime | None,
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]],
) -> Listing:
    """The project's list of jobs, retried ones too, newest first, back to ``until`` (None: as the checkpoint says).

    It has no date filter.
    """
    path = f"/projects/{project.id}/jobs"
    query = {"pagination": "keyset", "order_by": "id", "sort": "desc"}
    listing = Listing(
        context, stages.JOBS, RESOURCE, path, query, partial(_of_window, context, project), context.since,
        project_id=project.id, order=project.order,
    )  # fmt: skip
    if until is not None:
        listing.extra = {"until": until.isoformat()}
    listing.reaches_end = lambda items: _reaches(items, stamps.utc(listing.extra.get("until")))
    listing.then = lambda: _read_back(context, project, listing, then, on_failure)
    listing.on_failure = on_failure
    return listing


def _reaches(items: Items, until: datetime | None) -> bool:
    created = stamps.utc(items[-1].get("created_at")) if items else None
    return created is not None and until is not None and created < until


def _read_back(
    context: Context,
    project: Project,
    listing: Listing,
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]],
) -> Iterable[Task]:
    until, started = stamps.utc(listing.extra.get("until")), listing.started
    if until is None or started is None:
        return then()
    context.found(project.id).jobs_back_to, context.found(project.id).jobs_began = until, started
    return _mark_read(context, project, until, started, then, on_failure)


def _mark_read(
    context: Context,
    project: Project,
    until: datetime,
    started: datetime,
    then: Callable[[], Iterable[Task]],
    on_failure: Callable[[], Iterable[Task]],
) -> Iterable[Task]:
    """Pipelines back to ``until`` count as read, as they were when the pass began: what moved since is due again.

    ``then`` asks what is due: it comes when that is on disk.
    """
    rows = context.query(
        """
        select project_id, id, least(coalesce(updated_at, created_at), $started) from pipelines
        where project_id = $project and created_at >= greatest($until, $since) and created_at <= $started
        """,
        project=project.id,
        until=until,
        started=started,
        since=context.since,
    )
    names = ("project_id", "pipeline_id", "pipeline_updated_at")
    marked = context.submit([Put(JOBS_READ, [dict(zip(names, row, strict=True)) for row in rows])])
    context.loop.add_after(marked, Task((stages.JOBS, 0, project.order), RESOURCE, then, project.id, on_failure))
    return []


def _read_mark(project: Project, pipeline_id: int, version: datetime) -> Change:
    row = {"project_id": project.id, "pipeline_id": pipeline_id, "pipeline_updated_at": version}
    return Put(JOBS_READ, [row])


def _single(context: Context, project: Project, pipeline: plan.DuePipeline, arrived: Barrier) -> Listing:
    """One pipeline's jobs, retried attempts too."""
    return Listing(
        context,
        stages.JOBS,
        ONE_PIPELINE,
        f"/projects/{project.id}/pipelines/{pipeline.id}/jobs",
        {"include_retried": "true"},
        partial(pipeline_job_changes, project, pipeline.id),
        context.since,
        project_id=project.id,
        order=project.order,
        then=partial(_pipeline_done, context, project, pipeline, arrived),
        on_failure=arrived.arrive,
        keeps_position=False,
    )


def _pipeline_done(context: Context, project: Project, pipeline: plan.DuePipeline, arrived: Barrier) -> Iterable[Task]:
    context.submit([_read_mark(project, pipeline.id, pipeline.updated_at)])
    return arrived.arrive()


def job_changes(project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    """A page of jobs as rows, and the users met in them."""
    users = {row["id"]: row for item in items if (row := user_row(item.get("user"), answered_at.date()))}
    return [Upsert(JOBS, [job_row(project.id, item) for item in items]), Upsert(USERS, list(users.values()))]


def _of_window(context: Context, project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    """The last page reaches back behind the window."""
    created = [(item, stamps.utc(item.get("created_at"))) for item in items]
    return job_changes(project, [item for item, at in created if at is None or at >= context.since], answered_at)


def pipeline_job_changes(project: Project, pipeline_id: int, items: Items, answered_at: datetime) -> Sequence[Change]:
    """A page of one pipeline's jobs as rows; older versions do not say there which pipeline they are of."""
    named = [{**item, "pipeline": item.get("pipeline") or {"id": pipeline_id}} for item in items]
    return job_changes(project, named, answered_at)
