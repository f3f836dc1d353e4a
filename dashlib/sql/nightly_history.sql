-- One row per schedule that ever had a verdict (passed, warned or failed): how its nights went, in order, up to now.
-- Only nights with a verdict count: canceled, unfinished, late, missing and off ones neither begin nor end anything;
-- passed and warned are green. last_night and last_state are those of the last verdict. streak is how many verdicts up to
-- it have one colour, is_red which; red_since the first night of the present row of failures (null while it is green).
-- first_red_night is the first failure ever stored. Of the 30 days up to the newest night of all: nights_30 verdicts,
-- reds_30 failures among them, flips_30 changes between green and red, missing_30 nights that never ran.
-- A failure that came to an end lasted days_to_green days on average, from its first red night to the next green one.
with cells as materialized (
    select project_id, path_with_namespace, namespace, schedule_id, schedule_description, night, state
    from nightly_changes
), newest as materialized (
    select max(night) as night from cells
), nights as (
    select *, state = 'failed' as red from cells where state in ('passed', 'warned', 'failed')
), gone as (
    select project_id, schedule_id, count(*) as missing_30
    from cells
    where state = 'missing' and night > (select night from newest) - 30
    group by all
), turned as (
    select *, red <> lag(red, 1, red) over series as flipped
    from nights window series as (partition by project_id, schedule_id order by night)
), numbered as (
    select *,
           sum(flipped::integer) over (
               partition by project_id, schedule_id order by night rows unbounded preceding
           ) as episode
    from turned
), episodes as (
    select project_id, schedule_id, episode, red, min(night) as begun, count(*) as nights
    from numbered group by all
), lasted as (
    select *,
           lead(begun) over series - begun as days,
           lead(begun) over series is null as is_present
    from episodes window series as (partition by project_id, schedule_id order by episode)
), told as (
    select project_id, schedule_id,
           max(nights) filter (is_present) as streak,
           bool_or(red) filter (is_present) as is_red,
           max(begun) filter (is_present and red) as red_since,
           min(begun) filter (red) as first_red_night,
           avg(days) filter (red) as days_to_green
    from lasted group by all
), recent as (
    select project_id, schedule_id,
           any_value(path_with_namespace) as path_with_namespace, any_value(namespace) as namespace,
           any_value(schedule_description) as schedule_description,
           max(night) as last_night, max_by(state, night) as last_state,
           count(*) filter (night > newest - 30) as nights_30,
           count(*) filter (red and night > newest - 30) as reds_30,
           count(*) filter (flipped and night > newest - 30) as flips_30
    from turned cross join (select night as newest from newest)
    group by project_id, schedule_id
)
select r.project_id, r.path_with_namespace, r.namespace, r.schedule_id, r.schedule_description, r.last_night,
       r.last_state, t.streak, t.is_red, t.red_since, t.first_red_night, r.nights_30, r.reds_30, r.flips_30,
       coalesce(g.missing_30, 0) as missing_30, t.days_to_green
from recent r
join told t on t.project_id = r.project_id and t.schedule_id is not distinct from r.schedule_id
left join gone g on g.project_id = r.project_id and g.schedule_id is not distinct from r.schedule_id
