"""The commits, and the pushes, behind each term of the lines that tell authored from pushed and from committed.

Which those are the copy in memory (``commits_held``) finds at once, where there are millions of them; it knows no
titles, so the database tells those. The SQL that is shown asks the database for all of it.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries import committed, reconciliation
from dashlib.queries.commit_credits import AUTHORED_BY_PEOPLE, Narrowed, of
from dashlib.queries.commit_listing import with_texts
from dashlib.queries.question import ask, filled, valued

PUSHED_TERMS = (*reconciliation.TAKEN, *reconciliation.ADDED)
"""Terms of ``reconciliation`` whose commits are known."""
COMMITTED_TERMS = (*committed.TERMS[1:], committed.REWRITTEN)
"""Terms of ``committed`` that are differences."""

_PUSHED = (
    reconciliation.WORLD
    + """, authored as not materialized (
    {authored}
), wanted as (
    select project_id, commit_id from taken where term = $term
    union all select project_id, commit_id from added where term = $term
    union all select project_id, commit_id from told where times > 1 and $term = 'again'
    union all select project_id, commit_id from ({once}) where $term = 'forks'
)"""
)
_COMMITTED = (
    committed.WORLD
    + """, wanted as (
    select project_id, commit_id from named where term = $term or ($term = 'rewritten' and is_authored and is_rewritten)
)"""
)
_OTHER = {"pushed": ("pushed_by", "c.pusher"), "committed": ("committed_by", "c.committer")}
"""Who is told beside the author, by line."""
_LISTING = """
select team_time(c.committed_at) as committed, p.path_with_namespace, coalesce(n.label, c.author) as person_label,
       coalesce(u.label, {person}, '') as {other}, c.title, c.is_merge, c.on_default, c.web_url, c.commit_id
from wanted w
join commit_people c on c.project_id = w.project_id and c.commit_id = w.commit_id
join projects p on p.id = c.project_id
left join persons n on n.id = c.author
left join persons u on u.id = {person}
order by c.committed_at desc nulls last, p.path_with_namespace, c.commit_id
limit $rows
"""
_PICKED = """, rows as materialized (
    select c.* from wanted w
    join commit_people c on c.project_id = w.project_id and c.commit_id = w.commit_id
), oldest as (
    select min(committed_at) as moment, count(committed_at) as dated
    from (select committed_at from rows order by committed_at desc nulls last limit $rows)
)
select c.project_id, c.commit_id as print, c.committed_at, team_time(c.committed_at) as committed,
       coalesce(n.label, c.author::varchar) as person_label, coalesce(u.label, {person}::varchar, '') as {other},
       c.is_merge, c.on_default
from rows c
cross join oldest o
left join persons n on n.id = c.author
left join persons u on u.id = {person}
-- all that are as old as the last of them: which of those come first, their names decide
where c.committed_at >= o.moment or o.dated < $rows
"""

_OF_PUSHES = (
    reconciliation.WORLD
    + """, wanted as (
    select * from pushes where commit_count > resolved and is_cut = ($term = 'cut')
)"""
)
_PUSHES = """
select team_time(b.created_at) as happened, p.path_with_namespace, coalesce(n.label, b.person) as person_label, b.ref,
       b.commit_count, b.resolved, b.title, b.web_url
from wanted b
join projects p on p.id = b.project_id
left join persons n on n.id = b.person
order by b.created_at desc, b.source, b.event_id
limit $rows
"""
_PICKED_PUSHES = """
select b.source::varchar as source, b.event_id, b.created_at, team_time(b.created_at) as happened,
       coalesce(n.label, b.person::varchar) as person_label, b.ref, b.commit_count, b.resolved
from wanted b
left join persons n on n.id = b.person
order by b.created_at desc, b.source, b.event_id
limit $rows
"""
_TEXTS = """
select e.source, e.id as event_id, p.path_with_namespace, e.commit_title as title,
       push_link(p.web_url, e.source, e.commit_from, e.commit_to, e.commit_count) as web_url
from events e
join projects p on p.id = e.project_id
where e.id in (select unnest($ids::bigint[]))
"""


def commits(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    line: str,
    term: str,
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 1000,
) -> pd.DataFrame:
    """The commits of one term of a line (``pushed`` or ``committed``), newest first, at most ``rows``; asked of the
    database itself, which takes long where there are millions.

    Columns: committed (the team's wall clock), path_with_namespace, person_label (the author), pushed_by or
    committed_by, title, is_merge, on_default, web_url, commit_id. Of ``again`` each commit stands once, however often
    it was pushed. KeyError for a line, ValueError for a term that there is not.
    """
    return ask(connection, _shown(line, filters, which), filters, term=_known(line, term), rows=rows)


def listed(
    copy: duckdb.DuckDBPyConnection,
    database: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    line: str,
    term: str,
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 1000,
) -> pd.DataFrame:
    """The answer of ``commits``, and its SQL, where there are millions."""
    other, person = _OTHER[line]
    values: dict[str, Any] = {"term": _known(line, term), "rows": rows}
    sql = _wanted(line, filters, which) + _PICKED.format(other=other, person=person)
    picked = copy.execute(*valued(sql, filters, **values)).df()
    answer = with_texts(picked, database, rows)
    columns = [
        "committed", "path_with_namespace", "person_label", other, "title", "is_merge", "on_default", "web_url",
        "commit_id",
    ]  # fmt: skip
    answer = answer[columns]
    answer.attrs["sql"] = filled(*valued(_shown(line, filters, which), filters, **values))
    return answer


def pushes(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    term: str,
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 1000,
) -> pd.DataFrame:
    """The pushes of a term of ``reconciliation.OF_PUSHES``, newest first, at most ``rows``; asked of the database.

    Columns: happened (the team's wall clock), path_with_namespace, person_label, ref, commit_count, resolved (how many
    of its commits are known), title, web_url.
    """
    sql = reconciliation.conditioned(_OF_PUSHES, filters, which) + _PUSHES
    return ask(connection, sql, filters, term=of(reconciliation.OF_PUSHES, term), rows=rows)


def listed_pushes(
    copy: duckdb.DuckDBPyConnection,
    database: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    term: str,
    which: Narrowed = AUTHORED_BY_PEOPLE,
    rows: int = 1000,
) -> pd.DataFrame:
    """The answer of ``pushes``, and its SQL, where there are millions of commits."""
    values: dict[str, Any] = {"term": of(reconciliation.OF_PUSHES, term), "rows": rows}
    wanted = reconciliation.conditioned(_OF_PUSHES, filters, which)
    picked = copy.execute(*valued(wanted + _PICKED_PUSHES, filters, **values)).df()
    texts = database.execute(*valued(_TEXTS, filters, ids=picked["event_id"].tolist())).df()
    found = picked.merge(texts, on=["source", "event_id"])
    columns = ["happened", "path_with_namespace", "person_label", "ref", "commit_count", "resolved", "title", "web_url"]
    answer = pd.DataFrame(found[columns])
    answer.attrs["sql"] = filled(*valued(wanted + _PUSHES, filters, **values))
    return answer


def _shown(line: str, filters: Filters, which: Narrowed) -> str:
    other, person = _OTHER[line]
    return _wanted(line, filters, which) + _LISTING.format(other=other, person=person)


def _wanted(line: str, filters: Filters, which: Narrowed) -> str:
    if line == "pushed":
        return reconciliation.conditioned(_PUSHED, filters, which)
    return committed.conditioned(_COMMITTED, filters, which)


def _known(line: str, term: str) -> str:
    return of({"pushed": PUSHED_TERMS, "committed": COMMITTED_TERMS}[line], term)
