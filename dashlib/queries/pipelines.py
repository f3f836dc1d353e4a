"""How long pipelines and jobs run and wait, how often they pass, beside the period before; where one's time goes.

Questions to pipeline_times and job_times. The period before is as long as the period and ends where it begins. A
pipeline belongs to the day (the team's) in which it was created, a job to that in which it began.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "repository": "path_with_namespace",
    "job": "job_name || ' · ' || path_with_namespace",
    "ref": "ref_group",
    "source": "source",
    "author": "coalesce(label, person, 'nobody, or not told')",
}
"""What times are told by: the word in the widget and the URL, and its SQL. "job" is of jobs only."""
OF = {
    "pipelines": "select *, '' as job_name, created_at as slot from pipeline_times"
    " where verdict is not null and not is_child",
    "jobs": "select *, began_at as slot from job_times where true",
}
"""What is measured: pipelines with a verdict, children not apart; or attempts of jobs."""
ENDED = ("passed or failed", "passed")
"""Whose times count: those with a verdict, or those that passed."""
GRAINS = ("week", "day")
FEW = 10
"""Of fewer runs a share or the time of 95 in 100 is chance."""
LEAST_GROWTH = (5.0, 0.1)
"""A job grew where half of its runs take so many seconds and such a share more than in the period before."""
_WORST = {
    "run time": "c.run[1] desc nulls last, c.n desc",
    "queue time": "c.queue[2] desc nulls last, c.n desc",
    "success": "c.success_rate, c.n desc",
}
MEASURES = tuple(_WORST)

SOURCES = """
select source from pipeline_times group by source order by count(*) desc, source
"""

_PLACE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)"""
_BEFORE = "coalesce($since::date - ($until::date - $since::date + 1)::integer, $since::date)"
_NAMED = "names as (select id, label from persons)"


# Converted once: compared within the scan, each row would convert the days again (300 ms for 160,000 rows).
_PERIOD = f"""period as materialized (
    select team_day_start({_BEFORE}) as before_at, team_day_start($since::date) as since_at,
           team_day_start($until::date + 1) as until_at
)"""
# The same for the weeks (or days) of the team's that hold all this.
_SLOTS = """slots as materialized (
    select slot::date as period, team_day_start(slot) as begins_at
    from (select unnest(generate_series(
        (select date_trunc($grain, team_time(min(slot))) from timed),
        (select date_trunc($grain, team_time(max(slot))) from timed),
        if($grain = 'week', interval 7 day, interval 1 day)
    )) as slot)
)"""


def _timed(of: str) -> str:
    """A common table ``timed`` of both periods; ``is_before`` says which."""
    return f"""{_NAMED}, {_PERIOD}, timed as materialized (
    select o.project_id, o.path_with_namespace, o.job_name, o.ref_group, o.source, o.person, n.label, o.verdict, o.slot,
           coalesce(o.slot < d.since_at, false) as is_before,
           if($ended = 'passed' and o.verdict <> 'passed', null, o.run_time) as ran,
           if($ended = 'passed' and o.verdict <> 'passed', null, o.queue_time) as waited
    from ({OF[of]}) o
    cross join period d
    left join names n on n.id = o.person
    where {_PLACE} and chosen(o.source, $sources)
      and (d.before_at is null or o.slot >= d.before_at) and (d.until_at is null or o.slot < d.until_at)
)"""


_FIGURES = """count(*) as n, count(ran) as timed, count(*) filter (verdict = 'passed') / count(*) as success_rate,
       quantile_cont(ran, [0.5, 0.95]) as run, quantile_cont(waited, [0.5, 0.95]) as queue"""
_OF_PERIOD = """coalesce(c.n, 0) as n, coalesce(c.timed, 0) as timed, c.run[1] as run_p50, c.run[2] as run_p95,
       c.queue[1] as queue_p50, c.queue[2] as queue_p95, c.success_rate"""
_BOTH = f"""{_OF_PERIOD},
       coalesce(b.n, 0) as n_before, coalesce(b.timed, 0) as timed_before, b.run[1] as run_p50_before,
       b.run[2] as run_p95_before, b.queue[1] as queue_p50_before, b.queue[2] as queue_p95_before,
       b.success_rate as success_rate_before"""

TOTALS = """
with {timed}, cells as (select is_before, {figures} from timed group by all)
select {both}, ever.pipelines as ever, ever.first_day
from (select count(*) as pipelines, team_day(min(created_at)) as first_day from pipeline_times) ever
left join cells c on not c.is_before
left join cells b on b.is_before
"""

TABLE = """
with {timed}, cells as (
    select {key} as key, is_before, {figures}, count(distinct project_id) as repositories from timed group by all
)
select c.key, {both}, c.repositories
from cells c
left join cells b on b.key = c.key and b.is_before
where not c.is_before
order by c.n < $few, {worst}, c.key
limit $rows
"""

# Beside each week the whole one before it, whether the period began within it or after it.
OVER_TIME = """
with {timed}, {slots}, placed as materialized (
    select s.period, t.verdict, t.ran, t.waited, t.is_before from timed t asof join slots s on t.slot >= s.begins_at
), cells as (
    select period, {figures} from placed where not is_before group by all
), wholes as (
    select period, {figures} from placed group by all
)
select c.period, {both}
from cells c
left join wholes b on b.period = c.period - if($grain = 'week', 7, 1)
order by c.period
"""

JOBS = """
with {timed}, cells as (
    select project_id, path_with_namespace, job_name, is_before, round(sum(ran) / 3600, 1) as hours, {figures}
    from timed group by all
), compared as (
    select c.project_id, c.path_with_namespace, c.job_name, c.hours, {both}
    from cells c
    left join cells b on b.project_id = c.project_id and b.job_name = c.job_name and b.is_before
    where not c.is_before
), kept as (
    select *, run_p50 - run_p50_before as grew, run_p50 / nullif(run_p50_before, 0) - 1 as grew_share
    from compared
    where $order = 'slowest' or (
        timed >= $few and timed_before >= $few
        and grew >= $least_seconds and (grew_share >= $least_share or run_p50_before = 0)
    )
    order by timed < $few, if($order = 'slowest', run_p50, grew) desc nulls last, path_with_namespace, job_name
    limit $rows
), {slots}, weekly as (
    select t.project_id, t.job_name, s.period, quantile_cont(t.ran, 0.5) as run_p50
    from (select * from timed semi join kept using (project_id, job_name)) t
    asof join slots s on t.slot >= s.begins_at
    group by all
), lined as (
    select k.project_id, k.job_name, list(coalesce(w.run_p50, 0) order by s.period) as spread
    from kept k cross join slots s
    left join weekly w on w.project_id = k.project_id and w.job_name = k.job_name and w.period = s.period
    group by all
)
select k.path_with_namespace, k.job_name, k.n, k.run_p50, k.run_p95, k.queue_p95, k.hours, k.n_before, k.timed,
       k.timed_before, k.run_p50_before, k.grew, k.grew_share, l.spread, k.success_rate
from kept k
join lined l on l.project_id = k.project_id and l.job_name = k.job_name
order by k.timed < $few, if($order = 'slowest', k.run_p50, k.grew) desc nulls last, k.path_with_namespace, k.job_name
"""
JOB_ORDERS = ("slowest", "growing fastest")

LISTING = f"""
with {_NAMED}, {_PERIOD}, here as (
    select p.*, n.label, epoch(p.finished_at - p.created_at) as elapsed
    from pipeline_times p
    cross join period d
    left join names n on n.id = p.person
    where {_PLACE} and started_at is not null
      and (d.since_at is null or created_at >= d.since_at) and (d.until_at is null or created_at < d.until_at)
)
select project_id, pipeline_id, team_time(created_at) as created, path_with_namespace, ref, source, status, run_time,
       queue_time, elapsed, coalesce(label, person) as person_name, web_url, count(*) over () as whole
from here
order by if($order = 'slowest', run_time, null) desc nulls last,
         if($order = 'waited longest', queue_time, null) desc nulls last, created_at desc, project_id, pipeline_id desc
limit $rows
"""
ORDERS = ("slowest", "waited longest", "newest")


Sources = tuple[str, ...]
"""Sources of pipelines that count (GitLab's words), none is all. Pushes and nightlies run different jobs: where their
mix changed, the middle of both together moves although nothing got slower."""


def sources(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per source that a stored pipeline has, the most frequent first: source."""
    return ask(connection, SOURCES, filters)


def totals(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    of: str = "pipelines",
    ended: str = ENDED[0],
    sources: Sources = (),
) -> pd.DataFrame:
    """One row of the figures of the period, and of the period before under the same names with ``_before``.

    n (passed or failed), timed (those whose run time counts and is known), run_p50, run_p95, queue_p50, queue_p95
    (seconds; null where nothing counts), success_rate (0..1, of n). Of the period before 0 and null where the filters
    name no first or last day. ever: all pipelines stored; first_day: the team's day of the oldest of them.
    """
    return ask(
        connection,
        TOTALS.format(timed=_timed(of), figures=_FIGURES, both=_BOTH),
        filters,
        ended=ended,
        sources=_some(sources),
    )


def table(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    of: str = "pipelines",
    by: str = "repository",
    measure: str = "run time",
    ended: str = ENDED[0],
    sources: Sources = (),
    rows: int = 500,
) -> pd.DataFrame:
    """One row per repository (job, ref, source, author) with runs in the period; the worst in ``measure`` first.

    Columns: key, the figures of ``totals``, repositories. Those with fewer than FEW runs come last.
    """
    if by == "job" and of != "jobs":
        raise ValueError("pipelines are not told by job")
    sql = TABLE.format(timed=_timed(of), key=BY[by], figures=_FIGURES, both=_BOTH, worst=_WORST[measure])
    return ask(connection, sql, filters, ended=ended, sources=_some(sources), few=FEW, rows=rows)


def over_time(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    of: str = "pipelines",
    ended: str = ENDED[0],
    sources: Sources = (),
    grain: str = "week",
) -> pd.DataFrame:
    """One row per ISO week (or day) of the team's with runs: period (its first day), then the figures of ``totals``.

    Those with ``_before`` are of the week (day) before: of all of it that the period and the one before it hold.
    """
    sql = OVER_TIME.format(timed=_timed(of), slots=_SLOTS, figures=_FIGURES, both=_BOTH)
    return ask(connection, sql, filters, ended=ended, sources=_some(sources), grain=grain)


def jobs(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    order: str = "slowest",
    ended: str = ENDED[0],
    sources: Sources = (),
    rows: int = 100,
) -> pd.DataFrame:
    """One row per repository and job: the slowest first (half of the runs), or those that grew most (LEAST_GROWTH).

    Columns: path_with_namespace, job_name, n, run_p50, run_p95, queue_p95 (seconds), hours (that they ran together),
    n_before, timed, timed_before, run_p50_before, grew (seconds more than in the period before), grew_share, spread
    (the middle run time of each ISO week of both periods, 0 without runs), success_rate.
    """
    seconds, share = LEAST_GROWTH
    sql = JOBS.format(timed=_timed("jobs"), slots=_SLOTS, figures=_FIGURES, both=_BOTH)
    return ask(
        connection,
        sql,
        filters,
        order=order,
        ended=ended,
        sources=_some(sources),
        grain="week",
        few=FEW,
        rows=rows,
        least_seconds=seconds,
        least_share=share,
    )


def listing(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, order: str = "slowest", rows: int = 300
) -> pd.DataFrame:
    """One row per pipeline that began, child pipelines too, in this order.

    Columns: project_id, pipeline_id, created (the team's wall clock), path_with_namespace, ref, source, status,
    run_time, queue_time, elapsed (seconds from creation to the end), person_name, web_url, whole (without the limit).
    """
    return ask(connection, LISTING, filters, order=order, rows=rows)


def _some(sources: Sources) -> list[str] | None:
    return list(sources) or None
