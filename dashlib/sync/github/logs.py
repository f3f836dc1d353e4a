"""The logs of failed jobs: GitHub redirects to a store of its own, where they lie for ninety days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from dashlib.model import Change, Delete, Put, Row, Upsert
from dashlib.sources.github.rows import SOURCE
from dashlib.sources.gitlab.traces import Trace, collect, trace_row
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import TRACES
from dashlib.store.bookkeeping import ASKED
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "logs"

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
    try:
        trace = context.client.stream(RESOURCE, f"/repos/{project.path}/actions/jobs/{native}/logs", collect)
    except Refused as refused:
        if refused.status not in (403, 404, 410):
            raise
        trace = Trace(b"", b"", 0, 0)
    changes = [*_changes(project, job_id, trace, tries, context.now), *context.succeeded(project.id, RESOURCE)]
    context.submit_soon(changes, len(trace.head) + len(trace.tail))
    return []


def _changes(project: Project, job_id: int, trace: Trace, tries: int, now: datetime) -> Sequence[Change]:
    """GitHub keeps a log when its job has ended: it is complete, whatever its last line says."""
    row = trace_row(project.id, job_id, trace)
    key: Row = {"source": SOURCE, "project_id": project.id, "resource": RESOURCE, "ref": str(job_id)}
    if row is None:
        return [Put(ASKED, [{**key, "outcome": "missing", "tries": tries + 1, "asked_at": now}])]
    return [Upsert(TRACES, [{**row, "complete": True}]), *([Delete(ASKED, [key])] if tries else [])]
