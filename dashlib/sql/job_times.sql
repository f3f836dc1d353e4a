-- One row per attempt of a job that passed or failed (see job_attempts), with how long it ran and waited for a runner.
-- Each attempt counts, retried ones too: every one of them ran and waited. Jobs of child pipelines are here as well.
-- run_time: GitLab's duration, in seconds, without waiting. queue_time: GitLab's queued_duration: seconds from when
-- nothing but a runner was missing (its stage or needs were done) until one took it. Both are null where it never
-- began: of such a job GitLab lets queued_duration grow on. ref_group, source: of its pipeline (see pipeline_times).
-- verdict: passed or failed (what the infrastructure failed has failed, too: it took its time).
select
    a.project_id, a.path_with_namespace, a.namespace, a.job_id, a.job_name, a.pipeline_id,
    coalesce(p.source, 'unknown') as source, coalesce(p.ref_group, a.ref, 'unknown') as ref_group, a.ref,
    if(a.outcome = 'passed', 'passed', 'failed') as verdict, a.slot as began_at,
    if(a.started_at is null, null, a.duration) as run_time,
    if(a.started_at is null or a.queued_duration is null, null, greatest(a.queued_duration, 0)) as queue_time,
    a.allow_failure, a.person
from job_attempts a
left join pipeline_times p on p.project_id = a.project_id and p.pipeline_id = a.pipeline_id
