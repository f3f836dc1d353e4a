"""The last green log of each job that failed: what a rule must not match, and which lines are no reason.

They come after everything else, in few calls. The first sync fetches none: whoever waits for it does not wait for what
only rules need. A later one spends 3 % of the calls of the one before on them, and DASH_GREEN_LOGS at most; the newest
failures come first, the rest with the next syncs. Each is fetched once, and again only when the job passed and failed
anew.
"""

from __future__ import annotations

from functools import partial

from dashlib.failures.act_tables import GREEN_LINES, GREEN_LOGS
from dashlib.failures.green_kept import lines_row
from dashlib.model import Put, Row
from dashlib.sources.gitlab.traces import Trace, collect, trace_row
from dashlib.store.bookkeeping import ASKED
from dashlib.sync.client import Refused
from dashlib.sync.context import Context
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE
from dashlib.sync.steps import stages

RESOURCE = "green logs"
SHARE = 0.03
"""Of the calls of the sync before."""

# Only jobs whose failure's log is stored: where those are not wanted (DASH_LOGS), these are not either.
# Of a job that failed in a nightly it is the last pass of that nightly (the same schedule and trigger job) before: what
# changed since is asked of nightlies, and what pushes pass meanwhile says little. Where no such pass is stored, and
# of a job that failed elsewhere only, it is the last pass on the branch of its newest failure.
DUE = """
with nightly as materialized (
    from nightly_pipelines
), broken as materialized (
    select j.project_id, j.name, b.ref, coalesce(j.finished_at, j.created_at) as failed_at,
           max(coalesce(j.finished_at, j.created_at)) over (partition by j.project_id, j.name) as newest,
           n.pipeline_id is not null as is_nightly, n.schedule_id, n.trigger_name
    from jobs j
    join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
    join traces t on t.project_id = j.project_id and t.job_id = j.id
    left join nightly n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
    where j.status = 'failed' and j.kind = 'build' and b.created_at >= $since
      and j.project_id in (select unnest($projects::bigint[]))
    qualify row_number() over (
        partition by j.project_id, j.name, n.pipeline_id is not null order by failed_at desc, j.id desc
    ) = 1
), passed as (
    select f.project_id, f.name, f.newest as failed_at, j.id as job_id, b.ref is not distinct from f.ref as is_there,
           f.is_nightly and n.pipeline_id is not null and n.schedule_id is not distinct from f.schedule_id
               and n.trigger_name is not distinct from f.trigger_name as is_same,
           j.finished_at
    from broken f
    join jobs j on j.project_id = f.project_id and j.name = f.name and j.kind = 'build' and j.status = 'success'
        and j.finished_at < f.failed_at and j.erased_at is null
    join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
    left join nightly n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
), green as (
    select * from passed where is_same or is_there
    qualify row_number() over (
        partition by project_id, name order by is_same desc, finished_at desc, job_id desc
    ) = 1
)
select g.project_id, g.name, g.job_id
from green g
left join bookkeeping.green_logs h on h.project_id = g.project_id and h.job_name = g.name
left join bookkeeping.asked a
    on a.source = $source and a.project_id = g.project_id and a.resource = $resource and a.ref = g.job_id::varchar
where h.job_id is distinct from g.job_id and a.ref is null
order by g.failed_at desc, g.project_id, g.name
limit $most
"""


def first(context: Context) -> list[Task]:
    """One task per log, when everything else is read and stored."""
    before = context.query(
        "select calls from loads where source = $source and complete order by started_at desc limit 1", source=SOURCE
    )
    most = min(context.settings.green_logs, max(1, int(SHARE * (before[0][0] or 0)))) if before else 0
    if most <= 0 or context.settings.logs == "none":
        return []
    context.store.write()
    rows = context.query(
        DUE,
        since=context.since,
        projects=list(context.projects),
        source=SOURCE,
        resource=RESOURCE,
        most=most,
    )
    return [
        Task((stages.GREEN_LOGS, place), RESOURCE, partial(_read, context, project_id, name, job_id), project_id)
        for place, (project_id, name, job_id) in enumerate(rows)
    ]


def green_row(project_id: int, job_name: str, job_id: int, trace: Trace) -> Row | None:
    """The log as a row of ``green_logs``, secrets masked; None for an empty one."""
    row = trace_row(project_id, job_id, trace)
    if row is None:
        return None
    return {
        "project_id": project_id,
        "job_name": job_name,
        "job_id": job_id,
        "bytes": row["bytes"],
        "text": row["text"],
    }


def _read(context: Context, project_id: int, job_name: str, job_id: int) -> list[Task]:
    try:
        trace = context.client.stream(RESOURCE, f"/projects/{project_id}/jobs/{job_id}/trace", collect)
    except Refused as refused:
        if refused.status not in (403, 404):
            raise
        trace = Trace(b"", b"", 0, 0)
    row = green_row(project_id, job_name, job_id, trace)
    if row is not None:
        lines = lines_row(project_id, job_name, job_id, str(row["text"]), whole=not trace.omitted)
        context.submit([Put(GREEN_LOGS, [row]), Put(GREEN_LINES, [lines])])
        return []
    asked: Row = {"source": SOURCE, "project_id": project_id, "resource": RESOURCE, "ref": str(job_id)}
    context.submit([Put(ASKED, [{**asked, "outcome": "missing", "tries": 1, "asked_at": context.now}])])
    return []
