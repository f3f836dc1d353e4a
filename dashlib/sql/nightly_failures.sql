-- One row per failed job of a nightly (its latest attempt), child pipelines' jobs too, allowed failures too (marked).
-- pipeline_id is the run's, job_pipeline_id the pipeline that holds the job.
-- "The same job" is the same name under the same trigger job, of one schedule of one repository. A night is red for a
-- job when its last verdict of that night is a failure; nights on which it did not end (canceled, skipped) say nothing.
-- is_new: its last verdict on an earlier night was no failure, or there is none. red_since is the first night of an
-- unbroken row of red nights, nights_red counts them up to this one.
-- is_last: the failure stands, its run decides the night. What failed in a run that somebody started beside the nightly
-- (is_extra of nightly_runs) is no verdict: where the night is not red, red_since and nights_red are null. A missing or
-- late night is not red, whatever ran beside its times.
with runs as materialized (
    select * from nightly_runs
), ended as materialized (
    select * from nightly_jobs where has_verdict
), verdicts as (
    select j.project_id, r.schedule_id, coalesce(j.trigger_name, '') as origin, j.job_name, r.night,
           arg_max(
               j.is_failed,
               (r.expected_at is not null, coalesce(r.expected_at, r.created_at), r.created_at, j.job_id)
           ) as red
    from ended j
    join runs r on r.project_id = j.project_id and r.pipeline_id = j.run_id and not r.is_extra
    where (j.project_id, j.job_name) in (select (project_id, job_name) from ended where is_failed)
    group by all
), series as (
    select *,
           count(*) filter (not red) over (
               partition by project_id, schedule_id, origin, job_name order by night
               rows between unbounded preceding and 1 preceding
           ) as greens_before
    from verdicts
), streaks as (
    select *,
           min(night) over (partition by project_id, schedule_id, origin, job_name, greens_before) as red_since,
           row_number() over (
               partition by project_id, schedule_id, origin, job_name, greens_before order by night
           ) as nights_red
    from series
)
select
    j.project_id, r.path_with_namespace, r.namespace, r.schedule_id, r.schedule_description, r.night,
    r.pipeline_id, j.pipeline_id as job_pipeline_id, j.job_id, j.job_name, j.trigger_name, j.stage, j.allow_failure,
    coalesce(j.failure_reason, 'unknown') as failure_reason, j.kind, j.runner_description, j.started_at, j.finished_at,
    j.duration,
    coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.job_id) as job_web_url,
    r.pipeline_web_url, r.ref, r.sha, r.username, r.person, r.is_last,
    k.red_since as first_failed_night, k.red_since, k.nights_red, coalesce(k.red_since = r.night, false) as is_new
from ended j
join runs r on r.project_id = j.project_id and r.pipeline_id = j.run_id
join projects p on p.id = j.project_id
left join streaks k
    on k.project_id = j.project_id and k.schedule_id is not distinct from r.schedule_id
    and k.origin = coalesce(j.trigger_name, '') and k.job_name = j.job_name and k.night = r.night and k.red
where j.is_failed
