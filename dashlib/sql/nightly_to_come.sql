-- One row per time at which a schedule is to run and that is still to come, up to the end of the team's tomorrow.
-- night is the team's day (DASH_TIMEZONE) of that time. Of schedules that count as nightlies and are on. is_evening: it
-- lies at or after DASH_REPORT_BY: the morning note of that day does not wait for it.
select
    n.project_id, n.path_with_namespace, n.namespace, n.schedule_id, n.schedule_description, n.person,
    team_day(s.expected_at) as night, s.expected_at, is_evening(s.expected_at) as is_evening
from schedule_slots s
join nightly_schedules n on n.project_id = s.project_id and n.schedule_id = s.schedule_id
where s.expected_at > utc_now() and s.off_cause is null and not s.repeated and n.off_cause is null
