"""The logs of failed jobs: each fetched once, again while incomplete, once more the day after it was missing."""

from __future__ import annotations

from functools import partial

from dashlib.sync import job_log
from dashlib.sync.context import Context, Project
from dashlib.sync.job_log import RESOURCE
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE
from dashlib.sync.steps import stages

# 'mainline': scheduled pipelines, the default branch, and the children of either. An incomplete log is asked again
# until it was asked an hour after the job's end; a missing one once more the next day.
_DUE = """
with main as (
    select id, source, sha, ref, created_at from pipelines
    where project_id = $project and created_at >= $since and (
        $logs = 'all' or source = 'schedule' or (ref = $default_branch and tag is not true)
    )
), wanted as (
    select id, source = 'schedule' as nightly from main
    union
    select c.id, true from pipelines c join main m on m.sha = c.sha and m.ref = c.ref and m.source = 'schedule'
    where c.project_id = $project and c.source = 'parent_pipeline' and c.created_at >= $since
)
select j.id, bool_or(w.nightly), any_value(a.tries), any_value(j.finished_at)
from jobs j join wanted w on w.id = j.pipeline_id
left join traces t on t.project_id = j.project_id and t.job_id = j.id
left join bookkeeping.asked a
    on a.source = $source and a.project_id = j.project_id and a.resource = $resource and a.ref = j.id::varchar
where j.project_id = $project and j.status = 'failed' and j.kind = 'build' and j.erased_at is null
  and case
        when a.outcome is null then t.job_id is null
        when a.outcome = 'missing' then a.tries < 2 and a.asked_at < $now::timestamp - interval 1 day
        when a.outcome = 'incomplete' then a.asked_at < coalesce(j.finished_at, j.created_at) + interval 1 hour
        else false
      end
group by j.id
order by j.id desc
"""


def first(context: Context, project: Project) -> list[Task]:
    """One task per log, those of nightlies first, newest first."""
    if context.settings.logs == "none":
        return []
    rows = context.query(
        _DUE,
        project=project.id,
        since=context.since,
        default_branch=project.default_branch,
        logs=context.settings.logs,
        source=SOURCE,
        resource=RESOURCE,
        now=context.now,
    )
    return [
        Task(
            (stages.NIGHTLY_LOGS if nightly else stages.LOGS, -job_id),
            RESOURCE,
            partial(_read, context, project, job_id, tries or 0),
            project.id,
        )
        for job_id, nightly, tries, _ in rows
    ]


def _read(context: Context, project: Project, job_id: int, tries: int) -> list[Task]:
    path = f"/projects/{project.id}/jobs/{job_id}/trace"
    job_log.read(context, project, job_id, path, tries, missing=(403, 404), source=SOURCE)
    return []
