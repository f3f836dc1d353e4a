"""Why the commits that people wrote are not the commits that were pushed: differences by name, which add up exactly.

What was pushed is what events say (``branch_pushes.commit_count``); which commits that were, the graph of commits tells
(``pushed_commits``). A push whose commits are not all known counts them as a term of its own, so nothing is guessed:
authored = pushed - what was pushed and is not counted + what is counted and was not pushed in the period.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import counted, of, what, within_period
from dashlib.queries.question import ask

AUTHORED, PUSHED = "authored", "pushed"
OF_PUSHES = ("cut", "unknown")
"""Terms that count commits nobody can name: their list is one of pushes."""
TAKEN = ("again", "outside", "others", "alias_pushed", "robot", "merge", "squash", "branch")
"""Terms of what was pushed and is not counted."""
ADDED = ("earlier", "by_others", "alias", "bulk", "untold", "forks")
"""Terms of what is counted and was not pushed by these people in the period; ``forks`` is counted less, not more."""
TERMS = (PUSHED, *OF_PUSHES, *TAKEN, *ADDED)
"""In the order of the line."""

_WORLD = """
with {authored}, pushes as (
    select b.* from branch_pushes b
    where {pushed}
), pairs as not materialized (
    select p.project_id, p.commit_id, p.source, p.event_id
    from pushed_commits p
    semi join pushes b on b.project_id = p.project_id and b.source = p.source and b.event_id = p.event_id
), brought as (
    select project_id, commit_id, count(*) as times from pairs group by all
), not_counted as (
    select b.project_id, b.commit_id from brought b
    anti join authored a on a.project_id = b.project_id and a.commit_id = b.commit_id
), not_pushed as (
    select a.project_id, a.commit_id, a.person, a.committed_at from authored a
    anti join brought b on b.project_id = a.project_id and b.commit_id = a.commit_id
), taken as (
    select b.project_id, b.commit_id,
           case
               when {in_period} is not true then 'outside'
               when not {of_person} then if({named_alike}, 'alias_pushed', 'others')
               when not {of_kind} then 'robot'
               when not {of_parents} then 'merge'
               else {of_branch}
           end as term
    from not_counted b
    join commit_people c on c.project_id = b.project_id and c.commit_id = b.commit_id
), pushed_ever as (
    select p.project_id, p.commit_id, bool_or({push_in_period}) as in_period,
           bool_or({push_in_period} and w.name = n.name) as alike
    from pushed_commits p
    join not_pushed a on a.project_id = p.project_id and a.commit_id = p.commit_id
    join branch_pushes b on b.project_id = p.project_id and b.source = p.source and b.event_id = p.event_id
    left join persons w on w.id = a.person
    left join persons n on n.id = b.person
    group by all
), bulk as (
    select project_id, max(created_at) as at from branch_pushes where is_bulk group by project_id
), added as (
    select a.project_id, a.commit_id,
           case
               when e.in_period then if(e.alike, 'alias', 'by_others')
               when e.project_id is not null then 'earlier'
               when k.at >= a.committed_at then 'bulk'
               else 'untold'
           end as term
    from not_pushed a
    left join pushed_ever e on e.project_id = a.project_id and e.commit_id = a.commit_id
    left join bulk k on k.project_id = a.project_id
)"""
_SQUASHED = """if(exists (
                   select 1 from pairs q
                   join branch_pushes w
                       on w.project_id = q.project_id and w.source = q.source and w.event_id = q.event_id
                   join merge_requests m
                       on m.project_id = w.project_id and m.source_branch = w.ref and m.state = 'merged'
                   where q.project_id = b.project_id and q.commit_id = b.commit_id
               ), 'squash', 'branch')"""

LINE = (
    _WORLD
    + """, counted_once as (
    {once}
), amounts as (
    select 'authored' as term, (select count(*) from authored) - (select count(*) from counted_once) as amount
    union all select 'pushed', sum(commit_count) from pushes
    union all select 'cut', -sum(commit_count - resolved) from pushes where by_hook and commit_count > 20
    union all select 'unknown', -sum(commit_count - resolved) from pushes where not (by_hook and commit_count > 20)
    union all select 'again', -sum(times - 1) from brought
    union all select term, -count(*) from taken group by term
    union all select term, count(*) from added group by term
    union all select 'forks', -count(*) from counted_once
)
select t.term, coalesce(sum(a.amount), 0)::bigint as amount
from (select unnest($terms::varchar[]) as term, generate_subscripts($terms::varchar[], 1) as place) t
left join amounts a on a.term = t.term
group by t.term, t.place
order by t.place
"""
)
_NOT_ONCE = """select project_id, commit_id from authored where commit_id in (select commit_id from shared_commits)
    qualify project_id <> min(project_id) over (partition by commit_id)"""

COMMITS = (
    _WORLD
    + """, wanted as (
    select project_id, commit_id from taken where term = $term
    union all select project_id, commit_id from added where term = $term
    union all select project_id, commit_id from brought where times > 1 and $term = 'again'
    union all select project_id, commit_id from ({once}) where $term = 'forks'
)
select team_time(c.committed_at) as committed, p.path_with_namespace, coalesce(n.label, c.author) as person_label,
       coalesce(u.label, c.pusher, '') as pushed_by, c.title, c.is_merge, c.on_default, c.web_url, c.commit_id
from wanted w
join commit_people c on c.project_id = w.project_id and c.commit_id = w.commit_id
join projects p on p.id = c.project_id
left join persons n on n.id = c.author
left join persons u on u.id = c.pusher
order by c.committed_at desc, p.path_with_namespace, c.commit_id
limit $rows
"""
)

PUSHES = (
    _WORLD
    + """
select team_time(b.created_at) as happened, p.path_with_namespace, coalesce(n.label, b.person) as person_label, b.ref,
       b.commit_count, b.resolved, b.title, b.web_url
from pushes b
join projects p on p.id = b.project_id
left join persons n on n.id = b.person
where b.commit_count > b.resolved and (b.by_hook and b.commit_count > 20) = ($term = 'cut')
order by b.created_at desc, b.event_id
limit $rows
"""
)


def line(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
) -> pd.DataFrame:
    """One row per term, in the order of the line: term, amount (signed). ``authored`` is the sum of all others."""
    sql = _filled(LINE, filters, what("author", merges, bots, branches, "each"), forks)
    return ask(connection, sql, filters, terms=[AUTHORED, *TERMS])


def commits(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    term: str,
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
    rows: int = 1000,
) -> pd.DataFrame:
    """The commits of one term, newest first, at most ``rows``; asked of the database itself.

    Columns: committed (the team's wall clock), path_with_namespace, person_label (the author), pushed_by, title,
    is_merge, on_default, web_url, commit_id. Of ``again`` each commit stands once, however often it was pushed.
    """
    sql = _filled(COMMITS, filters, what("author", merges, bots, branches, "each"), forks)
    return ask(connection, sql, filters, term=of((*TAKEN, *ADDED), term), rows=rows)


def pushes(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    term: str,
    merges: str = "without",
    bots: str = "without",
    branches: str = "all",
    forks: str = "each",
    rows: int = 1000,
) -> pd.DataFrame:
    """The pushes of a term of ``OF_PUSHES``, newest first, at most ``rows``.

    Columns: happened (the team's wall clock), path_with_namespace, person_label, ref, commit_count, resolved (how many
    of its commits are known), title, web_url.
    """
    sql = _filled(PUSHES, filters, what("author", merges, bots, branches, "each"), forks)
    return ask(connection, sql, filters, term=of(OF_PUSHES, term), rows=rows)


def _filled(template: str, filters: Filters, which: Mapping[str, str], forks: str) -> str:
    """The template with the conditions of the page, each of which is fixed text."""
    forks_once = of(("each", "once"), forks) == "once"
    people = "(select id from persons where chosen(id::varchar, $persons))"
    robot = "exists (select 1 from persons r where r.id = c.author and r.is_bot)"
    push_in_period = within_period(filters, "b.created_at") or "true"
    pushed = [push_in_period]
    if filters.groups or filters.projects:
        pushed.append(
            "b.project_id in (\n        select id from projects"
            " where within(namespace, $groups) and chosen(path_with_namespace, $projects))"
        )
    if filters.persons:
        pushed.append(f"b.person in {people}")
    return template.format(
        authored=counted(filters, {**which, "role": "author"}, within_period(filters)).replace(
            "counted as", "authored as", 1
        ),
        pushed="\n      and ".join(pushed),
        push_in_period=push_in_period,
        in_period=f"({within_period(filters, 'c.committed_at') or 'true'})",
        of_person=f"(c.author in {people})" if filters.persons else "true",
        named_alike=(
            "exists (select 1 from persons x join persons y on y.name = x.name"
            f" where x.id = c.author and y.id in {people})"
            if filters.persons
            else "false"
        ),
        of_branch=_SQUASHED if which["branches"] == "default" else "'branch'",
        of_kind={"with": "true", "without": f"(not {robot})", "only": f"({robot})"}[which["bots"]],
        of_parents={"with": "true", "without": "(not c.is_merge)", "only": "c.is_merge"}[which["merges"]],
        once=_NOT_ONCE if forks_once else "select project_id, commit_id from authored where false",
    )
