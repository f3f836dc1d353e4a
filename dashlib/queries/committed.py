"""Why the commits that people wrote are not the commits that they committed: differences by name, which add up exactly.

Git keeps two names and two dates of a commit. Who rebases, picks or applies the work of somebody else commits it; a
forge commits what is merged in the browser.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import AUTHORED_BY_PEOPLE, Narrowed, on_days
from dashlib.queries.question import ask

AUTHORED, COMMITTED = "authored", "committed"
TERMS = (COMMITTED, "for_others", "by_others", "by_robots", "unnamed")
REWRITTEN = "rewritten"
"""No term: how many of the authored commits were committed later than they were written."""

WORLD = """
with looked_at as (
    select c.project_id, c.commit_id, c.author, c.committer, c.is_rewritten,
           {is_authored} as by_them, {is_committed} as for_them
    from commit_people c
    where {here}
), told as (
    {told}
), named as (
    select t.*,
           case
               when is_authored and not is_committed and t.committer is null then 'unnamed'
               when is_authored and not is_committed and r.is_bot then 'by_robots'
               when is_authored and not is_committed then 'by_others'
               when is_committed and not is_authored then 'for_others'
           end as term
    from told t
    left join persons r on r.id = t.committer
)"""
_EACH = "select *, by_them as is_authored, for_them as is_committed from looked_at where by_them or for_them"
# Of a commit in several repositories the one with the smallest id counts, of those that are asked about.
_ONCE = """select *, by_them and (first_by is null or project_id = first_by) as is_authored,
           for_them and (first_for is null or project_id = first_for) as is_committed
    from looked_at
    left join (
        select commit_id, min(project_id) filter (by_them) as first_by, min(project_id) filter (for_them) as first_for
        from looked_at where commit_id in (select commit_id from shared_commits) group by commit_id
    ) using (commit_id)
    where by_them or for_them"""

LINE = (
    WORLD
    + """, counted as (
    select count(*) filter (is_authored) as authored, count(*) filter (is_committed) as committed,
           -count(*) filter (term = 'for_others') as for_others, count(*) filter (term = 'by_others') as by_others,
           count(*) filter (term = 'by_robots') as by_robots, count(*) filter (term = 'unnamed') as unnamed,
           count(*) filter (is_authored and is_rewritten) as rewritten
    from named
), amounts as (
    unpivot counted on columns(*) into name term value amount
)
select t.term, a.amount::bigint as amount
from (select unnest($terms::varchar[]) as term, generate_subscripts($terms::varchar[], 1) as place) t
join amounts a on a.term = t.term
order by t.place
"""
)


def line(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row per term: term, amount (signed). ``authored`` is the sum of ``TERMS``; ``rewritten`` is a part of it.

    for_others: what these people committed and somebody else wrote. by_others, by_robots, unnamed: what these people
    wrote and others committed (a robot or the forge; nobody whose name is known, as of commits that only a hook told).
    """
    sql = conditioned(LINE, filters, which)
    return ask(connection, sql, filters, terms=[AUTHORED, *TERMS, REWRITTEN])


def conditioned(template: str, filters: Filters, which: Narrowed) -> str:
    """A template that begins with ``WORLD``, with the conditions of the page, each of which is fixed text."""
    robots = "(select id from persons where is_bot)"
    people = "(select id from persons where chosen(id::varchar, $persons))"
    projects = "(select id from projects where within(namespace, $groups) and chosen(path_with_namespace, $projects))"
    here = [
        on_days(filters),
        f"c.project_id in {projects}" if filters.groups or filters.projects else "",
        {"without": "not c.is_merge", "with": "", "only": "c.is_merge"}[which.merges],
        "c.on_default" if which.branches == "default" else "",
    ]
    credited = [
        "c.{whose} is not null",
        f"c.{{whose}} in {people}" if filters.persons else "",
        {"without": f"c.{{whose}} not in {robots}", "with": "", "only": f"c.{{whose}} in {robots}"}[which.bots],
    ]
    of_whom = " and ".join(one for one in credited if one)
    return template.format(
        here=" and ".join(one for one in here if one) or "true",
        is_authored=f"({of_whom.format(whose='author')})",
        is_committed=f"coalesce({of_whom.format(whose='committer')}, false)",
        told=_ONCE if which.forks == "once" else _EACH,
    )
