-- One row per scheduled pipeline whose schedule is not known (GitLab's lists do not say it, and some versions cannot be
-- asked), and the schedule it is taken for: one of its project with the same ref, if the run came on its time (at most
-- DASH_LATE_HOURS after it; the nearest time decides). Whether it fills that time, nightly_fills says.
select r.project_id, r.id as pipeline_id, s.schedule_id, s.expected_at, s.off_cause, s.repeated, s.repeat_of,
       r.created_at
from (
    select project_id, id, ref, created_at, created_at + interval 1 minute as reach
    from pipelines where source = 'schedule' and schedule_id is null
) r
asof join (
    select s.*, c.ref
    from schedule_slots s
    join schedules c on c.project_id = s.project_id and c.id = s.schedule_id
) s on s.project_id = r.project_id and s.ref = r.ref and s.expected_at <= r.reach
where r.created_at <= s.expected_at + late_after()
