"""Runners: how often jobs fail on them, how long jobs wait for them, how busy they are; by runner, hour and weekday.

A job belongs to the hour, day and weekday (the team's) in which it began. All answers count attempts with a verdict
(see the view job_attempts).
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "runner": "coalesce(runner, 'no runner')",
    "type": "runner_type",
    "group": "namespace",
    "repository": "path_with_namespace",
    "job": "job_name",
}
"""What the tables and the days are told by: the word in the widget and the URL, and its SQL."""
MEASURES = {
    "infrastructure": "count(*) filter (outcome = 'infrastructure') / count(*)",
    "failed": "count(*) filter (outcome <> 'passed') / count(*)",
    "queue": "quantile_cont(queued_duration, 0.95)",
    "busy": "sum(duration) / 86400",
}
"""What the cells of the heat maps tell: shares (0..1), seconds waited (95 of 100 jobs no longer), jobs at once on
average over the day."""
GRAINS = {"day": "interval 1 day", "week": "interval 7 day", "month": "interval 1 month"}
"""The periods that a column of the heat map by days may be: the word, and its length in SQL."""
# Of the first and the last week or month only the days that were chosen.
_LENGTH = """any_value(
        least(date_trunc($grain, team_day(slot))::date + {length}, ($until::date + 1)::timestamp)::date
        - greatest(date_trunc($grain, team_day(slot))::date, $since::date)
    )"""
_WEIGHT = {"queue": "count(queued_duration)"}

_HERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and ($since::date is null or slot >= team_day_start($since::date))
      and ($until::date is null or slot < team_day_start($until::date + 1))
      and chosen(runner, $runners)"""
_SUMS = """count(*) as jobs, count(*) filter (outcome <> 'passed') / count(*) as failed_share,
       count(*) filter (outcome = 'infrastructure') / count(*) as infrastructure_share,
       count(*) filter (outcome = 'infrastructure') as infrastructure_failures,
       quantile_cont(queued_duration, 0.5) as queued_p50, quantile_cont(queued_duration, 0.95) as queued_p95,
       round(sum(duration) / 60)::bigint as minutes"""
# How many jobs run at a moment changes when one begins or ends; at one moment ends come first.
_AT_ONCE = """moments as (
    select {key} as key, started_at as moment, 1 as step from here where started_at is not null and duration > 0
    union all
    select {key}, started_at + to_microseconds((duration * 1e6)::bigint), -1 from here
    where started_at is not null and duration > 0
), running as (
    select key, sum(step) over (partition by key order by moment, step rows unbounded preceding) as jobs from moments
), peaks as (
    select key, max(jobs)::bigint as at_once from running group by key
)"""

CHOICES = """
select distinct runner from job_attempts where runner is not null order by runner
"""

TOTALS = f"""
with here as (select * from job_attempts where {_HERE}), {_AT_ONCE.format(key="0")}
select {_SUMS}, count(distinct runner) as runners, (select max(at_once) from peaks) as at_once
from here
having count(*) > 0
"""

TABLE = """
with here as (select * from job_attempts where {here}), {at_once}, days as (
    select unnest(generate_series(
        coalesce($since::date, (select team_day(min(slot)) from here))::timestamp,
        coalesce($until::date, (select team_day(max(slot)) from here))::timestamp, interval 1 day
    ))::date as day
), daily as (
    select {key} as key, team_day(slot) as day, count(*) as jobs from here group by all
), spread as (
    select k.key, list(coalesce(d.jobs, 0) order by days.day) as spread
    from (select distinct key from daily) k cross join days left join daily d on d.key = k.key and d.day = days.day
    group by k.key
), summed as (
    select {key} as key, {sums}, count(distinct project_id) as repositories, any_value(runner_type) as runner_type,
           arg_max('/failure?failure=' || project_id || '-' || job_id, (ended_at, job_id))
               filter (outcome = 'infrastructure') as failure_url
    from here group by all
)
select s.key, s.* exclude (key, runner_type), if($of_runners, s.runner_type, null) as runner_type, p.at_once, d.spread
from summed s
left join peaks p on p.key = s.key
left join spread d on d.key = s.key
order by s.jobs desc, s.key
limit $rows
"""

DAYS = """
with here as (select * from job_attempts where {here}), counted as (
    select {key} as key, date_trunc($grain, team_day(slot))::date as day, count(*) as jobs, {measure} as value,
           {weight} as n
    from here group by all
), ranked as (
    select key, row_number() over (order by sum(jobs) desc, key) as rank from counted group by key
)
select key as series, day, value, n
from counted join ranked using (key)
where rank <= $top
order by series, day
"""

WEEK = """
select isodow(team_time(slot))::integer as weekday, hour(team_time(slot))::integer as hour, {measure} as value,
       {weight} as n
from job_attempts
where {here}
group by all
order by weekday, hour
"""

# The time that jobs ran is spread over the hours of the clock that they ran through.
WEEK_BUSY = f"""
with here as (
    select team_time(started_at) as began, team_time(started_at) + to_microseconds((duration * 1e6)::bigint) as ended
    from job_attempts
    where started_at is not null and duration > 0 and {_HERE}
), spread as (
    select *, unnest(generate_series(date_trunc('hour', began), ended, interval 1 hour)) as slot from here
), hours as (
    select unnest(generate_series(
        (select date_trunc('hour', min(began)) from here), (select date_trunc('hour', max(ended)) from here),
        interval 1 hour
    )) as slot
), counted as (
    select isodow(slot)::integer as weekday, hour(slot)::integer as hour, count(*) as n,
           sum(epoch(least(ended, slot + interval 1 hour) - greatest(began, slot))) as seconds
    from spread group by all
)
select c.weekday, c.hour, c.seconds / 3600 / h.times as value, c.n
from counted c
join (select isodow(slot) as weekday, hour(slot) as hour, count(*) as times from hours group by all) h
    on h.weekday = c.weekday and h.hour = c.hour
order by c.weekday, c.hour
"""

OVER_TIME = f"""
with counted as (
    select team_day(slot) as day, replace(category, '_', ' ') as series, count(*) as failures
    from job_attempts where outcome = 'infrastructure' and {_HERE} group by all
), ranked as (
    select series, row_number() over (order by sum(failures) desc, series) as rank from counted group by series
), days as (
    select unnest(generate_series(
        coalesce($since::date, (select min(day) from counted))::timestamp,
        coalesce($until::date, (select max(day) from counted))::timestamp, interval 1 day
    ))::date as day
    where exists (select 1 from counted)
)
select d.day, r.series, r.rank, coalesce(c.failures, 0)::bigint as failures
from days d cross join ranked r
left join counted c on c.day = d.day and c.series = r.series
order by d.day, r.rank
"""

OUTAGES = """
select team_time(began_at) as began, team_time(ended_at) as ended, team_day(began_at) as day, runner, jobs, failures,
       runners, repositories, category, failure_reason
from runner_outages
where ($since::date is null or ended_at >= team_day_start($since::date))
  and ($until::date is null or began_at < team_day_start($until::date + 1))
  and (runner is null or chosen(runner, $runners))
order by began_at desc, runner nulls first
"""

Runners = tuple[str, ...]


def choices(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per runner that ever took a job: runner."""
    return ask(connection, CHOICES, filters)


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, runners: Runners = ()) -> pd.DataFrame:
    """One row, none where no job is left: jobs, failed_share and infrastructure_share (0..1), infrastructure_failures,
    queued_p50 and queued_p95 (seconds), minutes, runners, at_once (the most jobs that ran at one moment).
    """
    return ask(connection, TOTALS, filters, runners=_some(runners))


def table(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "runner",
    runners: Runners = (),
    rows: int = 500,
) -> pd.DataFrame:
    """One row per runner (type, group, repository, job), the one with most jobs first.

    Columns: key, those of ``totals`` but runners, repositories, runner_type (of runners only), failure_url (of the
    newest failure of the infrastructure), spread (jobs of each day).
    """
    sql = TABLE.format(key=BY[by], here=_HERE, sums=_SUMS, at_once=_AT_ONCE.format(key=BY[by]))
    return ask(connection, sql, filters, runners=_some(runners), of_runners=by == "runner", rows=rows)


def days(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    measure: str = "infrastructure",
    by: str = "runner",
    grain: str = "day",
    runners: Runners = (),
    top: int = 25,
) -> pd.DataFrame:
    """One row per runner (or what ``by`` says; the ``top`` busiest) and day with jobs: series, day, value, n.

    ``measure`` says what value is: see MEASURES. n is how many jobs it is of. ``grain``: one of GRAINS; day is the
    first one of a week or month.
    """
    told = MEASURES[measure]
    if measure == "busy" and grain != "day":
        told = f"{told} / {_LENGTH.format(length=GRAINS[grain])}"
    sql = DAYS.format(key=BY[by], here=_HERE, measure=told, weight=_WEIGHT.get(measure, "count(*)"))
    return ask(connection, sql, filters, runners=_some(runners), grain=grain, top=top)


def usual_grain(filters: Filters) -> str:
    """The grain that shows a period in so few columns that each has room for its numbers."""
    days = (filters.until - filters.since).days if filters.since and filters.until else 365
    return "day" if days <= 31 else "week" if days <= 250 else "month"


def week(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, measure: str = "infrastructure", runners: Runners = ()
) -> pd.DataFrame:
    """One row per weekday (1 is Monday) and hour (the team's) with jobs: weekday, hour, value, n (as ``days``).

    Of "busy" n are the jobs that ran in that hour, and value how many did at once on average, empty hours included.
    """
    if measure == "busy":
        return ask(connection, WEEK_BUSY, filters, runners=_some(runners))
    sql = WEEK.format(here=_HERE, measure=MEASURES[measure], weight=_WEIGHT.get(measure, "count(*)"))
    return ask(connection, sql, filters, runners=_some(runners))


def over_time(connection: duckdb.DuckDBPyConnection, filters: Filters, *, runners: Runners = ()) -> pd.DataFrame:
    """One row per day (the team's) and category of failures of the infrastructure: day, series, rank, failures."""
    return ask(connection, OVER_TIME, filters, runners=_some(runners))


def outages(connection: duckdb.DuckDBPyConnection, filters: Filters, *, runners: Runners = ()) -> pd.DataFrame:
    """One row per outage in the period, the newest first (see the view runner_outages), whatever the repositories.

    Columns: began and ended (the team's wall clock), day, runner (null: all of them), jobs, failures, runners,
    repositories, category, failure_reason.
    """
    return ask(connection, OUTAGES, filters, runners=_some(runners))


def _some(runners: Runners) -> list[str] | None:
    return list(runners) or None
