-- One row per scheduled pipeline that began at or after an expected time of its schedule, and the time that it fills.
-- A run belongs to the nearest earlier expected time (a minute of grace: clocks differ). The first run of each fills it,
-- whenever it came: GitLab starts nothing twice, and makes up for nothing that it missed. A further run fills the
-- nearest earlier time of the same night at which nothing ran: somebody made up for it. Where there is none it is an
-- extra run; it makes up for no other night, for what failed today says nothing of a night weeks ago. Nor does a run
-- make up for a time still to come: one before the night's first time leaves the night missing where nothing runs then.
-- expected_at is the time that the run fills, else the one that it belongs to; fills tells which.
-- by_hand: it began more than DASH_LATE_HOURS after its time, or beside the run that fills it. GitLab does not say who
-- pressed "play" (its source is "schedule" as well); after so long it was somebody, or GitLab itself had stood still.
-- A time at which the schedule was off is filled only by a run on time: it was on after all. So is the second of two
-- equal times in autumn, which nobody misses.
-- Since its cron line cannot be read a schedule has no times: its runs then belong to none.
-- A run whose schedule is not known fills the time it is taken for (nightly_guesses) where no run of that schedule does.
with unread as (
    select e.project_id, e.schedule_id, max(e.valid_from) as since
    from bookkeeping.schedule_editions e
    join bookkeeping.schedules_read r on r.project_id = e.project_id and r.schedule_id = e.schedule_id
    where r.problem is not null
    group by all
), placed as (
    select r.project_id, s.schedule_id, r.pipeline_id, s.expected_at, s.off_cause, s.repeated, s.repeat_of,
           r.created_at, true as is_linked
    from (
        select p.project_id, p.schedule_id, p.id as pipeline_id, p.created_at,
               p.created_at + interval 1 minute as reach
        from pipelines p
        left join unread u on u.project_id = p.project_id and u.schedule_id = p.schedule_id
        where p.source = 'schedule' and p.schedule_id is not null
          and (u.since is null or p.created_at < u.since)
    ) r
    asof join schedule_slots s
        on s.project_id = r.project_id and s.schedule_id = r.schedule_id and s.expected_at <= r.reach
    union all by name
    select *, false as is_linked from nightly_guesses
), ranked as (
    select *,
           created_at > expected_at + late_after() as is_late,
           row_number() over (
               partition by project_id, schedule_id, expected_at order by is_linked desc, created_at, pipeline_id
           ) = 1 as is_first
    from placed
), judged as (
    select *, is_first and (off_cause is null and not repeated or not is_late) as is_filling from ranked
), further as (
    select project_id, schedule_id, team_day(expected_at) as night, pipeline_id, created_at as moment, -1 as step
    from judged where is_linked and not is_filling
), open_times as (
    select s.project_id, s.schedule_id, team_day(s.expected_at) as night, s.expected_at, s.expected_at as moment,
           1 as step
    from schedule_slots s
    where s.off_cause is null and not s.repeated
      and (s.project_id, s.schedule_id, team_day(s.expected_at)) in (
          select (project_id, schedule_id, night) from further
      )
      and not exists (
          -- In autumn it ran when the clock showed the time again.
          select 1 from judged p
          where p.is_filling and p.project_id = s.project_id and p.schedule_id = s.schedule_id
            and coalesce(p.repeat_of, p.expected_at) = s.expected_at
      )
), heights as (
    -- Each open time is laid on a pile, each further run takes the uppermost one away.
    select *, sum(step) over (
        partition by project_id, schedule_id, night order by moment, step desc, pipeline_id rows unbounded preceding
    ) as height
    from (select * from open_times union all by name select * from further)
), levels as (
    select *, height - least(step, 0) - least(0, min(height) over (
        partition by project_id, schedule_id, night order by moment, step desc, pipeline_id rows unbounded preceding
    )) as level
    from heights
), made_up as (
    select project_id, pipeline_id,
           lag(expected_at) over (
               partition by project_id, schedule_id, night, level order by moment, step desc, pipeline_id
           ) as made_up_at
    from levels
    qualify step = -1
)
select r.project_id, r.schedule_id, r.pipeline_id, coalesce(m.made_up_at, r.expected_at) as expected_at,
       r.is_filling or m.made_up_at is not null as fills,
       r.is_late or not r.is_first as by_hand
from judged r
left join made_up m on m.project_id = r.project_id and m.pipeline_id = r.pipeline_id
where r.is_linked or r.is_first
