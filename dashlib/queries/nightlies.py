"""Which nightlies failed, since when, is it new: questions to nightly_nights and nightly_failures."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

_HERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
  and ($since::date is null or night >= $since::date) and ($until::date is null or night <= $until::date)"""

ROWS = {
    "repository": "path_with_namespace",
    "schedule": (
        "path_with_namespace || ' · ' || coalesce(schedule_description, 'schedule ' || schedule_id, 'schedule')"
    ),
}
"""What a row of the grid is: the word in the widget and the URL, and its SQL."""

SHOWN: dict[str, dict[str, int | bool | None]] = {
    "latest": {"only_red": True, "top": 25},
    "red": {"only_red": True, "top": None},
    "all": {"only_red": False, "top": None},
}
"""Which rows the grid has: the word in the widget and the URL, and what it asks ``grid`` for."""

REASONS = {
    "reason": "failure_reason",
    "repository": "path_with_namespace",
    "group": "namespace",
    "job": "job_name",
}
"""What failures over time are split by."""

NIGHTS = f"""
select night,
       count(*) as runs,
       count(*) filter (state = 'failed') as failed,
       count(*) filter (is_new) as newly_failed,
       count(*) filter (is_recovered) as recovered,
       count(*) filter (state = 'warned') as warned,
       count(*) filter (state = 'running') as running,
       coalesce(sum(failed_jobs), 0)::bigint as failed_jobs
from nightly_nights
where {_HERE}
group by night
order by night
"""

GRID = """
with cells as (
    select {row} as row, *
    from nightly_nights
    where {here}
), jobs as (
    select {row} as row, night,
           array_to_string(list_sort(list(distinct job_name) filter (not allow_failure))[1:6], ', ')
               || if(count(distinct job_name) filter (not allow_failure) > 6, ', …', '') as failed_job_names,
           array_to_string(list_sort(list(distinct failure_reason))[1:4], ', ') as reasons,
           min(red_since) filter (not allow_failure) as red_since,
           bool_or(is_new and not allow_failure) as has_new
    from nightly_failures
    where {here} and is_last
    group by all
), ordered as (
    select row,
           count(*) filter (state = 'failed') as reds,
           row_number() over (
               order by max(night) filter (state = 'failed') desc nulls last,
                        count(*) filter (state = 'failed') desc, row
           ) as place
    from cells group by row
)
select c.row, c.night,
       any_value(c.path_with_namespace) as path_with_namespace,
       arg_min(c.state, c.severity) as state,
       sum(c.failed_jobs)::bigint as failed_jobs,
       sum(c.failed_allowed_jobs)::bigint as failed_allowed_jobs,
       sum(c.runs)::bigint as runs,
       max(c.duration) as duration,
       arg_min(c.pipeline_web_url, c.severity) as pipeline_web_url,
       coalesce(any_value(j.failed_job_names), '') as failed_job_names,
       coalesce(any_value(j.reasons), '') as reasons,
       any_value(j.red_since) as red_since,
       coalesce(any_value(j.has_new), false) as has_new,
       any_value(o.reds) as nights_red,
       any_value(o.place) as position
from cells c
join ordered o on o.row = c.row
left join jobs j on j.row = c.row and j.night = c.night
where o.place <= $top and (o.reds > 0 or not $only_red)
group by c.row, c.night
order by position, c.night
"""

OVER_TIME = """
with failed as (
    select night, {by} as series, count(*) as failed_jobs
    from nightly_failures
    where {here} and is_last and (not allow_failure or $allowed)
    group by all
), ranked as (
    select series, row_number() over (order by sum(failed_jobs) desc, series) as rank from failed group by series
), named as (
    select series, least(rank, $top + 1) as rank,
           if(rank <= $top, series, ((select count(*) from ranked) - $top) || ' others') as name
    from ranked
), nights as (
    select distinct night from nightly_nights where {here}
)
select n.night, s.name as series, s.rank, coalesce(sum(f.failed_jobs), 0)::bigint as failed_jobs
from nights n
cross join named s
left join failed f on f.night = n.night and f.series = s.series
group by all
order by n.night, s.rank
"""

FAILED_JOBS = f"""
select if(is_new, 'new', nights_red || ' nights') as red_for,
       path_with_namespace, job_name, trigger_name, stage, allow_failure, is_new, red_since, nights_red, failure_reason,
       runner_description, team_time(finished_at) as finished, duration, job_web_url, pipeline_web_url,
       schedule_description, night, project_id, job_id
from nightly_failures
where {_HERE}
  and night = $night::date and is_last
  and (not allow_failure or $allowed)
  and (is_new or not $only_new)
  and ($search = '' or if(
      exists (select 1 from projects p where p.path_with_namespace = $search),
      path_with_namespace = $search,
      contains(
          lower(concat_ws(' ', path_with_namespace, job_name, trigger_name, stage, failure_reason, runner_description)),
          lower($search)
      )
  ))
order by allow_failure, is_new desc, path_with_namespace, stage, job_name, job_id
"""


def nights(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per night that ran, oldest first; a nightly counts once a night, by its last run.

    Columns: night (the team's day); runs, failed, newly_failed, recovered, warned, running (nightlies); failed_jobs
    (jobs that were not allowed to fail).
    """
    return ask(connection, NIGHTS, filters)


def grid(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    rows: str = "repository",
    only_red: bool = False,
    top: int | None = None,
) -> pd.DataFrame:
    """One row per repository (or schedule) and night that ran; the freshest failure has position 1.

    ``only_red`` leaves out rows that were never red in the period, ``top`` all but the first positions.

    Columns: row (label), night, path_with_namespace, state (the worst of the cell), failed_jobs, failed_allowed_jobs,
    runs, duration (seconds, the longest), pipeline_web_url (of the worst), failed_job_names, reasons (text),
    red_since (night), has_new, nights_red (of the row), position.
    """
    return ask(connection, GRID.format(row=ROWS[rows], here=_HERE), filters, only_red=only_red, top=top or 2**31)


def failures_over_time(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, by: str = "reason", top: int = 7, allowed: bool = False
) -> pd.DataFrame:
    """One row per night that ran and series, zeros included; all but the ``top`` series are summed as "n others".

    Columns: night, series, rank (1 is the largest, ``top + 1`` the others), failed_jobs.
    """
    return ask(connection, OVER_TIME.format(by=REASONS[by], here=_HERE), filters, top=top, allowed=allowed)


def failed_jobs(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    night: date,
    search: str = "",
    only_new: bool = False,
    allowed: bool = False,
) -> pd.DataFrame:
    """One row per failed job of the night; new ones first.

    ``search`` is a repository's full path, or any part of repository, job, stage, reason or runner, case aside.
    Columns: red_for (text), path_with_namespace, job_name, trigger_name, stage, allow_failure, is_new, red_since,
    nights_red, failure_reason, runner_description, finished (the team's wall clock), duration (seconds), job_web_url,
    pipeline_web_url, schedule_description, night, project_id, job_id.
    """
    return ask(connection, FAILED_JOBS, filters, night=night, search=search.strip(), only_new=only_new, allowed=allowed)
