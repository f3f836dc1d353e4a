-- One row per failed attempt of a job that passed later on the same commit, in the same lane (see job_attempts).
-- That proves it flaky: nothing changed but time. proof: retry (a later attempt in the same pipeline passed) or re-run
-- (another pipeline of that commit did). Failures of the infrastructure are left out, they prove nothing of the job.
-- The pass must come within four days (a nightly over a long weekend): what passes a week later may have been mended
-- outside, by a mirror or a new version. What passes first and fails afterwards proves nothing until it passes again.
-- passed_at and passed_job_id are the first pass after it; waited is the seconds from its end to that pass. person is
-- who waited: a human who set the pipeline off, null for schedules and robots.
with hit as (
    select distinct project_id, job_name, sha, lane from job_attempts where outcome = 'failed' and sha is not null
), beside as (
    select a.*,
           min(if(a.outcome = 'passed', {'at': a.ended_at, 'job_id': a.job_id, 'pipeline_id': a.pipeline_id}, null)) over (
               partition by a.project_id, a.job_name, a.sha, a.lane order by a.ended_at, a.job_id
               rows between 1 following and unbounded following
           ) as pass
    from job_attempts a
    where a.outcome in ('passed', 'failed') and (a.project_id, a.job_name, a.sha, a.lane) in (select (project_id, job_name, sha, lane) from hit)
)
select
    project_id, path_with_namespace, namespace, job_id, job_name, pipeline_id, pipeline_source, ref, sha, lane,
    is_mainline, allow_failure, category, failure_reason, ended_at as failed_at, duration, runner,
    if(pass.pipeline_id = pipeline_id, 'retry', 're-run') as proof, pass.at as passed_at, pass.job_id as passed_job_id,
    epoch(pass.at - ended_at) as waited, if(is_bot, null, person) as person, job_web_url
from beside
where outcome = 'failed' and pass.at <= ended_at + interval 4 day
