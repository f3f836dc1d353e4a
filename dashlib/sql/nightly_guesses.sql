-- One row per scheduled pipeline whose schedule is not known (GitLab's lists do not say it, and some versions cannot be
-- asked), and the schedule it is taken for: one of its project with the same ref that was to run (off ones were not),
-- if the run came on its time (at most DASH_LATE_HOURS after it; the nearest time decides). Of several schedules with
-- one ref and time each is given a run, in the order in which they came: first those that no run of their own came to,
-- then by id; what is left over is taken for the last of them. Whether a run fills that time, nightly_fills says.
with runs as materialized (
    select project_id, id, ref, created_at, created_at + interval 1 minute as reach
    from pipelines where source = 'schedule' and schedule_id is null
), times as materialized (
    select s.project_id, c.ref, s.schedule_id, s.expected_at, s.repeated, s.repeat_of
    from schedule_slots s
    join schedules c on c.project_id = s.project_id and c.id = s.schedule_id
    where s.off_cause is null and s.project_id in (select project_id from runs)
), came as (
    select r.*, t.expected_at,
           row_number() over (partition by r.project_id, r.ref, t.expected_at order by r.created_at, r.id) as place
    from runs r
    asof join (select distinct project_id, ref, expected_at from times) t
        on t.project_id = r.project_id and t.ref = r.ref and t.expected_at <= r.reach
    where r.created_at <= t.expected_at + late_after()
), own as (
    select distinct t.project_id, t.schedule_id, t.expected_at
    from (
        select project_id, schedule_id, created_at + interval 1 minute as reach
        from pipelines
        where source = 'schedule' and schedule_id is not null and project_id in (select project_id from runs)
    ) p
    asof join schedule_slots t
        on t.project_id = p.project_id and t.schedule_id = p.schedule_id and t.expected_at <= p.reach
), places as (
    select t.*,
           row_number() over (
               partition by t.project_id, t.ref, t.expected_at
               order by o.expected_at is not null, t.repeated, t.schedule_id
           ) as place,
           count(*) over (partition by t.project_id, t.ref, t.expected_at) as places
    from times t
    left join own o
        on o.project_id = t.project_id and o.schedule_id = t.schedule_id and o.expected_at = t.expected_at
)
select c.project_id, c.id as pipeline_id, p.schedule_id, p.expected_at, p.repeated, p.repeat_of, c.created_at
from came c
join places p
    on p.project_id = c.project_id and p.ref = c.ref and p.expected_at = c.expected_at
    and p.place = least(c.place, p.places)
