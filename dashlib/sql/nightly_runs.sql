-- One row per run of a nightly: a pipeline that a schedule started, its child pipelines folded in.
-- night is the team's day on which its schedule was to run (see nightly_run_nights). state is one of
-- passed; failed (the pipeline failed, or a job of a child pipeline did that was not allowed to);
-- warned (passed, but jobs that are allowed to fail did); canceled (not a failure: somebody or GitLab stopped it);
-- running (not finished: created, waiting, preparing, pending, scheduled too); manual (waits for somebody); skipped.
-- severity orders states, 1 is the worst: a cell that holds several shows the first of them.
-- failed_jobs counts failures that were not allowed, failed_allowed_jobs those that were. expected_at is the
-- time that the run fills (see nightly_fills), null where it fills none. is_extra marks a run that somebody started
-- beside others of its night and that fills no time: it changes nothing of the night. is_last marks the run that
-- decides: of those that are not extra, the one of the night's last time, else the newest. person is whose account ran
-- it.
with counted as (
    select project_id, run_id,
           count(*) as jobs,
           count(*) filter (is_failed and not allow_failure) as failed_jobs,
           count(*) filter (is_failed and allow_failure) as failed_allowed_jobs
    from nightly_jobs group by all
), runs as (
    select
        coalesce(r.source, 'gitlab') as forge, p.project_id, r.path_with_namespace, r.namespace, d.schedule_id,
        d.schedule_description, d.night,
        d.expected_at, d.by_hand,
        coalesce(d.by_hand and d.expected_at is null, false) as is_unasked,
        is_unasked and not bool_and(is_unasked) over (
            partition by p.project_id, d.schedule_id, d.night
        ) as is_extra,
        p.id as pipeline_id,
        coalesce(web_link(p.web_url), web_link(r.web_url) || '/-/pipelines/' || p.id) as pipeline_web_url,
        p.ref, p.sha, p.status,
        case
            when p.status in ('canceled', 'canceling') then 'canceled'
            when p.status in ('skipped', 'manual') then p.status
            when p.status = 'failed' then 'failed'
            when p.status = 'success' and c.failed_jobs > 0 then 'failed'
            when p.status = 'success' and c.failed_allowed_jobs > 0 then 'warned'
            when p.status = 'success' then 'passed'
            else 'running'
        end as state,
        coalesce(c.failed_jobs, 0) as failed_jobs,
        coalesce(c.failed_allowed_jobs, 0) as failed_allowed_jobs,
        coalesce(c.jobs, 0) as jobs,
        p.created_at, p.started_at, p.finished_at, p.duration, coalesce(p.username, d.owner_username) as username
    from pipelines p
    join nightly_pipelines n on n.project_id = p.project_id and n.run_id = p.id and n.pipeline_id = p.id
    join projects r on r.id = p.project_id
    join nightly_run_nights d on d.project_id = p.project_id and d.run_id = p.id
    left join counted c on c.project_id = p.project_id and c.run_id = p.id
)
select runs.* exclude (forge, is_unasked),
       list_position(['failed', 'running', 'canceled', 'manual', 'warned', 'passed', 'skipped'], runs.state) as severity,
       row_number() over (
           partition by runs.project_id, schedule_id, night
           order by is_extra, coalesce(expected_at, created_at) desc, created_at desc, pipeline_id desc
       ) = 1 as is_last,
       a.person
from runs
left join accounts a on a.source = runs.forge and a.username = runs.username
