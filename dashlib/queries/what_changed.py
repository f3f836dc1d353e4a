"""What lies between the last pass of a job and its first failure: runs, commits, runner, and the two logs."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

# "The same job" as on the failure's page: the same name, in runs of the same schedule, else of the same ref and source.
_SERIES = """
with this as (
    select j.project_id, j.id, j.pipeline_id, j.name, j.kind, b.ref, b.source, n.run_id, n.trigger_name, n.schedule_id,
           coalesce(j.finished_at, j.started_at, j.created_at) as ended
    from jobs j
    join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
    left join nightly_pipelines n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
    where j.project_id = $project and j.id = $job
    limit 1
), pipes as (
    select n.project_id, n.pipeline_id
    from nightly_pipelines n
    join this s on s.project_id = n.project_id and s.run_id is not null
        and s.trigger_name is not distinct from n.trigger_name and s.schedule_id is not distinct from n.schedule_id
    union
    select b.project_id, b.id
    from pipelines b
    join this s on s.project_id = b.project_id and s.run_id is null and b.ref = s.ref and b.source = s.source
), runs as (
    select j.id as job_id, j.pipeline_id, j.status, j.runner_description, j.runner_id, p.sha,
           coalesce(j.finished_at, j.started_at, j.created_at) as ended,
           coalesce(web_link(j.web_url), web_link(r.web_url) || '/-/jobs/' || j.id) as job_web_url,
           web_link(r.web_url) as project_url
    from pipes n
    join jobs j on j.project_id = n.project_id and j.pipeline_id = n.pipeline_id
    join this s on s.name = j.name and s.kind is not distinct from j.kind
    join pipelines p on p.project_id = j.project_id and p.id = j.pipeline_id
    join projects r on r.id = j.project_id
    where j.status in ('success', 'failed') and (not coalesce(j.retried, false) or j.id = s.id)
      and (coalesce(j.finished_at, j.started_at, j.created_at), j.id) <= (s.ended, s.id)
), good as (
    select * from runs where status = 'success' order by ended desc, job_id desc limit 1
), bad as (
    select r.* from runs r
    where r.status = 'failed' and (
        not exists (from good) or (r.ended, r.job_id) > (select (g.ended, g.job_id) from good g)
    )
    order by r.ended, r.job_id limit 1
)"""

BETWEEN = f"""
{_SERIES}
select g.job_id as good_job_id, team_time(g.ended) as passed, g.sha as good_sha, g.runner_description as good_runner,
       g.job_web_url as good_url, b.job_id as bad_job_id, team_time(b.ended) as failed, b.sha as bad_sha,
       b.runner_description as bad_runner, b.job_web_url as bad_url,
       case when g.sha <> b.sha and regexp_full_match(g.sha || b.sha, '[0-9a-f]+')
           then b.project_url || '/-/compare/' || g.sha || '...' || b.sha end as compare_url
from bad b left join good g on true
"""

# What the first failing commit holds and the last good one does not; the walk ends where both meet, or after a year.
COMMITS = f"""
{_SERIES}, walk as (
    with recursive reached(id, by_bad) as (
        select b.sha, true from bad b
        union
        select g.sha, false from good g
        union
        select unnest(c.parent_ids), r.by_bad
        from reached r
        join commits c on c.project_id = $project and c.id = r.id
        where c.committed_at >= (select min(ended) - interval 1 year from good)
    )
    select id from reached group by id having bool_and(by_bad)
)
select team_time(c.committed_at) as committed, c.author_name, c.title, left(c.id, 8) as sha,
       web_link(c.web_url) as web_url, c.additions, c.deletions
from walk w
join commits c on c.project_id = $project and c.id = w.id
where exists (select 1 from good)
order by c.committed_at desc, c.id
limit $rows
"""

LOGS = f"""
{_SERIES}
select 'before' as side, t.text, t.job_id, t.job_id is not distinct from (select job_id from good) as is_last_pass,
       team_time(p.finished_at) as passed, coalesce(p.finished_at > s.ended, false) as is_later,
       exists (from nightly_pipelines n where n.project_id = p.project_id and n.pipeline_id = p.pipeline_id)
           as is_nightly,
       b.source, b.ref
from this s
join bookkeeping.green_logs t on t.project_id = s.project_id and t.job_name = s.name
left join jobs p on p.project_id = t.project_id and p.id = t.job_id
left join pipelines b on b.project_id = p.project_id and b.id = p.pipeline_id
union all
select 'after', t.text, t.job_id, false, null, false, false, null, null
from traces t where t.project_id = $project and t.job_id = $job
"""


def between(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row: the job's last pass before this failure, and its first failure after that; none where it is not stored.

    The columns of the pass are null where no pass is stored. Columns: good_job_id, passed (the team's wall clock),
    good_sha, good_runner, good_url, bad_job_id, failed, bad_sha, bad_runner, bad_url, compare_url (GitLab's comparison;
    null where both ran the same commit).
    """
    return ask(connection, BETWEEN, filters, project=project, job=job)


def commits(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, rows: int = 50
) -> pd.DataFrame:
    """One row per stored commit that the first failing run holds and the last passing one does not, newest first.

    Columns: committed (the team's wall clock), author_name, title, sha (short), web_url, additions, deletions.
    """
    return ask(connection, COMMITS, filters, project=project, job=job, rows=rows)


def logs(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row per stored log of the two, that of a pass of the job and that of this failure.

    Columns: side (before: of the pass; after: of this failure), text, job_id; of the pass: is_last_pass (whether it is
    the one of ``between``; a green log is kept of one run of each job), passed (the team's wall clock, null where the
    run is not stored any more), is_later (it passed after this failure), is_nightly, source and ref (of its run).
    """
    return ask(connection, LOGS, filters, project=project, job=job)
