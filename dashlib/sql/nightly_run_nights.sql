-- One row per pipeline that a schedule started, whether or not it counts as a nightly, and the night it belongs to.
-- night is the team's day (DASH_TIMEZONE) of the time at which its schedule was to run before it (see nightly_fills: a
-- run past midnight belongs to the night before, and so does one that somebody starts the next morning), else of its
-- creation. Where GitLab does not say the schedule, it is the one whose time the run fills.
-- expected_at is the time that it fills, null where it fills none; by_hand as in nightly_fills.
select p.project_id, p.id as run_id, coalesce(p.schedule_id, f.schedule_id) as schedule_id,
       s.description as schedule_description, s.owner_username,
       team_day(coalesce(f.expected_at, p.created_at)) as night,
       case when f.fills then f.expected_at end as expected_at, f.by_hand
from pipelines p
left join nightly_fills f on f.project_id = p.project_id and f.pipeline_id = p.id
left join schedules s on s.project_id = p.project_id and s.id = coalesce(p.schedule_id, f.schedule_id)
where p.source = 'schedule'
