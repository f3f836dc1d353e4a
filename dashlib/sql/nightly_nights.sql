-- One row per repository, schedule and night that ran: the run of the night's last time decides (is_last of
-- nightly_runs), not what somebody started beside. A night of which only such runs are known, and none at the times at
-- which one was expected, did not run: nightly_cells tells that it is missing, or late still.
-- previous_state is what the last earlier night with a verdict (passed, warned, failed) said: canceled, skipped and
-- unfinished nights say nothing. is_new: failed now, and not before. is_recovered: failed before, and not now.
-- red_since is the first night of an unbroken row of failed verdicts; nights_red counts them.
with decided as (
    select *,
           count(*) over (partition by project_id, schedule_id, night) as runs,
           case when state in ('passed', 'warned', 'failed') then state end as verdict
    from nightly_runs
    qualify is_last
), before as (
    select *,
           lag(verdict ignore nulls) over series as previous_state,
           count(*) filter (verdict in ('passed', 'warned')) over (
               partition by project_id, schedule_id order by night
               rows between unbounded preceding and 1 preceding
           ) as greens_before
    from decided
    window series as (partition by project_id, schedule_id order by night)
)
select * exclude (greens_before),
       state = 'failed' and previous_state is distinct from 'failed' as is_new,
       coalesce(verdict in ('passed', 'warned') and previous_state = 'failed', false) as is_recovered,
       case when state = 'failed' then
           min(night) filter (verdict = 'failed') over (partition by project_id, schedule_id, greens_before)
       end as red_since,
       case when state = 'failed' then
           count(*) filter (verdict = 'failed') over (
               partition by project_id, schedule_id, greens_before order by night
           )
       end as nights_red
from before
