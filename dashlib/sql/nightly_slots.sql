-- One row per expected or real night of a schedule: each time it was to run, and each run beside (expected_at is null).
-- night is the team's day (DASH_TIMEZONE) of the expected time; of a run beside, that of the last expected time before
-- it, else of its creation; a run past midnight belongs to the night it was expected in. Times come from the schedule's
-- cron line in its own zone, up to now: every minute at which a clock there shows it. What a clock skips in spring is
-- not expected, what it shows twice in autumn once (a second run is the schedule's own). Daily, weekly and hourly
-- schedules alike: an hourly one has many rows a night, see nightly_cells. Cron lines closer than GitLab looks for due
-- schedules (every ten minutes) count once per look.
-- state is one of
-- passed; failed; warned (only jobs that are allowed to fail did); canceled (somebody or GitLab stopped it, or skipped
-- all of it: no verdict); running (not at its end: created, pending, waiting for somebody to start a manual job, too):
-- what nightly_runs says of the run that fills the time, see nightly_fills;
-- late (nothing ran yet; at most DASH_LATE_HOURS ago, or its project was not read since: is_unread); missing (nothing
-- ran); off (nothing ran, and nothing should: the schedule was off, its project archived or without CI/CD).
-- Where a run fills the time its state holds, by hand too (by_hand): a time that lost its own run shows what somebody
-- started beside it, if anybody did. A run without expected time is an extra run, a run
-- of a schedule that is not known or cannot be read, or of a time whose cron line is not known.
-- Since when: not before the schedule was created, nor before the window in which its project's pipelines were read,
-- nor before the day of the oldest pipeline of all (all of that day: whether its times before that pipeline ran, nobody
-- can know; they count as missing). Of an edited cron line each time keeps the line of its day, as far as a sync met
-- it; GitLab tells only the present one. At the first look the present one counts, unless earlier runs came at other
-- times as a clock starts them (dashlib/nightlies/editions.py): then what ran is shown, and nothing is missing there. A
-- schedule that is off was off since GitLab's last change of it (an archived project since its own), and has no nights
-- after it was deleted.
-- cause, of missing and off ones, and of late ones where it is known: off_cause of that day (nightly_schedules); else
-- what is likely: unlinked_run (a run whose schedule is not known came at that time), then, unless the schedule ran by
-- itself since, what is against its owner now (owner_trouble), no_next_run (GitLab has planned none); else not_read
-- (is_unread), unknown.
-- is_extra: the run changes nothing of its night, beside one that ran or beside its missing times (nightly_runs); false
-- where nothing ran.
-- previous_pipeline_id is the newest earlier run of the schedule. url leads to the run, else to the schedules.
with clock as (
    select now() at time zone 'UTC' as at
), read as (
    select project_id, max(completed_at) as read_at
    from bookkeeping.passes where resource = 'pipelines' group by all
), runs as materialized (
    select * from nightly_runs
), own as (
    select project_id, schedule_id, max(expected_at) as last_at from runs where not by_hand group by all
), unlinked as (
    select project_id, created_at from runs where schedule_id is null
), expected as (
    select s.project_id, s.schedule_id, s.expected_at, s.repeated, s.off_cause
    from schedule_slots s, clock
    where s.expected_at <= clock.at
), looked as (
    select
        e.project_id, s.path_with_namespace, s.namespace, e.schedule_id, s.schedule_description, e.expected_at,
        e.off_cause, s.off_cause as off_now, s.owner_trouble, s.next_run_at, s.ref, s.owner_username, s.person,
        s.schedules_web_url, clock.at <= e.expected_at + late_after() as is_early,
        coalesce(
            e.off_cause is null and clock.at > e.expected_at + late_after()
            and s.off_cause is distinct from 'project_archived' and d.read_at < e.expected_at + late_after(),
            false
        ) as is_unread
    from expected e
    cross join clock
    join nightly_schedules s on s.project_id = e.project_id and s.schedule_id = e.schedule_id
    left join read d on d.project_id = e.project_id
    where not e.repeated
      and not exists (
          select 1 from runs r
          where r.project_id = e.project_id and r.schedule_id = e.schedule_id and r.expected_at = e.expected_at
      )
      and not exists (
          -- In autumn it ran when the clock showed the time again.
          select 1 from runs r
          join schedule_slots t
              on t.project_id = r.project_id and t.schedule_id = r.schedule_id and t.expected_at = r.expected_at
          where r.project_id = e.project_id and r.schedule_id = e.schedule_id and t.repeat_of = e.expected_at
      )
), unfilled as (
    select
        e.project_id, e.path_with_namespace, e.namespace, e.schedule_id, e.schedule_description,
        team_day(e.expected_at) as night, e.expected_at,
        case when e.off_cause is not null then 'off' when is_early or is_unread then 'late' else 'missing' end as state,
        case
            when e.off_cause is not null then e.off_cause
            when exists (
                select 1 from unlinked u
                where u.project_id = e.project_id
                  and u.created_at between e.expected_at - interval 1 minute and e.expected_at + late_after()
            ) then 'unlinked_run'
            else coalesce(
                case when e.expected_at > o.last_at or o.last_at is null then coalesce(
                    e.owner_trouble, case when e.off_now is null and e.next_run_at is null then 'no_next_run' end
                ) end,
                case when is_unread then 'not_read' when not is_early then 'unknown' end
            )
        end as cause,
        e.is_unread, e.ref, e.owner_username as username, e.person, e.schedules_web_url as url
    from looked e
    left join own o on o.project_id = e.project_id and o.schedule_id = e.schedule_id
), nights as (
    select project_id, path_with_namespace, namespace, schedule_id, schedule_description, night, expected_at,
           pipeline_id,
           case state when 'manual' then 'running' when 'skipped' then 'canceled' else state end as state,
           cast(null as varchar) as cause, false as is_unread, by_hand, is_extra,
           status, failed_jobs, failed_allowed_jobs, created_at, started_at,
           finished_at, duration, ref, sha, username, person, pipeline_web_url as url
    from runs
    union all by name
    select *, false as is_extra from unfilled
)
select *,
       last_value(pipeline_id ignore nulls) over (
           partition by project_id, schedule_id order by coalesce(created_at, expected_at), pipeline_id
           rows between unbounded preceding and 1 preceding
       ) as previous_pipeline_id
from nights
