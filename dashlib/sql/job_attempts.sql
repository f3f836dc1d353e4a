-- One row per attempt of a job (kind build) that ended with a verdict: any branch, child pipelines too.
-- outcome: passed; failed (by its own doing, as far as anybody knows); infrastructure (what ran it failed, not what it
-- ran: the runner, the network, the registry, the disk, fetching the repository). A rule that spoke on its log decides
-- by its category, without one GitLab's failure_reason does. Out of memory and time-outs count as the job's own.
-- Canceled, skipped, waiting and running jobs are not here: they say nothing. Nor what a rule calls canceled.
-- sha is the commit it ran on. lane tells what may be compared: runs of one lane on one commit run the same thing. Each
-- schedule is a lane (its variables are its own); pushes, merge requests and runs by hand are one (on GitHub one per
-- workflow); child pipelines have a lane per trigger job. What a trigger, the API or another repository starts may be
-- given other variables each time: there each pipeline is a lane.
-- is_mainline: it ran for a schedule, or on the default branch. person: who set the pipeline off (for a child: its
-- parent), null for schedules and where the parent is not known; is_bot: that is a robot. ended_at is when the attempt ended; slot is when it began.
-- runner: its description, with its number where several have the same; GitHub's hosted machines, each of which lives
-- for one job, are one.
with links as (
    select project_id, downstream_pipeline_id as pipeline_id, max(pipeline_id) as parent_id,
           arg_max(name, pipeline_id) as trigger_name
    from jobs
    where kind = 'bridge' and downstream_pipeline_id is not null
      and coalesce(downstream_project_id, project_id) = project_id
    group by all
), parents as (
    select p.project_id, p.id as pipeline_id, coalesce(l.parent_id, p.parent_pipeline_id) as parent_id,
           coalesce(l.trigger_name, '?') as trigger_name
    from pipelines p
    left join links l on l.project_id = p.project_id and l.pipeline_id = p.id
    where p.source = 'parent_pipeline'
), roots as (
    select p.project_id, p.id as pipeline_id, p.id as root_id, cast(null as varchar) as below
    from pipelines p where p.source is distinct from 'parent_pipeline'
    union all
    select c.project_id, c.pipeline_id, coalesce(g.parent_id, c.parent_id),
           concat_ws(' / ', g.trigger_name, c.trigger_name)
    from parents c
    left join parents g on g.project_id = c.project_id and g.pipeline_id = c.parent_id
), begun as (
    select o.project_id, o.pipeline_id, r.created_at, p.source as source, r.source as root_source, p.sha,
           coalesce(r.ref, p.ref) as ref, coalesce(r.user_id, p.user_id) as user_id,
           coalesce(r.username, p.username) as username,
           case
               when r.source = 'schedule' then 'schedule ' || coalesce(r.schedule_id::varchar, r.ref, '?')
               when r.source in (
                   'push', 'merge_request_event', 'web', 'external_pull_request_event', 'pull_request',
                   'pull_request_target', 'merge_group', 'workflow_dispatch'
               ) then 'commit'
               else 'pipeline ' || coalesce(r.id, p.id)
           end || if(j.source = 'github', ' ' || coalesce(p.name, ''), '') || coalesce(' / ' || o.below, '') as lane,
           coalesce(
               r.source = 'schedule' or (r.ref = j.default_branch and r.source is distinct from 'merge_request_event'),
               false
           ) as is_mainline
    from roots o
    join pipelines p on p.project_id = o.project_id and p.id = o.pipeline_id
    join projects j on j.id = o.project_id
    left join pipelines r on r.project_id = o.project_id and r.id = o.root_id
), shared as (
    select runner_description from jobs where runner_id is not null
    group by runner_description having count(distinct runner_id) > 1
), ended as (
    select j.*,
           case
               when j.status = 'success' then 'passed'
               when f.state = 'explained' and f.category = 'canceled' then null
               when f.state = 'explained'
                   then if(f.category in ('runner_system', 'network', 'docker_registry', 'git_checkout', 'disk_full'),
                           'infrastructure', 'failed')
               when j.failure_reason in (
                   'runner_system_failure', 'stuck_pending_with_matching_runners', 'stuck_pending_no_matching_runners',
                   'scheduler_failure', 'runner_interrupted', 'data_integrity_failure', 'api_failure',
                   'runner_external_dependency_failure', 'image_pull_failure'
               ) then 'infrastructure'
               else 'failed'
           end as outcome,
           if(j.status = 'failed' and f.state = 'explained', f.category, null) as category
    from jobs j
    left join failures f on f.project_id = j.project_id and f.job_id = j.id
    where j.kind = 'build' and j.status in ('success', 'failed')
)
select
    j.project_id, p.path_with_namespace, p.namespace, j.id as job_id, j.name as job_name, j.pipeline_id,
    b.source as pipeline_source, b.created_at as pipeline_created_at, coalesce(j.ref, b.ref) as ref,
    coalesce(j.sha, b.sha) as sha, coalesce(b.lane, 'pipeline ' || j.pipeline_id) as lane,
    coalesce(b.is_mainline, false) as is_mainline,
    j.outcome, coalesce(j.category, 'unknown') as category, j.failure_reason, coalesce(j.allow_failure, false) as allow_failure,
    coalesce(j.finished_at, j.started_at, j.created_at) as ended_at, j.started_at,
    coalesce(j.started_at, j.finished_at, j.created_at) as slot, j.duration, j.queued_duration,
    case
        when p.source = 'github' and regexp_matches(j.runner_description, '^GitHub Actions \d+$')
            then 'GitHub Actions (hosted)'
        when s.runner_description is not null and j.runner_id is not null
            then j.runner_description || ' #' || j.runner_id
        else coalesce(nullif(j.runner_description, ''), '#' || j.runner_id)
    end as runner,
    coalesce(nullif(replace(j.runner_type, '_type', ''), ''), 'not told') as runner_type,
    if(coalesce(b.root_source, 'schedule') = 'schedule', null,
       coalesce(a.person, coalesce(p.source, 'gitlab') || ':' || coalesce(b.user_id::varchar, b.username))) as person,
    coalesce(a.is_bot, bot_word(b.username)) as is_bot,
    coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.id) as job_web_url
from ended j
join projects p on p.id = j.project_id
left join begun b on b.project_id = j.project_id and b.pipeline_id = j.pipeline_id
left join shared s on s.runner_description = j.runner_description
left join accounts a on a.source = coalesce(p.source, 'gitlab') and a.id = b.user_id
where j.outcome is not null
