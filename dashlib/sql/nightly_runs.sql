-- One row per run of a nightly: a pipeline that a schedule started, its child pipelines folded in.
-- night is the team's day on which its schedule was to run (see nightly_run_nights). state is one of
-- passed; failed (the pipeline failed, or a job of a child pipeline did that was not allowed to);
-- warned (passed, but jobs that are allowed to fail did); canceled (not a failure: somebody or GitLab stopped it);
-- running (not finished: created, waiting, preparing, pending, scheduled too); manual (waits for somebody); skipped.
-- severity orders states, 1 is the worst: a cell that holds several shows the first of them.
-- failed_jobs counts failures that were not allowed, failed_allowed_jobs those that were. expected_at is the
-- time that the run fills (see nightly_fills), null where it fills none. is_extra marks a run that fills no time and
-- changes nothing of its night: somebody started it beside others, or the night is missing (or late) all the same,
-- since nothing ran at the times at which a run was expected: the run came before the first of them, or at one at which
-- the schedule was off. is_last marks the run that decides: of those that are not extra the one that fills the night's
-- last time, else the newest; a missing or late night has none. person is whose account ran it.
with counted as (
    select project_id, run_id,
           count(*) as jobs,
           count(*) filter (is_failed and not allow_failure) as failed_jobs,
           count(*) filter (is_failed and allow_failure) as failed_allowed_jobs
    from nightly_jobs group by all
), runs as materialized (
    select
        coalesce(r.source, 'gitlab') as forge, p.project_id, r.path_with_namespace, r.namespace, d.schedule_id,
        d.schedule_description, d.night,
        d.expected_at, d.by_hand,
        coalesce(d.by_hand and d.expected_at is null, false) as is_unasked,
        is_unasked and not bool_and(is_unasked) over of_night as is_extra,
        count(d.expected_at) over of_night > 0 as has_filled,
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
    window of_night as (partition by p.project_id, d.schedule_id, d.night)
), never_ran as (
    select distinct r.project_id, r.schedule_id, r.night
    from (
        select distinct project_id, schedule_id, night, team_day_start(night) as begins,
               team_day_start(night + 1) as ends
        from runs where not has_filled
    ) r
    join schedules c on c.project_id = r.project_id and c.id = r.schedule_id
    join schedule_slots s
        on s.project_id = r.project_id and s.schedule_id = r.schedule_id
        and s.expected_at >= r.begins and s.expected_at < r.ends
    where s.expected_at <= utc_now() and s.off_cause is null and not s.repeated
      and counts_as_nightly(c.description, c.ref, c.owner_username)
      and not exists (
          -- In autumn it ran when the clock showed the time again, on the team's next day.
          select 1 from runs f
          join schedule_slots t
              on t.project_id = f.project_id and t.schedule_id = f.schedule_id and t.expected_at = f.expected_at
          where t.project_id = s.project_id and t.schedule_id = s.schedule_id and t.repeat_of = s.expected_at
      )
), judged as (
    select r.* exclude (is_unasked, has_filled) replace (r.is_extra or n.night is not null as is_extra)
    from runs r
    left join never_ran n
        on n.project_id = r.project_id and n.schedule_id = r.schedule_id and n.night = r.night
)
select j.* exclude (forge),
       list_position(['failed', 'running', 'canceled', 'manual', 'warned', 'passed', 'skipped'], j.state) as severity,
       not j.is_extra and row_number() over (
           partition by j.project_id, schedule_id, night
           order by is_extra, expected_at is null, coalesce(expected_at, created_at) desc, created_at desc,
                    pipeline_id desc
       ) = 1 as is_last,
       a.person
from judged j
left join accounts a on a.source = j.forge and a.username = j.username
