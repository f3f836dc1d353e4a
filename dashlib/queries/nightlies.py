"""Which nightlies failed, never ran or recovered, since when, is it new: questions to nightly_changes and its jobs."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

_CHOSEN = "within(namespace, $groups) and chosen(path_with_namespace, $projects)"
_PERIOD = "($since::date is null or night >= $since::date) and ($until::date is null or night <= $until::date)"
_HERE = f"""{_CHOSEN} and chosen(person, $persons)
  and {_PERIOD}"""
# The jobs of the schedules' nights that the filters leave: a job's person is its night's. No correlated EXISTS, which
# DuckDB carries through the whole view, where hash joins then become loops (200 repositories: minutes).
_JOBS_HERE = f"""(j.project_id, coalesce(j.schedule_id, 0), j.night) in (
    select (c.project_id, coalesce(c.schedule_id, 0), c.night) from nightly_changes c
    where within(c.namespace, $groups) and chosen(c.path_with_namespace, $projects) and chosen(c.person, $persons)
  ) and {_PERIOD.replace("night ", "j.night ")}"""

REASONS = {
    "reason": "coalesce(j.category, j.failure_reason, 'unknown')",
    "repository": "j.path_with_namespace",
    "group": "j.namespace",
    "job": "j.job_name",
}
SHOWN: dict[str, dict[str, int | bool | None]] = {
    "latest": {"only_red": True, "top": 25},
    "red": {"only_red": True, "top": None},
    "all": {"only_red": False, "top": None},
}
"""Which rows the grid has: the word in the widget and the URL, and what it asks ``night_grid.grid`` for."""
STATE = "state"
TREND = (*REASONS, STATE)
"""What failures over time are split by; by state it is nightlies that are counted, not jobs."""

# Times that are still to come count where the night has begun; those of its evening only once its evening has.
_NIGHTS = f"""
with due as (
    select * from nightly_changes where {_HERE} and state <> 'off' and (is_evening or not $evening)@ALIKE@
), counted as (
    select night,
           count(*) as nightlies,
           count(*) filter (not is_evening) as by_morning,
           count(*) filter (pipeline_id is not null) as runs,
           count(*) filter (state = 'failed') as failed,
           count(*) filter (change = 'new') as newly_failed,
           count(*) filter (change = 'still_red') as still_red,
           count(*) filter (change = 'recovered') as recovered,
           count(*) filter (state = 'missing') as missing,
           count(*) filter (state = 'warned') as warned,
           count(*) filter (state = 'passed') as passed,
           count(*) filter (state = 'canceled') as canceled,
           count(*) filter (state = 'running') as running,
           count(*) filter (state = 'late') as late,
           count(*) filter (state in ('canceled', 'running', 'late')) as other,
           coalesce(sum(failed_jobs), 0)::bigint as failed_jobs,
           count(*) filter (missing > 0 and state <> 'missing') as partly_ran,
           coalesce(sum(missing) filter (state <> 'missing'), 0)::bigint as times_missing,
           count(*) filter (failed_runs > 0 and state in ('passed', 'warned')) as passed_since,
           bool_or(is_evening) as has_evening,
           count(*) filter (state not in ('running', 'late')) as ended,
           count(*) filter (state not in ('running', 'late') and not is_evening) as ended_by_morning
    from due group by night
), waiting as (
    select c.night,
           count(distinct (t.project_id, t.schedule_id)) filter (not t.is_evening or c.has_evening) as to_come,
           count(distinct (t.project_id, t.schedule_id)) filter (
               d.night is null and (not t.is_evening or c.has_evening)
           ) as unseen,
           count(distinct (t.project_id, t.schedule_id)) filter (d.night is null and not t.is_evening) as by_morning,
           count(distinct (t.project_id, t.schedule_id)) filter (t.is_evening and not c.has_evening) as this_evening,
           team_time(max(t.expected_at) filter (not t.is_evening or c.has_evening)) as until
    from counted c
    join nightly_to_come t on t.night = c.night
    left join due d on d.project_id = t.project_id and d.schedule_id = t.schedule_id and d.night = t.night
    where within(t.namespace, $groups) and chosen(t.path_with_namespace, $projects) and chosen(t.person, $persons)
      and (t.is_evening or not $evening)
    group by c.night
)
select c.* exclude (by_morning, has_evening, ended_by_morning),
       c.by_morning,
       c.nightlies + coalesce(w.unseen, 0) as planned,
       coalesce(w.to_come, 0) as to_come,
       coalesce(w.this_evening, 0) as this_evening,
       w.until as to_come_until,
       if(c.by_morning + coalesce(w.by_morning, 0) > 0,
          2 * c.ended_by_morning >= c.by_morning + coalesce(w.by_morning, 0),
          2 * c.ended >= c.nightlies + coalesce(w.unseen, 0)) as is_told
from counted c
left join waiting w on w.night = c.night
order by c.night
"""
NIGHTS = _NIGHTS.replace("@ALIKE@", "")
# What is still to run on the one night cannot be compared with how it went on another.
NIGHTS_ALIKE = _NIGHTS.replace(
    "@ALIKE@",
    """ and (project_id, coalesce(schedule_id, 0)) not in (
        select (project_id, schedule_id) from nightly_to_come where night = $alike::date
        except
        select (project_id, coalesce(schedule_id, 0)) from nightly_changes where night = $alike::date
    )""",
)

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

HISTORY = """
select h.path_with_namespace,
       coalesce(h.schedule_description, 'schedule ' || h.schedule_id, 'unknown schedule') as schedule,
       h.last_state, h.last_night, if(h.is_red, h.streak, 0) as nights_red, if(h.is_red, 0, h.streak) as nights_green,
       h.red_since, h.first_red_night, h.reds_30, h.nights_30, h.missing_30, h.flips_30,
       round(h.days_to_green, 1) as days_to_green,
       f.url as newest_url, '/failure?failure=' || f.failure as failure_url
from nightly_history h
left join nightly_changes f
    on f.project_id = h.project_id and f.schedule_id is not distinct from h.schedule_id and f.night = h.last_night
where within(h.namespace, $groups) and chosen(h.path_with_namespace, $projects) and chosen(f.person, $persons)
order by nights_red desc, h.reds_30 desc, h.flips_30 desc, h.path_with_namespace, schedule
"""

AT_RISK = f"""
select path_with_namespace, coalesce(schedule_description, 'schedule ' || schedule_id) as schedule, risk, detail,
       owner_username, expires_at, stopped, missing_since, team_time(last_run_at) as last_run,
       team_time(next_expected_at) as next_expected, url
from schedules_at_risk
where {_CHOSEN} and chosen(person, $persons)
order by stopped desc, risk, path_with_namespace, schedule_id
"""

NOTE = f"""
select change, path_with_namespace,
       coalesce(schedule_description, 'schedule ' || schedule_id, 'unknown schedule') as schedule, schedule_id,
       project_id, night, state, nights_red, red_since, missing_since, nights_missing, job_name, failed_jobs, reason,
       category, cause, expected, runs, failed_runs,
       missing, team_time(coalesce(late_at, expected_at)) as expected_at,
       if(not is_unread, team_time(late_at + late_after()), null) as missing_from, is_unread,
       owner_username, issue_title, issue_state, issue_url, assignee,
       failure, job_web_url, url, first_jobs, without_issue
from (
    select * exclude (change), unnest([
               change,
               if((missing > 0 and state <> 'missing') or (failed_runs > 0 and state <> 'failed'), 'partly', null),
               if(state = 'canceled', 'canceled', null),
               if(state = 'late', 'late', null)
           ]) as change
    from nightly_changes
    where {_CHOSEN} and chosen(person, $persons) and night = $night::date and (is_evening or not $evening)
)
where change is not null
order by list_position(['new', 'missing', 'late', 'still_red', 'partly', 'canceled', 'recovered'], change),
         coalesce(nights_red, nights_missing) desc,
         path_with_namespace, schedule, schedule_id
"""

SENT = """
select night, channel, outcome, tries, team_time(tried_at) as tried, error
from bookkeeping.notes_sent order by night desc, channel limit 30
"""


def nights(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, evening: bool = False, alike: date | None = None
) -> pd.DataFrame:
    """One row per night on which anything ran or should have, oldest first; a schedule counts once a night.

    ``evening`` leaves those alone that were first to run at or after DASH_REPORT_BY; ``alike`` is a night under way:
    those of which nothing was to run on it yet count on no night.
    Columns: night (the team's day); nightlies (the states below, added up), runs (those that ran),
    failed, of which newly_failed and still_red; recovered, missing (never ran), warned, passed, canceled, running,
    late; other (the last three); failed_jobs (jobs that were not allowed to fail). Of nightlies that are to run several
    times a night: partly_ran (those that did not every time), times_missing (at which nobody ran them), passed_since
    (a run failed, a later one did not). ended (no run of theirs is awaited), by_morning (first to run before
    DASH_REPORT_BY). Of the night under way: planned (nightlies and those of which nothing was to run yet), to_come
    (of which a run is to come; until DASH_REPORT_BY, or, once what comes after it has begun, until midnight),
    to_come_until (the last of these times, the team's wall clock), this_evening (to run at or after DASH_REPORT_BY, as
    long as nothing of that has begun).
    is_told: at least half of what is planned up to DASH_REPORT_BY has ended (of a night that has nothing before it:
    half of all), so that the night is worth looking at.
    """
    if alike is not None:
        return ask(connection, NIGHTS_ALIKE, filters, evening=evening, alike=alike)
    return ask(connection, NIGHTS, filters, evening=evening)


def last_told(nights: pd.DataFrame) -> int:
    """The place of the newest night of which at least half has ended (``is_told``), else of the newest."""
    told_of = nights["is_told"].to_numpy().nonzero()[0]
    return int(told_of[-1]) if len(told_of) else len(nights) - 1


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


def history(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per schedule that ever ran to a verdict, whatever the period; the longest red ones first.

    Columns: path_with_namespace, schedule, last_state, last_night, nights_red and nights_green (in a row, one of them
    0), red_since, first_red_night, reds_30, nights_30, missing_30, flips_30 (of the last 30 days),
    days_to_green (mean), newest_url, failure_url (null while it is green).
    """
    return ask(connection, HISTORY, filters)


def at_risk(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per schedule that will stop, or has stopped without anybody wanting it, and why; stopped ones first.

    Columns: path_with_namespace, schedule, risk, detail, owner_username, expires_at (day), stopped, missing_since,
    last_run and next_expected (the team's wall clock), url (the repository's schedules).
    """
    return ask(connection, AT_RISK, filters)


def note(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, night: date, evening: bool = False
) -> pd.DataFrame:
    """One row per nightly and thing that the morning note of a night tells of it; whatever the period of the filters.

    ``evening`` leaves those alone that were first to run at or after DASH_REPORT_BY.
    Columns: change (in this order: new, missing, late, still_red, partly (some of its times that night never ran, or a
    run failed and was followed by another), canceled, recovered), path_with_namespace, schedule, schedule_id,
    project_id, night, state, nights_red, red_since, missing_since, nights_missing, job_name, failed_jobs,
    reason, category, cause (of a missing or late one; of a late one missing_since and nights_missing tell of the
    nights before it), expected, runs, failed_runs, missing (times that night), expected_at (the team's wall clock),
    missing_from (when a late one becomes missing, same clock; null where that waits for a sync: is_unread),
    owner_username, issue_title, issue_state, issue_url, assignee, failure (key of the failure's page), job_web_url, url
    (of the run, else of the schedules), first_jobs (jobs that failed newly), without_issue (failed jobs that no issue
    is linked to).
    """
    return ask(connection, NOTE, filters, night=night, evening=evening)


def sent(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per morning note and channel it was handed to, the newest thirty.

    Columns: night, channel (chat or mail), outcome (sending, sent or failed), tries, tried (the team's wall
    clock), error.
    """
    return ask(connection, SENT, filters)
