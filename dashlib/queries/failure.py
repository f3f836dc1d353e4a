"""One failed job: its reason, its log, its other attempts, its last runs, and the same failure elsewhere."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.failures.difference import what_differs
from dashlib.model import Filters
from dashlib.queries.question import ask

ONE = """
select f.* exclude (failed_at, first_seen_at, started_at),
       team_time(f.failed_at) as failed, team_time(f.first_seen_at) as first_seen,
       team_time(f.started_at) as started,
       team_time(f.issue_closed_at) as issue_closed,
       newly_seen(f.first_seen_at) as is_new,
       date_diff('day', team_day(f.first_seen_at), team_day(utc_now())) as first_seen_days,
       t.bytes as log_bytes, t.omitted_bytes, t.omitted_lines,
       coalesce(n.by_hand, false) as by_hand, coalesce(n.by_hand and n.expected_at is null, false) as is_beside
from job_failures f
left join nightly_run_nights n on n.project_id = f.project_id and n.run_id = f.run_id
left join traces t on t.project_id = f.project_id and t.job_id = f.job_id
where f.project_id = $project and f.job_id = $job
"""

NUMBERED = """
select project_id, job_id from job_failures where job_id = $job
order by failed_at desc, project_id desc limit 1
"""

TEXT = "select text from traces where project_id = $project and job_id = $job"

ATTEMPTS = """
with this as (
    select project_id, pipeline_id, kind, name from jobs where project_id = $project and id = $job
)
select row_number() over (order by j.id) as attempt, j.status, team_time(j.started_at) as started, j.duration,
       j.username, j.runner_description, f.category,
       coalesce(f.reason, j.failure_reason) as reason,
       coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.id) as job_web_url,
       case when j.id = $job then 'this one' end as here,
       case when j.status = 'failed' and j.id <> $job
           then '/failure?failure=' || j.project_id || '-' || j.id end as failure_url,
       j.id as job_id
from jobs j
join this s
    on s.project_id = j.project_id and s.pipeline_id = j.pipeline_id and s.name = j.name
    and s.kind is not distinct from j.kind
join projects p on p.id = j.project_id
left join failures f on f.project_id = j.project_id and f.job_id = j.id
order by j.id
"""

# "The same job" has the same name, in pipelines of the same schedule for a nightly, else of the same ref and source.
RUNS = """
with this as (
    select j.project_id, j.id, j.name, j.kind, b.ref, b.source, n.run_id, n.trigger_name, n.schedule_id
    from jobs j
    join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
    left join nightly_pipelines n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
    where j.project_id = $project and j.id = $job
    limit 1
), nights as (
    select n.project_id, n.pipeline_id
    from nightly_pipelines n
    join this s on s.project_id = n.project_id and s.run_id is not null
        and s.trigger_name is not distinct from n.trigger_name and s.schedule_id is not distinct from n.schedule_id
    union
    select b.project_id, b.id
    from pipelines b
    join this s on s.project_id = b.project_id and s.run_id is null and b.ref = s.ref and b.source = s.source
), runs as (
    select j.*
    from nights n
    join jobs j on j.project_id = n.project_id and j.pipeline_id = n.pipeline_id
    join this s on s.name = j.name and s.kind is not distinct from j.kind
    where not coalesce(j.retried, false) or j.id = s.id
)
select team_time(coalesce(j.finished_at, j.started_at, j.created_at)) as ended, j.status, j.duration, f.category,
       coalesce(f.reason, j.failure_reason) as reason, coalesce(f.signature = o.signature, false) as same_failure,
       j.id = $job as here, left(j.sha, 8) as sha, j.runner_description,
       coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.id) as job_web_url,
       case when j.status = 'failed' then '/failure?failure=' || j.project_id || '-' || j.id end as failure_url,
       j.id as job_id
from runs j
join projects p on p.id = j.project_id
left join failures f on f.project_id = j.project_id and f.job_id = j.id
left join failures o on o.project_id = $project and o.job_id = $job
order by coalesce(j.finished_at, j.started_at, j.created_at) desc, j.id desc
limit $rows
"""

# Not from job_failures: that view is asked once in each of these, for the failures that are the same.
_THIS = """
with merged as materialized (
    select signature, head from merged_signatures
), this as (
    select coalesce(m.head, f.signature) as signature, p.path_with_namespace, j.name as job_name
    from jobs j
    join projects p on p.id = j.project_id
    join failures f on f.project_id = j.project_id and f.job_id = j.id
    left join merged m on m.signature = f.signature
    where j.project_id = $project and j.id = $job and f.signature is not null
)"""

ELSEWHERE = f"""
{_THIS}
select f.path_with_namespace, f.job_name, count(*) as failures, count(distinct f.night) as nights,
       team_time(max(f.failed_at)) as last_seen, team_time(min(f.failed_at)) as first_seen,
       arg_max(f.reason, (f.failed_at, f.job_id)) as reason,
       arg_max(f.job_web_url, (f.failed_at, f.job_id)) as job_web_url,
       '/failure?failure=' || arg_max(f.project_id || '-' || f.job_id, (f.failed_at, f.job_id)) as failure_url,
       any_value(f.project_id) as project_id
from job_failures f
join this s on s.signature = f.signature
where (f.path_with_namespace, f.job_name) <> (s.path_with_namespace, s.job_name)
group by f.path_with_namespace, f.job_name
order by last_seen desc, failures desc, f.path_with_namespace, f.job_name
limit $rows
"""

# Pairs are of signatures as the engine writes them; those of one person's "the same" are one failure here.
SIMILAR = f"""
{_THIS}, pairs as (
    select signature as one, other as two, similarity from similar_signatures
    union all
    select other, signature, similarity from similar_signatures
), near as (
    select coalesce(m.head, p.two) as signature, max(p.similarity) as similarity
    from pairs p
    left join merged h on h.signature = p.one
    left join merged m on m.signature = p.two
    join this t on t.signature = coalesce(h.head, p.one)
    anti join signature_merges j
        on j.verdict = 'different' and j.signature = least(p.one, p.two) and j.other = greatest(p.one, p.two)
    where coalesce(m.head, p.two) <> t.signature
    group by coalesce(m.head, p.two)
)
select n.similarity, arg_max(f.reason, (f.failed_at, f.job_id)) as reason, count(*) as failures,
       count(distinct (f.project_id, f.job_name)) as jobs, count(distinct f.project_id) as repositories,
       count(distinct f.night) as nights,
       team_time(max(f.failed_at)) as last_seen, team_time(min(f.failed_at)) as first_seen,
       '/failure?failure=' || arg_max(f.project_id || '-' || f.job_id, (f.failed_at, f.job_id)) as failure_url,
       '/failures?signature=' || any_value(f.signature_id) as signature_url, n.signature,
       (select signature from this) as of_this
from near n
join job_failures f on f.signature = n.signature
group by n.signature, n.similarity
order by n.similarity desc, failures desc, n.signature
limit $rows
"""

IN_THIS_JOB = f"""
{_THIS}
select count(*) as failures, count(distinct f.night) as nights, team_time(min(f.failed_at)) as since
from job_failures f
join this s using (signature, path_with_namespace, job_name)
"""

NEWEST = """
select team_time(failed_at) as failed, path_with_namespace, job_name, category,
       coalesce(reason, 'GitLab says: ' || replace(coalesce(failure_reason, 'nothing'), '_', ' ')) as reason,
       '/failure?failure=' || project_id || '-' || job_id as failure_url
from job_failures
where within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
order by failed_at desc, job_id desc
limit 20
"""


def one(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """The row of job_failures of this job, whatever the filters; none when it did not fail or is not stored.

    Times (failed, first_seen, started, issue_closed) are the team's wall clock, first_seen_days
    counts days until today; log_bytes, omitted_bytes and omitted_lines tell how much of the log is
    stored (null without one); by_hand: its nightly's run was started by hand, or late; is_beside: beside others.
    """
    return ask(connection, ONE, filters, project=project, job=job)


def numbered(connection: duckdb.DuckDBPyConnection, filters: Filters, *, job: int) -> pd.DataFrame:
    """One row: project_id and job_id of the newest failed job with this number, whatever its source; else none."""
    return ask(connection, NUMBERED, filters, job=job)


def log_text(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row: text, the log as it is stored (secrets masked); none where no log is stored."""
    return ask(connection, TEXT, filters, project=project, job=job)


def attempts(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row per attempt of this job in its pipeline, oldest first.

    Columns: attempt (from 1), status, started (the team's wall clock), duration (seconds), username,
    runner_description, category, reason, job_web_url, here ("this one" or null), failure_url (null for those that did
    not fail), job_id.
    """
    return ask(connection, ATTEMPTS, filters, project=project, job=job)


def runs(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, rows: int = 30
) -> pd.DataFrame:
    """One row per run of the same job, newest first: of the same nightly, else of the same ref and kind of pipeline.

    The last attempt of each run counts, and this one. Columns: ended (the team's wall clock), status, duration
    (seconds), category, reason, same_failure (as this one), here, sha, runner_description, job_web_url, failure_url,
    job_id.
    """
    return ask(connection, RUNS, filters, project=project, job=job, rows=rows)


def elsewhere(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, rows: int = 200
) -> pd.DataFrame:
    """One row per other job, in any repository, that failed with this job's signature; the latest first.

    Columns: path_with_namespace, job_name, failures, nights, last_seen, first_seen (the team's wall clock), reason,
    job_web_url, failure_url (of its newest failure), project_id.
    """
    return ask(connection, ELSEWHERE, filters, project=project, job=job, rows=rows)


def similar(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, rows: int = 20
) -> pd.DataFrame:
    """One row per signature that is nearly this job's, and that nobody said is the same or a different failure.

    Columns: similarity (0.9..1), reason (of its newest failure), failures, jobs, repositories, nights, last_seen,
    first_seen (the team's wall clock), failure_url (of its newest failure), signature_url (all its failures),
    signature, of_this (this job's signature); differ_told, what stands in this one where the other has something else.
    """
    found = ask(connection, SIMILAR, filters, project=project, job=job, rows=rows)
    told = [what_differs(one, other) for one, other in zip(found["of_this"], found["signature"], strict=True)]
    found["differ_told"] = told
    return found


def in_this_job(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row: failures of this job with this failure's signature, this one included, their nights, since (the first
    that is stored; the team's wall clock). Nought and null without a signature.
    """
    return ask(connection, IN_THIS_JOB, filters, project=project, job=job)


def newest(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per failed job, the newest twenty.

    Columns: failed (the team's wall clock), path_with_namespace, job_name, category, reason, failure_url.
    """
    return ask(connection, NEWEST, filters)
