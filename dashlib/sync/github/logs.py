"""The logs of failed jobs: GitHub redirects to a store of its own, where they lie for ninety days."""

from __future__ import annotations

from functools import partial

from dashlib.sources.github.rows import SOURCE
from dashlib.sources.hook import foreign_id
from dashlib.sync import job_log
from dashlib.sync.context import Context, Project
from dashlib.sync.job_log import RESOURCE
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

# 'mainline' as of GitLab: scheduled runs and those of the default branch. A log that is missing is asked once more the
# next day. There is none before the job has ended.
_DUE = """
select j.id, regexp_extract(j.web_url, '/job/(\\d+)', 1), p.source = 'schedule', coalesce(a.tries, 0), j.finished_at
from jobs j join pipelines p on p.project_id = j.project_id and p.id = j.pipeline_id
left join traces t on t.project_id = j.project_id and t.job_id = j.id
left join bookkeeping.asked a
    on a.source = $source and a.project_id = j.project_id and a.resource = $resource and a.ref = j.id::varchar
where j.project_id = $project and j.status = 'failed' and t.job_id is null and p.created_at >= $since
  and ($logs = 'all' or p.source = 'schedule' or p.ref = $default_branch)
  and (a.outcome is null or (a.tries < 2 and a.asked_at < $now::timestamp - interval 1 day))
order by j.finished_at desc nulls last, j.id
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
            (stages.NIGHTLY_LOGS if nightly else stages.LOGS, place),
            RESOURCE,
            partial(_read, context, project, job_id, native, tries),
            project.id,
        )
        for place, (job_id, native, nightly, tries, _) in enumerate(rows)
        if foreign_id(SOURCE, native) == job_id
    ]


def _read(context: Context, project: Project, job_id: int, native: str, tries: int) -> list[Task]:
    path = f"/repos/{project.path}/actions/jobs/{native}/logs"
    job_log.read(context, project, job_id, path, tries, missing=(403, 404, 410), source=SOURCE, ends_whole=True)
    return []
