-- One row per job of a nightly that failed at least once, and night on which it came to an end: what became of it.
-- "The same job" is the same name under the same trigger job, of one schedule of one repository (as in
-- nightly_failures). The run of the night's last time in which it ended decides, not what somebody started beside
-- (is_extra of nightly_runs); canceled and skipped jobs say nothing.
-- state is one of failed; warned (it failed and is allowed to); passed.
-- is_new: it failed, and on the last earlier night that says something it did not. red_since is the first night of an
-- unbroken row of failures, nights_red counts them up to this night; null where it passed.
-- failure is the key of the failure's page; category, reason, signature, issue and assignee are those of job_failures.
with runs as materialized (
    select project_id, pipeline_id, path_with_namespace, namespace, schedule_id, schedule_description, night, created_at,
           coalesce(expected_at, created_at) as slot, expected_at is not null as fills
    from nightly_runs where not is_extra
), ended as materialized (
    select project_id, run_id, job_id, job_name, trigger_name, is_failed, allow_failure, stage, duration,
           runner_description, finished_at
    from nightly_jobs where has_verdict
), explained as materialized (
    select project_id, job_id, category, reason, failure_reason, signature, signature_id, issue_iid, issue_title,
           issue_state, issue_url, assignee, job_web_url
    from job_failures
), decided as (
    select r.project_id, r.path_with_namespace, r.namespace, r.schedule_id, r.schedule_description, r.night,
           r.pipeline_id, j.trigger_name, j.job_name, j.job_id, j.is_failed, j.stage, j.duration, j.runner_description,
           j.finished_at,
           case when not j.is_failed then 'passed' when j.allow_failure then 'warned' else 'failed' end as state
    from ended j
    join runs r on r.project_id = j.project_id and r.pipeline_id = j.run_id
    where (j.project_id, j.job_name) in (select (project_id, job_name) from ended where is_failed)
    qualify row_number() over (
        partition by j.project_id, r.schedule_id, j.trigger_name, j.job_name, r.night
        order by r.fills desc, r.slot desc, r.created_at desc, j.job_id desc
    ) = 1
), counted as (
    select *,
           count(*) filter (not is_failed) over (
               partition by project_id, schedule_id, trigger_name, job_name order by night
               rows between unbounded preceding and 1 preceding
           ) as greens_before,
           bool_or(is_failed) over (partition by project_id, schedule_id, trigger_name, job_name) as ever_failed
    from decided
), series as (
    select * exclude (greens_before, ever_failed),
           case when is_failed then min(night) filter (is_failed) over (
               partition by project_id, schedule_id, trigger_name, job_name, greens_before
           ) end as red_since,
           case when is_failed then count(*) filter (is_failed) over (
               partition by project_id, schedule_id, trigger_name, job_name, greens_before order by night
           ) end as nights_red,
           -- Not a condition of the join: DuckDB compares every pair where ON asks one side alone.
           case when is_failed then job_id end as failed_job_id
    from counted
    where ever_failed
)
select
    s.* exclude (failed_job_id),
    s.is_failed and s.red_since = s.night as is_new,
    f.category, coalesce(f.reason, f.failure_reason) as reason, f.signature, f.signature_id, f.failure_reason,
    f.issue_iid, f.issue_title, f.issue_state, f.issue_url, f.assignee, f.job_web_url,
    case when s.is_failed then s.project_id || '-' || s.job_id end as failure
from series s
left join explained f on f.project_id = s.project_id and f.job_id = s.failed_job_id
