"""The commits themselves, newest first, of those that ``commits`` counts."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import counted, on_days, what, within_period
from dashlib.queries.question import ask, filled, valued

LISTING = """
with {counted}
select team_time(c.committed_at) as committed, p.path_with_namespace, coalesce(n.label, c.person) as person_label,
       c.role, c.title, c.additions, c.deletions, c.is_merge, coalesce(n.is_bot, false) as is_bot, c.on_default,
       c.web_url, c.commit_id
from counted c
join projects p on p.id = c.project_id
left join persons n on n.id = c.person
order by c.committed_at desc, p.path_with_namespace, c.commit_id, c.role, c.person
limit $rows
"""

_SINCE = """
with {counted}
select count(committed_at), min(committed_at)
from (select committed_at from counted order by committed_at desc limit $rows)
"""
_PICKED = """
with {counted}
select c.project_id, c.commit_id as print, c.committed_at, team_time(c.committed_at) as committed,
       coalesce(n.label, c.person::varchar) as person_label, c.person::varchar as person, c.role,
       c.additions::bigint as additions, c.deletions::bigint as deletions,
       c.is_merge, coalesce(n.is_bot, false) as is_bot, c.on_default
from counted c
left join persons n on n.id = c.person
"""
_TEXTS = """
select c.project_id, hash(c.id) as print, c.id as commit_id, c.title, p.path_with_namespace,
       commit_link(c.web_url, p.web_url, c.id) as web_url
from commits c
join projects p on p.id = c.project_id
where {counted}
"""
_COLUMNS = (
    "committed", "path_with_namespace", "person_label", "role", "title", "additions", "deletions", "is_merge", "is_bot",
    "on_default", "web_url", "commit_id",
)  # fmt: skip
_ORDER = {"committed_at": False, "path_with_namespace": True, "commit_id": True, "role": True, "person": True}
"""By what they stand in order, and whether the smallest is first."""


def listing(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
    rows: int = 5000,
) -> pd.DataFrame:
    """One row per commit and credited person, newest first, at most ``rows``; asked of the database itself.

    Columns: committed (the team's wall clock), path_with_namespace, person_label, role, title, additions, deletions,
    is_merge, is_bot, on_default, web_url, commit_id.
    """
    which = what(role, merges, bots, branches, forks)
    return ask(connection, LISTING.format(counted=counted(filters, which, within_period(filters))), filters, rows=rows)


def listed(
    copy: duckdb.DuckDBPyConnection,
    database: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    role: str = "author",
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
    rows: int = 5000,
) -> pd.DataFrame:
    """The answer of ``listing``, and its SQL, in a tenth of the time where there are millions.

    The copy in memory (``commits_held``) picks the rows; it knows no titles, so the database tells those.
    """
    which = what(role, merges, bots, branches, forks)
    days = on_days(filters)
    since = valued(_SINCE.format(counted=counted(filters, which, days)), filters, rows=rows)
    [(dated, moment)] = copy.execute(*since).fetchall()
    # All that are as old as the last of them: which of those come first, their names decide. Those without a time are
    # the last, and only looked for where there are fewer of the others than wanted. Which of several repositories a
    # commit counts for once, all of them tell.
    bound = "c.committed_at >= $moment" if dated == rows and forks == "each" else ""
    picked = _frame(copy, _PICKED, filters, counted(filters, which, _all(days, bound)), moment=moment)
    prints = picked["print"].drop_duplicates().tolist()
    texts = _frame(database, _TEXTS, filters, _all("hash(c.id) in (select unnest($prints::ubigint[]))", bound),
                   moment=moment, prints=prints)  # fmt: skip
    found = picked.merge(texts, on=["project_id", "print"]).sort_values(list(_ORDER), ascending=list(_ORDER.values()))
    answer = found.head(rows)[list(_COLUMNS)].reset_index(drop=True)
    sql = LISTING.format(counted=counted(filters, which, within_period(filters)))
    answer.attrs["sql"] = filled(*valued(sql, filters, rows=rows))
    return answer


def _frame(
    connection: duckdb.DuckDBPyConnection, sql: str, filters: Filters, counted: str, **parameters: Any
) -> pd.DataFrame:
    return connection.execute(*valued(sql.format(counted=counted), filters, **parameters)).df()


def _all(*conditions: str) -> str:
    return " and ".join(condition for condition in conditions if condition)
