"""The jobs of runs, all attempts: a call for each run, so those that somebody looks at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dashlib.model import Change, Put, Upsert
from dashlib.sources.github.rows import SOURCE, job_row
from dashlib.sources.gitlab.shapes import number
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import JOBS
from dashlib.store.bookkeeping import JOBS_READ
from dashlib.sync.barrier import Barrier
from dashlib.sync.context import Context, Project
from dashlib.sync.github import logs
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "jobs"

_DUE = """
with ranked as (
    select p.*, case when p.source = 'schedule' then 0 when p.status = 'failed' then 1
                     when p.ref = $default_branch then 2 else 3 end as use
    from pipelines p where p.project_id = $project and p.created_at >= $since
)
select p.id, regexp_extract(p.web_url, '/actions/runs/(\\d+)', 1), p.updated_at,
       p.detail_user_id, p.detail_username, p.use
from ranked p
left join bookkeeping.jobs_read r on r.project_id = p.project_id and r.pipeline_id = p.id
where (p.use < 3 or $logs = 'all')
  and ($again or r.pipeline_id is null or r.pipeline_updated_at < p.updated_at)
order by p.use, p.created_at desc
"""


@dataclass(frozen=True)
class _Run:
    id: int
    native: str
    updated_at: datetime
    user_id: int | None
    username: str | None
    use: int


def first(context: Context, project: Project) -> list[Task]:
    """The jobs of every run that is worth a call and moved since they were read; then the logs."""
    rows = context.query(
        _DUE,
        project=project.id,
        since=context.since,
        default_branch=project.default_branch,
        logs=context.settings.logs,
        again=context.full,
    )
    due = [run for run in (_Run(*row) for row in rows) if foreign_id(SOURCE, run.native) == run.id]
    then = partial(logs.first, context, project)
    if not due:
        return then()
    read = Barrier(len(due), then)
    return [_listing(context, project, run, read).task() for run in due]


def _listing(context: Context, project: Project, run: _Run, read: Barrier) -> Listing:
    """Of a run that was started again, the attempts before, too."""
    return Listing(
        context,
        stages.JOBS + run.use / 10,
        RESOURCE,
        f"/repos/{project.path}/actions/runs/{run.native}/jobs",
        {"filter": "all"},
        partial(_changes, project, run),
        context.since,
        project_id=project.id,
        order=project.order,
        then=partial(_done, context, project, run, read),
        on_failure=read.arrive,
        optional=frozenset({404}),
        keeps_position=False,
    )


def _changes(project: Project, run: _Run, items: Items, _: datetime) -> Sequence[Change]:
    """Who started an attempt is told of the newest one only."""
    jobs = [item for item in items if number(item.get("id")) is not None and number(item.get("run_id")) is not None]
    newest = max((number(item.get("run_attempt")) or 1 for item in jobs), default=1)
    rows = []
    for item in jobs:
        present = (number(item.get("run_attempt")) or 1) == newest
        rows.append(job_row(project.id, item, run.user_id if present else None, run.username if present else None))
    return [Upsert(JOBS, rows)]


def _done(context: Context, project: Project, run: _Run, read: Barrier) -> Iterable[Task]:
    mark = {"project_id": project.id, "pipeline_id": run.id, "pipeline_updated_at": run.updated_at}
    context.submit([Put(JOBS_READ, [mark])])
    return read.arrive()
