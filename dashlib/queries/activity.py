"""Who did what: questions to activity_events."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "action": ("action", "action"),
    "target": ("target", "target"),
    "person": ("person", "person_label"),
    "repository": ("path_with_namespace", "path_with_namespace"),
}
"""What events are split by: the word in the widget and the URL; its key and its label in SQL."""

CHOICES = ("without", "with", "only")
"""What to do with robots."""

_WHERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and ($since::date is null or created_at >= team_day_start($since::date))
      and ($until::date is null or created_at < team_day_start($until::date + 1))
      and ($bots = 'with' or is_bot = ($bots = 'only'))"""
_HERE = (
    _WHERE
    + """
      and chosen(action, $actions) and chosen(target, $targets)"""
)

OVER_TIME = """
with counted as (
    select team_day(created_at) as day, {key} as key, any_value({label}) as label, count(*) as events
    from activity_events
    where {here}
    group by 1, 2
), ranked as (
    select key, any_value(label) as label, row_number() over (order by sum(events) desc, key) as rank
    from counted group by key
), named as (
    select key, least(rank, $top + 1) as rank,
           if(rank <= $top, label, ((select count(*) from ranked) - $top) || ' others') as series
    from ranked
), days as (
    select unnest(generate_series(
        coalesce($since::date, (select min(day) from counted))::timestamp,
        coalesce($until::date, (select max(day) from counted))::timestamp, interval 1 day
    ))::date as day
    where exists (select 1 from counted)
)
select d.day, n.series, n.rank, coalesce(sum(c.events), 0)::bigint as events
from days d
cross join named n
left join counted c on c.day = d.day and c.key = n.key
group by all
order by d.day, n.rank
"""

RANKING = """
with counted as (
    select {key} as key, any_value({label}) as label, count(*) as events,
           coalesce(sum(commit_count), 0)::bigint as commits_pushed
    from activity_events
    where {here}
    group by 1
)
select label, key, events, events / sum(events) over () as share, commits_pushed
from counted
order by events desc, key
"""

WORDS = f"""
select 'action' as kind, action as word, count(*) as events from activity_events where {_WHERE} group by all
union all
select 'target', target, count(*) from activity_events where {_WHERE} group by all
order by kind, events desc, word
"""

TOTALS = f"""
select count(*) as events, count(distinct person) as people, count(distinct project_id) as repositories,
       count(*) filter (action = 'pushed') as pushes, count(*) filter (action = 'merged') as merges,
       count(*) filter (action = 'commented') as comments
from activity_events
where {_HERE}
"""

LISTING = f"""
select team_time(created_at) as happened, person_label, action, target, title, path_with_namespace, ref, commit_count,
       web_url, source, id
from activity_events
where {_HERE}
order by created_at desc, id desc
limit $rows
"""


def words(connection: duckdb.DuckDBPyConnection, filters: Filters, bots: str = "without") -> pd.DataFrame:
    """One row per action and per target that occurs: kind ('action' or 'target'), word, events."""
    return ask(connection, WORDS, filters, bots=bots)


def over_time(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "action",
    actions: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    bots: str = "without",
    top: int = 8,
) -> pd.DataFrame:
    """One row per day (the team's) and series, zeros included: day, series, rank (``top + 1``: the others), events."""
    key, label = BY[by]
    sql = OVER_TIME.format(key=key, label=label, here=_HERE)
    return ask(connection, sql, filters, actions=_list(actions), targets=_list(targets), bots=bots, top=top)


def ranking(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "person",
    actions: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    bots: str = "without",
) -> pd.DataFrame:
    """One row per action, target, person or repository: label, key, events, share (0..1), commits_pushed."""
    key, label = BY[by]
    sql = RANKING.format(key=key, label=label, here=_HERE)
    return ask(connection, sql, filters, actions=_list(actions), targets=_list(targets), bots=bots)


def totals(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    actions: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    bots: str = "without",
) -> pd.DataFrame:
    """One row: events, people, repositories, pushes, merges, comments."""
    return ask(connection, TOTALS, filters, actions=_list(actions), targets=_list(targets), bots=bots)


def listing(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    actions: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    bots: str = "without",
    rows: int = 5000,
) -> pd.DataFrame:
    """One row per event, newest first, at most ``rows``.

    Columns: happened (the team's wall clock), person_label, action, target, title, path_with_namespace, ref,
    commit_count, web_url, source, id.
    """
    return ask(connection, LISTING, filters, actions=_list(actions), targets=_list(targets), bots=bots, rows=rows)


def _list(words_chosen: tuple[str, ...]) -> list[str] | None:
    return list(words_chosen) or None
