-- One row per schedule and night, expected or real: the rows of nightly_slots of one night in one.
-- state is that of the run that decides, as in nightly_nights: the one of the last time at which anything ran, by itself
-- or by hand. What somebody started beside it, or to make up for an earlier time of the night, does not decide:
-- extra_state, extra_at and extra_url tell how the newest of such runs ended, when it was created and where it is (null
-- where there is none).
-- Where nothing ran at any of its times: late while anything is late, else missing if anything is, whatever ran before
-- the first of them (it is beside, and no night of nightly_nights), else off. So a night counts as missing when nothing
-- ran at its times; of an hourly schedule missing says how many of its expected times nobody ran.
-- pipeline_id, by_hand, cause, is_unread, failed_jobs, duration and url are those of the row that decides; expected
-- counts the times at which the schedule was to run, expected_at is the first of them: those at which it was off are no
-- such times, unless it was off at all of them. runs counts the pipelines, extra_runs those of them that change nothing;
-- missing, late and off the times that nothing filled, failed_runs the other pipelines that failed, whatever came after
-- them; passed_since those of them after which one passed. late_at is the newest of the late times. first_at is expected_at,
-- else when the first pipeline was created; is_evening: it lies at or after DASH_REPORT_BY, so the morning note of the
-- day after tells of the cell.
with cells as (
    select
        project_id, any_value(path_with_namespace) as path_with_namespace, any_value(namespace) as namespace,
        schedule_id, any_value(schedule_description) as schedule_description, night,
        arg_max(state, decides) as state,
        any_value(cause) filter (decides = last_decides) as cause,
        coalesce(bool_or(is_unread) filter (decides = last_decides), false) as is_unread,
        coalesce(min(expected_at) filter (state <> 'off'), min(expected_at)) as expected_at,
        max(pipeline_id) filter (decides = last_decides) as pipeline_id,
        coalesce(bool_or(by_hand) filter (decides = last_decides), false) as by_hand,
        any_value(failed_jobs) filter (decides = last_decides) as failed_jobs,
        any_value(failed_allowed_jobs) filter (decides = last_decides) as failed_allowed_jobs,
        any_value(duration) filter (decides = last_decides) as duration,
        any_value(url) filter (decides = last_decides) as url,
        arg_max(state, (created_at, pipeline_id)) filter (is_beside) as extra_state,
        max(created_at) filter (is_beside) as extra_at,
        arg_max(url, (created_at, pipeline_id)) filter (is_beside) as extra_url,
        coalesce(nullif(count(expected_at) filter (state <> 'off'), 0), count(expected_at)) as expected,
        count(pipeline_id) as runs,
        count(pipeline_id) filter (is_extra) as extra_runs,
        count(*) filter (state = 'missing') as missing,
        count(*) filter (state = 'late') as late,
        max(expected_at) filter (state = 'late') as late_at,
        count(*) filter (state = 'off') as off,
        count(*) filter (state = 'failed' and not is_extra) as failed_runs,
        count(*) filter (state = 'failed' and not is_extra and created_at < passed_at) as passed_since,
        min(created_at) filter (not is_extra) as begun_at
    from (
        select *,
               max(decides) over (partition by project_id, schedule_id, night) as last_decides,
               max(created_at) filter (state in ('passed', 'warned') and not is_extra) over (
                   partition by project_id, schedule_id, night
               ) as passed_at,
               decides <> last_decides and coalesce(is_extra or created_at > next_at, false) as is_beside
        from (
            select *,
                   lead(expected_at ignore nulls) over (
                       partition by project_id, schedule_id order by expected_at nulls first
                   ) as next_at,
                   row(
                       case when pipeline_id is not null and expected_at is not null then 5
                            when state = 'late' then 4
                            when state = 'missing' then 3
                            when pipeline_id is not null and not is_extra then 2
                            when state = 'off' then 1
                            else 0 end,
                       coalesce(expected_at, created_at),
                       coalesce(pipeline_id, 0)
                   ) as decides
            from nightly_slots
        )
    )
    group by project_id, schedule_id, night
)
select * exclude (begun_at),
       coalesce(expected_at, begun_at) as first_at,
       is_evening(coalesce(expected_at, begun_at)) as is_evening
from cells
