-- How long do the nightlies take, and which grew most in the last two weeks?
with runs as (
    select path_with_namespace as repository, schedule_description as nightly, duration,
           night >= team_day(utc_now()) - 7 as is_this_week
    from nightly_runs
    where is_last and duration is not null and night >= team_day(utc_now()) - 14
)
select repository, nightly,
       round(median(duration) filter (is_this_week) / 60, 1) as minutes_now,
       round(median(duration) filter (not is_this_week) / 60, 1) as minutes_before,
       round(minutes_now - minutes_before, 1) as grew_by
from runs
group by all
order by grew_by desc nulls last
