"""Commits per author, by repository and over time: questions to commits_by_author.

A commit is counted once per repository. With role ``author`` every commit has exactly one person, so persons and
"others" add up to the number of commits.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "person": ("person", "person_label"),
    "repository": ("path_with_namespace", "path_with_namespace"),
    "group": ("namespace", "namespace"),
}
"""What commits are split by: the word in the widget and the URL; its key and its label in SQL."""
GRAINS = ("day", "week", "month")
ROLES = ("author", "co_author", "both")
CHOICES = ("without", "with", "only")
"""What to do with merges and with robots."""
EVERY = {"role": "both", "merges": "with", "bots": "with"}
"""Every commit there is, whoever and whatever made it."""

_HERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and ($role = 'both' or role = $role)
      and ($merges = 'with' or is_merge = ($merges = 'only'))
      and ($bots = 'with' or is_bot = ($bots = 'only'))"""
_PERIOD = """($since::date is null or committed_at >= team_day_start($since::date))
      and ($until::date is null or committed_at < team_day_start($until::date + 1))"""

OVER_TIME = """
with counted as (
    select team_period($grain, committed_at) as period, {key} as key, any_value({label}) as label,
           count(distinct (project_id, commit_id)) as commits
    from commits_by_author
    where {here}
      and {period}
    group by 1, 2
), ranked as (
    select key, any_value(label) as label, row_number() over (order by sum(commits) desc, key) as rank
    from counted group by key
), named as (
    select key, least(rank, $top + 1) as rank,
           if(rank <= $top, label, ((select count(*) from ranked) - $top) || ' others') as series
    from ranked
), periods as (
    select unnest(generate_series(
        date_trunc($grain, coalesce($since::date, (select min(period) from counted))),
        coalesce($until::date, (select max(period) from counted)),
        case $grain when 'day' then interval 1 day when 'week' then interval 7 day else interval 1 month end
    ))::date as period
    where exists (select 1 from counted)
)
select p.period, n.series, n.rank, coalesce(sum(c.commits), 0)::bigint as commits
from periods p
cross join named n
left join counted c on c.period = p.period and c.key = n.key
group by all
order by p.period, n.rank
"""

RANKING = """
with chosen_commits as (
    select *, {key} as key, {label} as label
    from commits_by_author
    where {here}
      and {period}
), counted as (
    select key, any_value(label) as label, bool_or(is_bot) as is_bot,
           count(distinct (project_id, commit_id)) as commits,
           count(distinct team_day(committed_at)) as active_days,
           count(distinct project_id) as repositories,
           count(distinct person) as people,
           sum(additions)::bigint as additions, sum(deletions)::bigint as deletions,
           max(committed_at) as last_at
    from (select distinct on (key, project_id, commit_id, person) * from chosen_commits) group by key
), earlier as (
    select {key} as key, count(distinct (project_id, commit_id)) as commits
    from commits_by_author
    where {here}
      and committed_at >= team_day_start($since::date - ($until::date - $since::date + 1)::integer)
      and committed_at < team_day_start($since::date)
    group by 1
), reach as (
    -- what was never read is not nought
    select coalesce(
        max(since) <= team_day_start($since::date - ($until::date - $since::date + 1)::integer), true
    ) as known
    from bookkeeping.passes where resource = 'commits' and completed_at is not null
)
select c.label, c.key, c.is_bot, c.commits,
       c.commits / sum(c.commits) over () as share,
       case when r.known then c.commits - coalesce(e.commits, 0) end as change,
       c.active_days, c.repositories, c.people, c.additions, c.deletions, team_time(c.last_at) as last_commit
from counted c cross join reach r left join earlier e on e.key = c.key
order by c.commits desc, c.key
"""

TOTALS = f"""
select count(distinct (project_id, commit_id)) as commits,
       count(*) as credits,
       count(distinct person) as people,
       count(distinct project_id) as repositories,
       count(distinct team_day(committed_at)) as active_days
from commits_by_author
where {_HERE}
      and {_PERIOD}
"""

LISTING = f"""
select team_time(committed_at) as committed, path_with_namespace, person_label, role, title, additions, deletions,
       is_merge, is_bot, web_url, commit_id
from commits_by_author
where {_HERE}
      and {_PERIOD}
order by committed_at desc, path_with_namespace, commit_id, role, person
limit $rows
"""


def usual_grain(filters: Filters) -> str:
    """The grain that shows a period in some ten to thirty bars."""
    days = (filters.until - filters.since).days if filters.since and filters.until else 365
    return "day" if days <= 31 else "week" if days <= 200 else "month"


def over_time(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "person",
    grain: str = "week",
    top: int = 8,
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
) -> pd.DataFrame:
    """One row per day, week (from Monday) or month and series, zeros included; the rest is summed as "n others".

    Columns: period (its first day, in the team's zone), series, rank (``top + 1`` for the others), commits.
    """
    sql = _by(OVER_TIME, by)
    return ask(connection, sql, filters, grain=_of(GRAINS, grain), top=top, **_what(role, merges, bots))


def ranking(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "person",
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
) -> pd.DataFrame:
    """One row per person, repository or group with commits in the period, the most commits first; nobody is cut off.

    Columns: label, key, is_bot, commits, share (of the sum, 0..1), change (against the period of the same length
    before; null where a sync has not read that far back), active_days, repositories, people, additions, deletions
    (lines), last_commit (the team's wall clock).
    """
    return ask(connection, _by(RANKING, by), filters, **_what(role, merges, bots))


def totals(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
) -> pd.DataFrame:
    """One row: commits (distinct), credits, people, repositories, active_days.

    ``credits`` counts persons credited: as many as commits with role author, more with co-authors.
    """
    return ask(connection, TOTALS, filters, **_what(role, merges, bots))


def listing(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
    rows: int = 5000,
) -> pd.DataFrame:
    """One row per commit and credited person, newest first, at most ``rows``.

    Columns: committed (the team's wall clock), path_with_namespace, person_label, role, title, additions, deletions,
    is_merge, is_bot, web_url, commit_id.
    """
    return ask(connection, LISTING, filters, rows=rows, **_what(role, merges, bots))


def _by(template: str, by: str) -> str:
    key, label = BY[by]
    return template.format(key=key, label=label, here=_HERE, period=_PERIOD)


def _what(role: str, merges: str, bots: str) -> dict[str, Any]:
    return {"role": _of(ROLES, role), "merges": _of(CHOICES, merges), "bots": _of(CHOICES, bots)}


def _of(choices: tuple[str, ...], word: str) -> str:
    if word not in choices:
        raise ValueError(f"{word!r} is none of {', '.join(choices)}")
    return word
