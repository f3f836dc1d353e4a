-- One row per scheduled pipeline that began at or after an expected time of its schedule, and whether it fills it.
-- A run belongs to the nearest earlier expected time (a minute of grace: clocks differ). The first run of each fills it,
-- whenever it came: GitLab starts nothing twice, and makes up for nothing that it missed. Others are extra runs.
-- by_hand: it began more than DASH_LATE_HOURS after its time, or beside the run that fills it. GitLab does not say who
-- pressed "play" (its source is "schedule" as well); after so long it was somebody, or GitLab itself had stood still.
-- A time at which the schedule was off is filled only by a run on time: it was on after all.
-- A run whose schedule is not known fills the time it is taken for (nightly_guesses) where no run of that schedule does.
with placed as (
    select r.project_id, s.schedule_id, r.pipeline_id, s.expected_at, s.off_cause, r.created_at, true as is_linked
    from (
        select project_id, schedule_id, id as pipeline_id, created_at, created_at + interval 1 minute as reach
        from pipelines where source = 'schedule' and schedule_id is not null
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
)
select project_id, schedule_id, pipeline_id, expected_at,
       is_first and (off_cause is null or not is_late) as fills,
       is_late or not is_first as by_hand
from ranked
where is_linked or is_first
