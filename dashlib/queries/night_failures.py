"""Which jobs of nightlies failed on a night, and what failed over time: questions to nightly_job_nights."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.night_rows import HERE, WITHIN
from dashlib.queries.question import ask

_HERE = f"{HERE} and {WITHIN}"
# The jobs of the schedules' nights that the filters leave: a job's person is its night's. No correlated EXISTS, which
# DuckDB carries through the whole view, where hash joins then become loops (200 repositories: minutes).
_JOBS_HERE = f"""(j.project_id, coalesce(j.schedule_id, 0), j.night) in (
    select (c.project_id, coalesce(c.schedule_id, 0), c.night) from nightly_changes c
    where within(c.namespace, $groups) and chosen(c.path_with_namespace, $projects) and chosen(c.person, $persons)
  ) and {WITHIN.replace("night ", "j.night ")}"""

REASONS = {
    "reason": "coalesce(j.category, j.failure_reason, 'unknown')",
    "repository": "j.path_with_namespace",
    "group": "j.namespace",
    "job": "j.job_name",
}
STATE = "state"
TREND = (*REASONS, STATE)
"""What failures over time are split by; by state it is nightlies that are counted, not jobs."""

OVER_TIME = """
with failed as (
    select j.night, {by} as series, count(*) as failed_jobs
    from nightly_job_nights j
    where {here} and (j.state = 'failed' or (j.state = 'warned' and $allowed))
    group by all
), ranked as (
    select series, row_number() over (order by sum(failed_jobs) desc, series) as rank from failed group by series
), named as (
    select series, least(rank, $top + 1) as rank,
           if(rank <= $top, series, ((select count(*) from ranked) - $top) || ' others') as name
    from ranked
), nights as (
    select distinct night from nightly_changes where {nights} and state <> 'off'
)
select n.night, s.name as series, s.rank, coalesce(sum(f.failed_jobs), 0)::bigint as failed_jobs
from nights n
cross join named s
left join failed f on f.night = n.night and f.series = s.series
group by all
order by n.night, s.rank
"""

STATES_OVER_TIME = f"""
with counted as (
    select night, state, count(*) as nightlies from nightly_changes where {_HERE} group by all
), named as (
    select unnest(['failed', 'missing', 'warned', 'canceled']) as state, unnest([1, 2, 3, 4]) as rank
)
select n.night, s.state as series, s.rank, coalesce(c.nightlies, 0)::bigint as failed_jobs
from (select distinct night from counted where state <> 'off') n
cross join named s
left join counted c on c.night = n.night and c.state = s.state
where s.state in (select state from counted)
order by n.night, s.rank
"""

FAILED_JOBS = f"""
select if(j.is_new, 'new', j.nights_red || ' nights') as red_for,
       '/failure?failure=' || j.failure as failure_url, j.job_web_url,
       j.path_with_namespace, j.job_name, j.trigger_name, j.stage, j.state = 'warned' as allow_failure, j.is_new,
       j.red_since, j.nights_red, j.category, j.reason, j.failure_reason, j.issue_title, j.issue_url, j.assignee,
       j.runner_description, team_time(j.finished_at) as finished, j.duration, j.schedule_description, j.night,
       j.project_id, j.job_id
from nightly_job_nights j
where {_JOBS_HERE}
  and j.night = $night::date
  and (j.state = 'failed' or (j.state = 'warned' and $allowed))
  and (j.is_new or not $only_new)
  and ($search = '' or if(
      exists (select 1 from projects p where p.path_with_namespace = $search),
      j.path_with_namespace = $search,
      contains(
          lower(concat_ws(' ', j.path_with_namespace, j.job_name, j.trigger_name, j.stage, j.category, j.reason,
                          j.failure_reason, j.runner_description, j.assignee, j.issue_title)),
          lower($search)
      )
  ))
order by allow_failure, j.is_new desc, j.path_with_namespace, j.stage, j.job_name, j.job_id
"""


def failures_over_time(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, by: str = "reason", top: int = 7, allowed: bool = False
) -> pd.DataFrame:
    """One row per night and series, zeros included; all but the ``top`` series are summed as "n others".

    By state, the series are states of nightlies that are not good news, and failed_jobs counts nightlies.
    Columns: night, series, rank (1 is the largest, ``top + 1`` the others), failed_jobs.
    """
    if by == STATE:
        return ask(connection, STATES_OVER_TIME, filters)
    sql = OVER_TIME.format(by=REASONS[by], here=_JOBS_HERE, nights=_HERE)
    return ask(connection, sql, filters, top=top, allowed=allowed)


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

    ``search`` is a repository's full path, or any part of repository, job, stage, reason, runner, issue or assignee,
    case aside.
    Columns: red_for (text), failure_url (the failure's page), job_web_url, path_with_namespace, job_name, trigger_name,
    stage, allow_failure, is_new, red_since, nights_red, category, reason, failure_reason (GitLab's), issue_title,
    issue_url, assignee, runner_description, finished (the team's wall clock), duration (seconds),
    schedule_description, night, project_id, job_id.
    """
    return ask(connection, FAILED_JOBS, filters, night=night, search=search.strip(), only_new=only_new, allowed=allowed)
