"""Where the time of one pipeline goes: its jobs, when they waited and ran, and which of them decided when it ended."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

ONE = """
select p.project_id, p.pipeline_id, p.path_with_namespace, p.source, p.name, p.ref, left(p.sha, 8) as sha, p.status,
       p.is_child, team_time(p.created_at) as created, p.run_time, p.queue_time,
       epoch(p.finished_at - p.created_at) as elapsed, n.label as person_name, p.web_url
from pipeline_times p
left join (select id, label from persons) n on n.id = p.person
where p.pipeline_id = $pipeline::bigint and ($project::bigint is null or p.project_id = $project::bigint)
order by p.project_id
"""

# What a job waited for is not told by GitLab's API (neither needs nor the order of stages): it is taken to be the job
# that ended last before this one was queued. GitLab looks what is next within a second or two of such an end.
JOBS = """
with recursive spans as materialized (
    select * from pipeline_jobs where project_id = $project::bigint and pipeline_id = $pipeline::bigint
), began as (
    select created_at from pipelines where project_id = $project::bigint and id = $pipeline::bigint
), usual as (
    select j.name as job_name, quantile_cont(j.duration, 0.5) as usual_p50, count(*) as usual_n
    from jobs j, began b
    where j.project_id = $project::bigint and j.pipeline_id <> $pipeline::bigint
      and j.kind = 'build' and j.status = 'success' and j.created_at < b.created_at
      and j.created_at >= b.created_at - interval 30 day and j.duration is not null
    group by all
), waits as (
    select s.job_id, arg_max(b.job_id, (b.ended_at, b.job_id)) as after_job_id
    from spans s
    join spans b on b.ended_at <= s.queued_at + interval 1 second and b.ended_at < s.ended_at
    where b.status in ('success', 'failed', 'canceled')
    group by s.job_id
), path as (
    select arg_max(job_id, (ended_at, job_id)) as job_id from spans where ended_at is not null
    union
    select w.after_job_id from path p join waits w on w.job_id = p.job_id
)
select s.job_id, s.job_name, s.stage, s.kind, s.status, s.attempt,
       max(s.attempt) over (partition by s.job_name) as attempts, s.allow_failure, s.failure_reason, s.retried,
       team_time(s.queued_at) as queued, team_time(s.began_at) as began, team_time(s.ended_at) as ended,
       epoch(s.queued_at - b.created_at) as queued_after, epoch(s.began_at - b.created_at) as began_after,
       epoch(s.ended_at - b.created_at) as ended_after, s.queue_time, s.run_time, u.usual_p50,
       coalesce(u.usual_n, 0) as usual_n, s.job_id in (select job_id from path) as is_decisive,
       a.job_name as after_job_name, s.runner, s.job_web_url,
       case when s.status = 'failed' and s.kind = 'build'
            then '/failure?failure=' || s.project_id || '-' || s.job_id end as failure_url
from spans s cross join began b
left join usual u on u.job_name = s.job_name
left join waits w on w.job_id = s.job_id
left join spans a on a.job_id = w.after_job_id
order by s.queued_at nulls last, s.began_at, s.job_id
"""


def one(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, pipeline: int, project: int | None = None
) -> pd.DataFrame:
    """One row per pipeline of this number, of any repository unless one is named; the filters do not matter.

    Columns: project_id, pipeline_id, path_with_namespace, source, name, ref, sha (short), status, is_child, created
    (the team's wall clock), run_time, queue_time, elapsed (seconds), person_name, web_url.
    """
    return ask(connection, ONE, filters, pipeline=pipeline, project=project)


def jobs(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, pipeline: int) -> pd.DataFrame:
    """One row per attempt of a job of the pipeline, as they were queued; those that never began last.

    Columns: job_id, job_name, stage, kind, status, attempt, attempts (of that name), allow_failure, failure_reason,
    retried, queued, began, ended (the team's wall clock), queued_after, began_after, ended_after (seconds after the
    pipeline was created), queue_time, run_time, usual_p50 and usual_n (what half of its passed runs in the repository
    took at most in the 30 days before, and how many those are), is_decisive (on the chain of jobs, each queued when the
    one before had ended, that leads to the pipeline's end), after_job_name (that one before), runner, job_web_url,
    failure_url.
    """
    return ask(connection, JOBS, filters, project=project, pipeline=pipeline)
