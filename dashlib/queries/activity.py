"""Who did what: questions to activity_events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "action": ("action", "action"),
    "target": ("target", "target"),
    "person": ("person", "person_label"),
    "repository": ("path_with_namespace", "path_with_namespace"),
    "source": ("source", "source"),
}
"""What events are split by: the word in the widget and the URL; its key and its label in SQL."""

CHOICES = ("without", "with", "only")
"""What to do with robots."""

SORTS = {"newest first": "desc", "oldest first": "asc"}
"""The order of events: the word in the widget and the URL, and SQL's."""


@dataclass(frozen=True)
class Narrowed:
    """What the page leaves of the events, beside the filter bar. None chosen is all.

    ``search`` is any part of the title, the branch or tag, or the repository, case aside; ``bots`` one of CHOICES.
    """

    actions: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    search: str = ""
    bots: str = "without"

    def values(self) -> dict[str, Any]:
        """As parameters of the statements."""
        return {
            "actions": list(self.actions) or None,
            "targets": list(self.targets) or None,
            "sources": list(self.sources) or None,
            "search": self.search.strip(),
            "bots": self.bots,
        }


ALL = Narrowed(bots="with")
USUAL = Narrowed()

_WHERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and ($since::date is null or created_at >= team_day_start($since::date))
      and ($until::date is null or created_at < team_day_start($until::date + 1))
      and ($bots = 'with' or is_bot = ($bots = 'only'))"""
_HERE = (
    _WHERE
    + """
      and chosen(action, $actions) and chosen(target, $targets) and chosen(source, $sources)
      and ($search = '' or contains(lower(concat_ws(' ', title, ref, path_with_namespace)), lower($search)))"""
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

CALENDAR = f"""
with counted as (
    select team_day(created_at) as day, count(*) as events, count(distinct person) as people
    from activity_events
    where {_HERE}
    group by 1
), days as (
    select unnest(generate_series(
        coalesce($since::date, (select min(day) from counted))::timestamp,
        coalesce($until::date, (select max(day) from counted))::timestamp, interval 1 day
    ))::date as day
), passes as (
    select min(coalesce(since, timestamp '1970-01-01')) as since, max(completed_at) as until
    from bookkeeping.passes
    where resource = 'events' and completed_at is not null
      and ($groups is null and $projects is null or project_id in (
          select id from projects where within(namespace, $groups) and chosen(path_with_namespace, $projects)
      ))
), events_told as (
    select min(created_at) as since, max(created_at) as until from events
), read as (
    select team_day(least(p.since, e.since)) as since, team_day(greatest(p.until, e.until)) as until
    from passes p, events_told e
)
select d.day, coalesce(c.events, 0) as events, coalesce(c.people, 0) as people,
       c.events is not null or coalesce(d.day between read.since and read.until, false) as is_read
from days d
cross join read
left join counted c on c.day = d.day
order by d.day
"""

RANKING = """
with counted as (
    select {key} as key, any_value({label}) as label, count(*) as events,
           coalesce(sum(commit_count), 0)::bigint as commits_pushed,
           count(distinct {other}) as others, max(created_at) as last_at
    from activity_events
    where {here}
    group by 1
)
select label, key, events, events / sum(events) over () as share, commits_pushed, others,
       team_time(last_at) as last_event
from counted
order by events desc, key
"""

WORDS = f"""
select 'action' as kind, action as word, count(*) as events from activity_events where {_WHERE} group by all
union all
select 'target', target, count(*) from activity_events where {_WHERE} group by all
union all
select 'source', source, count(*) from activity_events where {_WHERE} group by all
order by kind, events desc, word
"""

TOTALS = f"""
select count(*) as events, count(distinct person) as people, count(distinct project_id) as repositories,
       count(*) filter (action = 'pushed') as pushes, count(*) filter (action = 'merged') as merges,
       count(*) filter (action = 'commented') as comments
from activity_events
where {_HERE}
"""

LISTING = """
select team_time(created_at) as happened, person_label, action, target, title, path_with_namespace, ref, commit_count,
       web_url, source, id, created_at, is_new_ref, number, on_what, project_url
from activity_events
where {here}
order by created_at {sort}, id {sort}
limit $rows offset $skip
"""


def words(connection: duckdb.DuckDBPyConnection, filters: Filters, bots: str = "without") -> pd.DataFrame:
    """One row per action, target and source that occurs: kind ('action', 'target' or 'source'), word, events."""
    return ask(connection, WORDS, filters, bots=bots)


def over_time(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "action",
    which: Narrowed = USUAL,
    top: int = 8,
) -> pd.DataFrame:
    """One row per day (the team's) and series, zeros included: day, series, rank (``top + 1``: the others), events."""
    key, label = BY[by]
    sql = OVER_TIME.format(key=key, label=label, here=_HERE)
    return ask(connection, sql, filters, top=top, **which.values())


def calendar(connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = USUAL) -> pd.DataFrame:
    """One row per day (the team's) from ``since`` to ``until``, zeros included: day, events, people, is_read.

    Not read: before the window of the sync and the first event that was told, or after the last of both. Without
    ``since`` or ``until`` it is from the first or to the last day that has an event; a period without days has no rows.
    """
    return ask(connection, CALENDAR, filters, **which.values())


def ranking(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, by: str = "person", which: Narrowed = USUAL
) -> pd.DataFrame:
    """One row per action, target, person, repository or source, the most events first; nobody is cut off.

    Columns: label, key, events, share (0..1), commits_pushed, others (how many people; of a person: how many
    repositories), last_event (the team's wall clock).
    """
    key, label = BY[by]
    other = "project_id" if by == "person" else "person"
    return ask(connection, RANKING.format(key=key, label=label, other=other, here=_HERE), filters, **which.values())


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = USUAL) -> pd.DataFrame:
    """One row: events, people, repositories, pushes, merges, comments."""
    return ask(connection, TOTALS, filters, **which.values())


def listing(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = USUAL,
    sort: str = "newest first",
    rows: int = 5000,
    skip: int = 0,
) -> pd.DataFrame:
    """One row per event in the order of SORTS, at most ``rows`` after the first ``skip``.

    Columns: happened (the team's wall clock), person_label, action, target, title, path_with_namespace, ref,
    commit_count, web_url, source, id, created_at (UTC), is_new_ref, number, on_what (what a comment is on),
    project_url.
    """
    sql = LISTING.format(here=_HERE, sort=SORTS[sort])
    return ask(connection, sql, filters, rows=rows, skip=skip, **which.values())
