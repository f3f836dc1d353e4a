"""Builds by author: pipelines that somebody set off, how they ended and how long they waited (builds_by_author)."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import CHOICES, GRAINS, of
from dashlib.queries.question import ask

_BUILDS = """with builds as (
    select b.*, coalesce(n.label, b.person) as label, coalesce(n.is_bot, bot_word(b.person)) as is_bot
    from builds_by_author b
    join projects p on p.id = b.project_id
    left join persons n on n.id = b.person
    where within(p.namespace, $groups) and chosen(p.path_with_namespace, $projects) and chosen(b.person, $persons)
      and ($since::date is null or b.created_at >= team_day_start($since::date))
      and ($until::date is null or b.created_at < team_day_start($until::date + 1))
      and ($bots = 'with' or coalesce(n.is_bot, bot_word(b.person)) = ($bots = 'only'))
)"""
_ENDS = """count(*) as builds,
       count(*) filter (verdict = 'passed') as passed, count(*) filter (verdict = 'failed') as failed,
       count(*) filter (verdict = 'passed') / nullif(count(verdict), 0) as success_rate,
       quantile_cont(waited, 0.5) as waited_p50, quantile_cont(waited, 0.95) as waited_p95,
       quantile_cont(duration, 0.5) as took_p50, count(distinct project_id) as repositories"""

TOTALS = f"{_BUILDS}\nselect {_ENDS}, count(distinct person) as people from builds"

RANKING = f"""{_BUILDS}, ranked as (
    select person as key, any_value(label) as label, any_value(is_bot) as is_bot, {_ENDS}, max(created_at) as last_at
    from builds group by person
)
select row_number() over (order by builds desc, key) as place, * exclude (last_at),
       builds / sum(builds) over () as share, team_time(last_at) as last_build
from ranked
order by builds desc, key
"""

OVER_TIME = f"""{_BUILDS}, periods as (
    select unnest(generate_series(
        date_trunc($grain, coalesce($since::date, (select min(day) from builds))),
        date_trunc($grain, coalesce($until::date, (select max(day) from builds))),
        case $grain when 'day' then interval 1 day when 'week' then interval 7 day
                    when 'month' then interval 1 month else interval 3 month end
    ))::date as period
    where exists (select 1 from builds)
), kinds as (
    select * from (values ('failed', 1), ('no verdict', 2), ('passed', 3)) k (series, rank)
), counted as (
    select date_trunc($grain, day)::date as period, coalesce(verdict, 'no verdict') as series, count(*) as builds
    from builds group by all
)
select p.period, k.series, k.rank, coalesce(c.builds, 0)::bigint as builds
from periods p cross join kinds k
left join counted c on c.period = p.period and c.series = k.series
order by p.period, k.rank
"""


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, bots: str = "without") -> pd.DataFrame:
    """One row: builds, passed, failed, success_rate (of those with a verdict), waited_p50, waited_p95, took_p50
    (seconds), repositories, people.
    """
    return ask(connection, TOTALS, filters, bots=of(CHOICES, bots))


def ranking(connection: duckdb.DuckDBPyConnection, filters: Filters, *, bots: str = "without") -> pd.DataFrame:
    """One row per person with builds in the period, the most first.

    Columns: place, key, label, is_bot, those of ``totals`` but people, share (0..1), last_build (the team's wall
    clock).
    """
    return ask(connection, RANKING, filters, bots=of(CHOICES, bots))


def over_time(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, grain: str = "week", bots: str = "without"
) -> pd.DataFrame:
    """One row per day, week, month or quarter and end (failed, no verdict, passed), zeros included.

    Columns: period (its first day, in the team's zone), series, rank, builds.
    """
    return ask(connection, OVER_TIME, filters, grain=of(GRAINS, grain), bots=of(CHOICES, bots))
