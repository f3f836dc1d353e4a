"""Trigger jobs and pipeline details, asked only where the jobs leave a question.

The lists of jobs leave trigger jobs out (GITLAB.md 2.5). They are asked for pipelines that failed though none of their
jobs explains it, and for the likely parents of child pipelines that did not pass: there it matters whose they are. A
failed pipeline without any job (an invalid ``.gitlab-ci.yml``) is asked for its detail, which says why.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from dashlib.model import Change, Put, Upsert
from dashlib.sources.gitlab.pipelines import bridge_rows, pipeline_detail_row
from dashlib.sources.gitlab.projects import user_row
from dashlib.sources.tables import JOBS, PIPELINES, USERS
from dashlib.store.bookkeeping import ASKED
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE
from dashlib.sync.steps import stages

RESOURCE = "trigger jobs"
DETAIL = "pipeline details"

_UNEXPLAINED = """
with children as (
    select sha, ref, created_at from pipelines
    where project_id = $project and source = 'parent_pipeline' and parent_pipeline_id is null and created_at >= $since
      and status not in ('success', 'skipped')
), parents as (
    select arg_max(p.id, p.created_at) as id
    from children c join pipelines p on p.project_id = $project and p.sha = c.sha
        and p.source is distinct from 'parent_pipeline' and p.created_at <= c.created_at
    group by c.sha, c.ref, c.created_at
)
select p.id, p.updated_at, exists (from jobs j where j.project_id = $project and j.pipeline_id = p.id)
from pipelines p
where p.project_id = $project and p.created_at >= $since
  and (p.id in (from parents)
       or p.status = 'failed' and not exists (
           from jobs j where j.project_id = $project and j.pipeline_id = p.id and j.status = 'failed'
             and j.allow_failure is not true and j.retried is not true))
  and not exists (
      from bookkeeping.asked a where a.source = $source and a.project_id = $project and a.resource = $resource
        and a.ref = p.id::varchar and a.outcome = p.updated_at::varchar)
"""


def first(context: Context, project: Project) -> list[Task]:
    """One task per pipeline that its jobs do not explain."""
    rows = context.query(_UNEXPLAINED, project=project.id, since=context.since, source=SOURCE, resource=RESOURCE)
    return [
        Task((stages.BRIDGES, 0, project.order), RESOURCE, partial(_read, context, project, *row), project.id)
        for row in rows
    ]


def _read(context: Context, project: Project, pipeline_id: int, version: datetime, has_jobs: bool) -> list[Task]:
    asked = {"source": SOURCE, "project_id": project.id, "resource": RESOURCE, "ref": str(pipeline_id)}
    changes: list[Change] = []
    found = _bridges(context, project, pipeline_id, changes)
    if not has_jobs and not found:
        json = context.client.object(DETAIL, f"/projects/{project.id}/pipelines/{pipeline_id}")
        changes.append(Upsert(PIPELINES, [pipeline_detail_row(project.id, json)]))
        if user := user_row(json.get("user"), context.now.date()):
            changes.append(Upsert(USERS, [user]))
    mark = Put(ASKED, [asked | {"outcome": _spelled(version), "tries": 1, "asked_at": context.now}])
    context.submit([*changes, mark, *context.succeeded(project.id, RESOURCE)])
    return []


def _bridges(context: Context, project: Project, pipeline_id: int, changes: list[Change]) -> bool:
    """Append the pipeline's trigger jobs to ``changes``; whether there are any."""
    query: dict[str, object] | None = {"per_page": 100}
    found = False
    while query is not None:
        page = context.client.page(RESOURCE, f"/projects/{project.id}/pipelines/{pipeline_id}/bridges", query)
        for item in page.items:
            job, child = bridge_rows(project.id, {**item, "pipeline": item.get("pipeline") or {"id": pipeline_id}})
            changes.append(Upsert(JOBS, [job]))
            if child is not None and _is_here(context, project, child["id"]):
                changes.append(Upsert(PIPELINES, [child]))
            found = True
        query = page.next
    return found


def _is_here(context: Context, project: Project, pipeline_id: int) -> bool:
    """Older versions do not say which project a triggered pipeline is in: only a known one gets its parent."""
    found = context.query(
        "select exists (from pipelines where project_id = $project and id = $pipeline)",
        project=project.id,
        pipeline=pipeline_id,
    )
    return bool(found[0][0])


def _spelled(moment: datetime) -> str:
    """As DuckDB's cast to VARCHAR spells it: no fraction when there is none, else without trailing zeros."""
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return text if not moment.microsecond else f"{text}.{moment.microsecond:06d}".rstrip("0")
