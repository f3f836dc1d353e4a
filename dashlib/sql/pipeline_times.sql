-- One row per pipeline, whatever became of it, child pipelines too (is_child), with how long it ran and waited.
-- run_time: seconds in which at least one of its jobs ran, as GitLab's duration has it: jobs beside each other count once,
-- waiting and retried attempts do not count. Only of pipelines that passed or failed: a canceled one was cut short,
-- a skipped, manual or running one has none (yet). GitLab's own number, told by a detail or a webhook, holds the jobs of
-- its child pipelines, too; worked out where only lists were read it holds its own jobs alone.
-- queue_time: GitLab's queued_duration, seconds from creation until its first job began, which GitLab leaves out where it
-- is nought; whoever had to start its first job by hand is waited for as well. Null while nothing has begun.
-- verdict: passed, failed, or null (canceled, skipped, manual, still running: none). A pipeline with nothing but allowed
-- failures passed. A success rate is passed / (passed + failed).
-- A child pipeline is part of another one of its repository: who counts pipelines leaves it out, or counts work twice.
-- ref_group: merge requests together, tags together, each branch by its name. person: who set it off, null for
-- schedules and for what another pipeline started.
with tagged as (
    select distinct project_id, pipeline_id from jobs where tag
)
select
    p.project_id, r.path_with_namespace, r.namespace, p.id as pipeline_id, coalesce(p.source, 'unknown') as source,
    p.name, p.schedule_id, p.ref,
    case
        when starts_with(p.ref, 'refs/merge-requests/') or p.source in (
            'merge_request_event', 'external_pull_request_event', 'pull_request', 'pull_request_target', 'merge_group'
        ) then 'merge requests'
        when p.tag or t.pipeline_id is not null then 'tags'
        else coalesce(p.ref, 'unknown')
    end as ref_group,
    p.sha, p.status, case p.status when 'success' then 'passed' when 'failed' then 'failed' end as verdict,
    p.created_at, p.started_at, p.finished_at,
    if(p.status in ('success', 'failed') and p.started_at is not null, p.duration, null) as run_time,
    if(p.started_at is null, null, greatest(coalesce(p.queued_duration, epoch(p.started_at - p.created_at)), 0)) as queue_time,
    coalesce(p.source = 'parent_pipeline', false) as is_child,
    if(
        coalesce(p.source, '') in ('schedule', 'parent_pipeline', 'pipeline', 'workflow_run') or p.parent_pipeline_id is not null,
        null, coalesce(a.person, coalesce(r.source, 'gitlab') || ':' || coalesce(p.user_id::varchar, p.username))
    ) as person,
    coalesce(web_link(p.web_url), web_link(r.web_url) || '/-/pipelines/' || p.id) as web_url
from pipelines p
join projects r on r.id = p.project_id
left join tagged t on t.project_id = p.project_id and t.pipeline_id = p.id
left join accounts a on a.source = coalesce(r.source, 'gitlab') and a.id = p.user_id
