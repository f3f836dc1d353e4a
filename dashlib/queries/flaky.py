"""Jobs that fail and pass by chance: which, what they cost, over time. Questions to flaky_jobs and flaky_failures."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

STATES = ("flaky", "broken", "healthy")
"""What a job is now (see the view flaky_jobs)."""
BY = {
    "kind": "kind",
    "repository": "path_with_namespace",
    "job": "job_name || ' · ' || path_with_namespace",
    "category": "category",
}
"""What failures over time are split by: the word in the widget and the URL, and its SQL."""
KINDS = ("flaky", "infrastructure", "not proven")
"""Kinds of failures: passed later on the same commit; by what ran the job; neither is known."""

_PLACE = """within(namespace, $groups) and chosen(path_with_namespace, $projects)
      and ($search = '' or contains(lower(concat_ws(' ', path_with_namespace, job_name)), lower($search)))"""


def _during(moment: str) -> str:
    return f"""({moment} >= team_day_start($since::date) or $since::date is null)
      and ({moment} < team_day_start($until::date + 1) or $until::date is null)"""


_FLAKES = f"""flakes as materialized (
    select * from flaky_failures
    where {_PLACE}
      and {_during("failed_at")} and chosen(person, $persons)
)"""
_FAILED = f"""failed as materialized (
    select project_id, path_with_namespace, job_name, job_id, outcome, category, ended_at, duration
    from job_attempts
    where outcome <> 'passed' and {_PLACE}
      and {_during("ended_at")} and chosen(person, $persons)
)"""
LONGEST_WAIT = 8
"""Hours that a wait counts at most towards all of them: a working day, since nobody waits through the night."""
# A pipeline waits once, however many of its jobs are flaky: as long as the one that took longest.
_WAITS = """waits as (
    select project_id, pipeline_id, person, max(waited) as waited from flakes where person is not null group by all
)"""

TOTALS = f"""
with {_FLAKES}, {_FAILED}, {_WAITS}, now as (
    select count(*) filter (state = 'flaky') as flaky, count(*) filter (state = 'broken') as broken,
           count(*) filter (state = 'flaky' and evidence = 'suspected') as suspected, count(*) as jobs
    from flaky_jobs where {_PLACE}
)
select now.*, (select count(*) from job_attempts) as ever,
       (select count(*) from flakes) as flaky_failures,
       (select count(*) from failed where outcome = 'infrastructure') as infrastructure_failures,
       (select count(*) from failed) as failures,
       (select coalesce(sum(duration), 0) / 60 from flakes) as flaky_minutes,
       (select coalesce(sum(duration), 0) / 60 from failed where outcome = 'infrastructure') as infrastructure_minutes,
       (select count(distinct (project_id, pipeline_id)) from flakes) as pipelines_hit,
       (select count(distinct person) from waits) as people,
       (select count(*) from waits) as pipelines_waited, (select quantile_cont(waited, 0.5) from waits) as waited_p50,
       (select coalesce(sum(least(waited, {3600 * LONGEST_WAIT})), 0) / 3600 from waits) as waited_hours
from now
"""

JOBS = f"""
with {_FLAKES}, {_FAILED}, {_WAITS}, days as (
    select unnest(generate_series(
        coalesce($since::date, (select team_day(min(ended_at)) from failed))::timestamp,
        coalesce($until::date, (select team_day(max(ended_at)) from failed))::timestamp, interval 1 day
    ))::date as day
), daily as (
    select project_id, job_name, team_day(failed_at) as day, count(*) as failures from flakes group by all
), spread as (
    select k.project_id, k.job_name, list(coalesce(d.failures, 0) order by days.day) as spread
    from (select distinct project_id, job_name from daily) k cross join days
    left join daily d on d.project_id = k.project_id and d.job_name = k.job_name and d.day = days.day
    group by all
), cost as (
    select f.project_id, f.job_name, count(*) as failures_here, sum(f.duration) as seconds_wasted,
           count(distinct f.pipeline_id) as pipelines_hit, count(distinct f.person) as people,
           arg_max('/failure?failure=' || f.project_id || '-' || f.job_id, (f.failed_at, f.job_id)) as failure_url,
           mode(f.category order by f.category) filter (f.category <> 'unknown') as category
    from flakes f group by all
), waited as (
    select project_id, job_name, quantile_cont(waited, 0.5) as waited_p50
    from flakes where person is not null group by all
), outside as (
    select project_id, job_name, count(*) filter (outcome = 'infrastructure') as infrastructure_here,
           count(*) as all_here,
           arg_max('/failure?failure=' || project_id || '-' || job_id, (ended_at, job_id)) as newest_url
    from failed group by all
), here as (
    select * from flaky_jobs where {_PLACE}
)
select j.state, j.evidence, j.path_with_namespace, j.job_name,
       coalesce(c.failures_here, 0) as flaky_failures, j.flaky_share, c.seconds_wasted,
       coalesce(c.pipelines_hit, 0) as pipelines_hit, coalesce(c.people, 0) as people, w.waited_p50,
       s.spread, team_time(j.last_flake_at) as last_flake,
       case when j.evidence is null then null
            when j.has_recovered then 'recovered: ' || j.passes_since || ' passed since'
            else j.passes_since || ' of ' || j.passes_needed || ' passes' end as recovery,
       coalesce(c.failure_url, o.newest_url) as failure_url, c.category,
       coalesce(o.infrastructure_here, 0) as infrastructure_failures,
       coalesce(o.all_here, 0) as failures, j.runs, j.flips, j.flip_rate, j.red_runs,
       team_time(j.red_since) as red_since, j.allow_failure, j.project_id
from here j
left join cost c on c.project_id = j.project_id and c.job_name = j.job_name
left join waited w on w.project_id = j.project_id and w.job_name = j.job_name
left join spread s on s.project_id = j.project_id and s.job_name = j.job_name
left join outside o on o.project_id = j.project_id and o.job_name = j.job_name
where chosen(j.state, $states) and ($persons is null or c.failures_here > 0 or o.all_here > 0)
order by list_position(['flaky', 'broken', 'healthy'], j.state), flaky_failures desc, seconds_wasted desc nulls last,
         j.flip_rate desc nulls last, failures desc, j.path_with_namespace, j.job_name
limit $rows
"""

OVER_TIME = """
with {flakes}, {failed}, told as (
    select f.ended_at, f.path_with_namespace, f.job_name, f.category,
           case when f.outcome = 'infrastructure' then 'infrastructure' when k.job_id is not null then 'flaky'
                else 'not proven' end as kind
    from failed f
    left join flakes k on k.project_id = f.project_id and k.job_id = f.job_id
), counted as (
    select team_day(ended_at) as day, {by} as series, count(*) as failures
    from told where {kept} group by all
), ranked as (
    select series, row_number() over (order by sum(failures) desc, series) as rank from counted group by series
), named as (
    select series, least(rank, $top + 1) as rank,
           if(rank <= $top, series, ((select count(*) from ranked) - $top) || ' others') as name
    from ranked
), days as (
    select unnest(generate_series(
        coalesce($since::date, (select min(day) from counted))::timestamp,
        coalesce($until::date, (select max(day) from counted))::timestamp, interval 1 day
    ))::date as day
    where exists (select 1 from counted)
)
select d.day, n.name as series, n.rank, coalesce(sum(c.failures), 0)::bigint as failures
from days d
cross join named n
left join counted c on c.day = d.day and c.series = n.series
group by all
order by d.day, n.rank
"""

LISTING = f"""
with {_FLAKES}
select team_time(failed_at) as failed, path_with_namespace, job_name, proof, team_time(passed_at) as passed, waited,
       duration, category, '/failure?failure=' || project_id || '-' || job_id as failure_url, ref, left(sha, 8) as sha,
       coalesce(n.label, f.person) as person_name, pipeline_source, runner, allow_failure, job_web_url, project_id,
       job_id, count(*) over () as whole
from flakes f
left join (select id, label from persons) n on n.id = f.person
order by failed_at desc, job_id desc
limit $rows
"""


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, search: str = "") -> pd.DataFrame:
    """One row. As of now, whatever the period: jobs, flaky, suspected (of the flaky), broken; ever (all attempts).

    In the period: flaky_failures, infrastructure_failures, failures (all three kinds), flaky_minutes and
    infrastructure_minutes (that the failed attempts ran), pipelines_hit, people (that set one of these off),
    pipelines_waited (theirs), waited_p50 (seconds from the failure to the pass) and waited_hours (all of them, each
    LONGEST_WAIT at most).
    ``search`` is any part of repository or job, case aside.
    """
    return ask(connection, TOTALS, filters, search=search.strip())


def jobs(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    search: str = "",
    states: tuple[str, ...] = (),
    rows: int = 2000,
) -> pd.DataFrame:
    """One row per repository and job, flaky ones first, then broken ones; those that failed most on top.

    As of now (see flaky_jobs): state, evidence, flaky_share (of its runs), recovery (text), runs, flips, flip_rate,
    red_runs, red_since, last_flake (the team's wall clock), allow_failure. In the period: flaky_failures,
    seconds_wasted, pipelines_hit, people, waited_p50 (seconds), spread (flaky failures of each day),
    infrastructure_failures, failures, category, failure_url. Then path_with_namespace, job_name, project_id.
    """
    return ask(connection, JOBS, filters, search=search.strip(), states=list(states) or None, rows=rows)


def over_time(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, search: str = "", by: str = "kind", top: int = 7
) -> pd.DataFrame:
    """One row per day (the team's) and series, zeros included: of all failures by kind, else of flaky ones alone.

    Columns: day, series, rank (1 is the largest, ``top + 1`` the others), failures.
    """
    kept = "true" if by == "kind" else "kind = 'flaky'"
    sql = OVER_TIME.format(flakes=_FLAKES, failed=_FAILED, by=BY[by], kept=kept)
    return ask(connection, sql, filters, search=search.strip(), top=top)


def listing(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, search: str = "", rows: int = 2000
) -> pd.DataFrame:
    """One row per flaky failure (see the view flaky_failures), newest first.

    Columns: failed and passed (the team's wall clock), path_with_namespace, job_name, proof, waited and duration
    (seconds), category, failure_url, ref, sha (short), person_name, pipeline_source, runner, allow_failure,
    job_web_url, project_id, job_id, whole (how many there are without the limit).
    """
    return ask(connection, LISTING, filters, search=search.strip(), rows=rows)
