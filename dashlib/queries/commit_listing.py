"""The commits themselves, newest first, of those that ``commits`` counts."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import AUTHORED_BY_PEOPLE, Narrowed, counted, on_days, within_period
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
where hash(c.id) in (select unnest($prints::ubigint[])) and {bound}
"""
_BOUND = "c.committed_at >= $moment"
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
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 5000,
) -> pd.DataFrame:
    """One row per commit and credited person, newest first, at most ``rows``; asked of the database itself.

    Columns: committed (the team's wall clock), path_with_namespace, person_label, role, title, additions, deletions,
    is_merge, is_bot, on_default, web_url, commit_id.
    """
    return ask(connection, LISTING.format(counted=counted(filters, which, within_period(filters))), filters, rows=rows)


def listed(
    copy: duckdb.DuckDBPyConnection,
    database: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 5000,
) -> pd.DataFrame:
    """The answer of ``listing``, and its SQL, in a tenth of the time where there are millions.

    The copy in memory (``commits_held``) picks the rows; it knows no titles, so the database tells those.
    """
    days = on_days(filters)
    since = valued(_SINCE.format(counted=counted(filters, which, days)), filters, rows=rows)
    [(dated, moment)] = copy.execute(*since).fetchall()
    # All that are as old as the last of them: which of those come first, their names decide. Those without a time are
    # the last, and only looked for where there are fewer of the others than wanted. Which of several repositories a
    # commit counts for once, all of them tell.
    bound = _BOUND if dated == rows and which.forks == "each" else ""
    sql = _PICKED.format(counted=counted(filters, which, _all(days, bound)))
    picked = copy.execute(*valued(sql, filters, moment=moment)).df()
    answer = with_texts(picked, database, rows)[list(_COLUMNS)]
    sql = LISTING.format(counted=counted(filters, which, within_period(filters)))
    answer.attrs["sql"] = filled(*valued(sql, filters, rows=rows))
    return answer


def with_texts(picked: pd.DataFrame, database: duckdb.DuckDBPyConnection, rows: int) -> pd.DataFrame:
    """Commits that were picked in memory with what only the database tells of them: the newest ``rows``, newest first.

    ``picked`` holds project_id, print (the hash of the commit's id) and committed_at. More columns: commit_id, title,
    path_with_namespace, web_url.
    """
    prints = picked["print"].drop_duplicates().tolist()
    # Most of what lies in the database is older than all of them.
    moment = None if picked["committed_at"].isna().any() else picked["committed_at"].min()
    bound = _BOUND if moment is not None and len(picked) else "true"
    texts = database.execute(*valued(_TEXTS.format(bound=bound), Filters(), prints=prints, moment=moment)).df()
    found = picked.merge(texts, on=["project_id", "print"])
    order = [column for column in _ORDER if column in found]
    found = found.sort_values(order, ascending=[_ORDER[column] for column in order])
    return pd.DataFrame(found.head(rows)).reset_index(drop=True)


def _all(*conditions: str) -> str:
    return " and ".join(condition for condition in conditions if condition)
