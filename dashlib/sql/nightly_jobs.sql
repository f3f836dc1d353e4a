-- One row per job of a run of a nightly, as its latest attempt ended: child pipelines' jobs count for the run.
-- The latest attempt decides: a retried attempt that passed later is no failure of the night.
-- allow_failure is true where the job, or the trigger job that started its child pipeline, is allowed to fail. GitHub
-- does not say so (continue-on-error): there, a job that failed in a run that passed was.
-- A trigger job is left out where jobs of the pipeline it started are here; a failed one only where one of them failed,
-- too: its failure is theirs.
with latest as (
    select n.project_id, n.run_id, n.pipeline_id, n.trigger_name,
           n.allowed or coalesce(r.source = 'github' and p.status = 'success', false) as allowed, j.* exclude (project_id, pipeline_id)
    from nightly_pipelines n
    join jobs j on j.project_id = n.project_id and j.pipeline_id = n.pipeline_id
    left join projects r on r.id = n.project_id
    left join pipelines p on p.project_id = n.project_id and p.id = n.pipeline_id
    where not coalesce(j.retried, false)
)
select
    l.project_id, l.run_id, l.pipeline_id, l.id as job_id, l.kind, l.name as job_name, l.trigger_name, l.stage, l.status,
    l.status = 'failed' as is_failed,
    l.status in ('failed', 'success') as has_verdict,
    coalesce(l.allow_failure, false) or l.allowed as allow_failure,
    l.failure_reason, l.runner_id, l.runner_description, l.started_at, l.finished_at, l.duration, l.queued_duration,
    l.username, l.web_url
from latest l
where l.kind is distinct from 'bridge'
   or not exists (
       select 1 from latest c
       where c.project_id = l.project_id and c.pipeline_id = l.downstream_pipeline_id
         and (c.status = 'failed' or l.status is distinct from 'failed')
   )
