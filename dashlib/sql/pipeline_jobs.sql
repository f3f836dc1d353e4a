-- One row per attempt of a job, trigger job or not, whatever became of it, with its place on the time line of its pipeline.
-- queued_at: when nothing but a runner was missing: GitLab's queued_duration before it began. Before that it waited for
-- its stage or needs, or for somebody. ended_at: of one that runs, until when it was seen running.
-- Those that never began (skipped, manual, created, canceled while they waited) have none of these.
-- A trigger job takes no runner: it lasts as long as the pipeline that it started, where that is known.
-- run_time and queue_time: seconds from began_at to ended_at, and from queued_at to began_at, as GitLab measured them.
-- attempt counts the attempts of one name within the pipeline.
with told as (
    select j.*, r.source as forge, r.web_url as project_web_url,
           case when j.kind = 'bridge' then coalesce(d.started_at, j.started_at) else j.started_at end as began_at,
           case when j.kind = 'bridge' and d.started_at is not null then coalesce(d.finished_at, d.changed_at)
                else coalesce(j.finished_at, j.started_at + to_microseconds((1e6 * j.duration)::bigint), j.changed_at)
           end as stopped_at,
           case when j.kind = 'bridge' then 0 when j.queued_duration is not null then greatest(j.queued_duration, 0)
           end as queued_for
    from jobs j
    join projects r on r.id = j.project_id
    -- DuckDB compares every pair where ON asks one side alone.
    left join pipelines d on d.project_id = coalesce(j.downstream_project_id, j.project_id)
        and d.id = case when j.kind = 'bridge' then j.downstream_pipeline_id end
)
select
    project_id, pipeline_id, id as job_id, name as job_name, stage, kind, status,
    coalesce(allow_failure, false) as allow_failure, failure_reason, coalesce(retried, false) as retried,
    row_number() over (partition by project_id, pipeline_id, name order by id) as attempt,
    created_at, began_at - to_microseconds((1e6 * coalesce(queued_for, 0))::bigint) as queued_at, began_at,
    greatest(began_at, if(began_at is null, null, stopped_at)) as ended_at,
    case when began_at is null then null when kind = 'bridge' then greatest(epoch(stopped_at - began_at), 0)
         else coalesce(duration, greatest(epoch(stopped_at - began_at), 0)) end as run_time,
    if(began_at is null, null, queued_for) as queue_time,
    case
        when forge = 'github' and regexp_matches(runner_description, '^GitHub Actions \d+$')
            then 'GitHub Actions (hosted)'
        else coalesce(nullif(runner_description, ''), '#' || runner_id)
    end as runner,
    coalesce(web_link(web_url), web_link(project_web_url) || '/-/jobs/' || id) as job_web_url
from told
