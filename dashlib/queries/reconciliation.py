"""Why the commits that people wrote are not the commits that were pushed: differences by name, which add up exactly.

What was pushed is what events say (``branch_pushes.commit_count``); which commits that were, the lists of webhooks and
the graph of commits tell (``pushed_commits``). A push whose commits are not all known counts them as a term of its own,
so nothing is guessed; nor is what a push of many branches brought, whose event names no commits: only what nothing else
can have brought counts to it (``bulk_commits``).
authored = pushed - what was pushed and is not counted + what is counted and was not pushed in the period.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import AUTHORED_BY_PEOPLE, Narrowed, on_days, within_period
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

WORLD = """
with pushes as (
    select b.* from branch_pushes b
    where {pushed}
), pairs as not materialized (
    select p.project_id, p.commit_id, p.source, p.event_id
    from pushed_commits p
    semi join pushes b on b.project_id = p.project_id and b.source = p.source and b.event_id = p.event_id
), several as (
    -- what came by one push tells that itself: the pushes of the others alone are gone through
    select p.project_id, p.commit_id, count(*) filter ({pushed}) as times, bool_or({push_in_period}) as in_period,
           bool_or({push_in_period} and w.name = n.name) as alike
    from commit_people c
    join pushed_commits p on p.project_id = c.project_id and p.commit_id = c.commit_id
    join branch_pushes b on b.project_id = p.project_id and b.source = p.source and b.event_id = p.event_id
    left join persons w on w.id = c.author
    left join persons n on n.id = b.person
    where c.pushes > 1
    group by all
), days as materialized (
    select {since_at} as since_at, {until_at} as until_at
), looked_at as (
    select c.project_id, c.commit_id, c.author, c.pusher, c.committed_at, c.pushes,
           {is_authored} as is_authored,
           case c.pushes when 0 then 0 when 1 then if({pushed_once}{pusher_is_meant}, 1, 0) else s.times end as times,
           case c.pushes when 0 then false when 1 then {pushed_once} else s.in_period end as in_period,
           s.alike,
           case
               when not {in_period} then 'outside'
               when not {of_person} then 'others'
               when not {of_kind} then 'robot'
               when not {of_parents} then 'merge'
               else 'branch'
           end as term
    from commit_people c
    cross join days d
    left join several s on s.project_id = c.project_id and s.commit_id = c.commit_id
    where {here} and ({in_period} or c.pushes > 1 or {pushed_once})
), told as (
    -- all but what was pushed once and counts once: nothing has to be said of that
    select * from looked_at where is_authored <> (times > 0) or times > 1
), taken as (
    select b.project_id, b.commit_id,
           case b.term when 'others' then if({named_alike}, 'alias_pushed', 'others')
               when 'branch' then {of_branch} else b.term end as term
    from told b
    where b.times > 0 and not b.is_authored
), bulk as (
    -- where one outside the period can have brought it as well, nothing tells which of them did
    select p.project_id, p.commit_id
    from bulk_commits p
    join branch_pushes b on b.project_id = p.project_id and b.source = p.source and b.event_id = p.event_id
    group by all
    having bool_and({push_in_period})
), added as (
    select a.project_id, a.commit_id,
           case
               when a.in_period then if(coalesce(a.alike, w.name = n.name), 'alias', 'by_others')
               when a.pushes > 0 then 'earlier'
               when k.commit_id is not null then 'bulk'
               else 'untold'
           end as term
    from told a
    left join bulk k on k.project_id = a.project_id and k.commit_id = a.commit_id
    left join persons w on w.id = a.author
    left join persons n on n.id = a.pusher
    where a.is_authored and a.times = 0
)"""
_AUTHORED = "select project_id, commit_id from commit_people c where {here} and {is_authored}"
_SQUASHED = """if(exists (
                   select 1 from pairs q
                   join branch_pushes w
                       on w.project_id = q.project_id and w.source = q.source and w.event_id = q.event_id
                   join merged_branches m on m.project_id = w.project_id and m.branch = w.ref
                   where q.project_id = b.project_id and q.commit_id = b.commit_id
               ), 'squash', 'branch')"""

LINE = (
    WORLD
    + """, authored as not materialized (
    {authored}
), counted_once as (
    {once}
), amounts as (
    select 'authored' as term, (select count(*) from authored) - (select count(*) from counted_once) as amount
    union all select 'pushed', sum(commit_count) from pushes
    union all select 'cut', -sum(commit_count - resolved) from pushes where is_cut
    union all select 'unknown', -sum(commit_count - resolved) from pushes where not is_cut
    union all select 'again', -sum(times - 1) from told where times > 1
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


def line(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row per term, in the order of the line: term, amount (signed). ``authored`` is the sum of all others."""
    sql = conditioned(LINE, filters, which)
    return ask(connection, sql, filters, terms=[AUTHORED, *TERMS])


def conditioned(template: str, filters: Filters, which: Narrowed) -> str:
    """A template that begins with ``WORLD``, with the conditions of the page, each of which is fixed text."""
    people = "(select id from persons where chosen(id::varchar, $persons))"
    robot = "(c.author in (select id from persons where is_bot))"
    here = "{alias}.project_id in (select id from projects where within(namespace, $groups) and {chosen})".replace(
        "{chosen}", "chosen(path_with_namespace, $projects)"
    )
    in_period = f"({on_days(filters) or 'true'})"
    push_in_period = within_period(filters, "b.created_at") or "true"
    of_person = f"(c.author in {people})" if filters.persons else "true"
    of_kind = {"with": "true", "without": f"(not {robot})", "only": f"({robot})"}[which.bots]
    of_parents = {"with": "true", "without": "(not c.is_merge)", "only": "c.is_merge"}[which.merges]
    of_branch = "c.on_default" if which.branches == "default" else "true"
    limits = (("d.since_at", ">=", filters.since), ("d.until_at", "<", filters.until))
    narrowed = bool(filters.groups or filters.projects)
    parts = {
        "here": here.format(alias="c") if narrowed else "true",
        "is_authored": _all(in_period, of_person, of_kind, of_parents, of_branch),
        "pushed": _all(
            push_in_period,
            here.format(alias="b") if narrowed else "true",
            f"b.person in {people}" if filters.persons else "true",
        ),
        "push_in_period": push_in_period,
        "since_at": "team_day_start($since::date)" if filters.since else "null",
        "until_at": "team_day_start($until::date + 1)" if filters.until else "null",
        "pushed_once": _all(*(f"c.pushed_at {sign} {bound}" for bound, sign, day in limits if day)),
        "pusher_is_meant": f" and c.pusher in {people}" if filters.persons else "",
        "in_period": in_period,
        "of_person": of_person,
        "of_kind": of_kind,
        "of_parents": of_parents,
        "of_branch": _SQUASHED if which.branches == "default" else "'branch'",
        "named_alike": (
            "exists (select 1 from persons x join persons y on y.name = x.name"
            f" where x.id = b.author and y.id in {people})"
            if filters.persons
            else "false"
        ),
        "once": _NOT_ONCE if which.forks == "once" else "select project_id, commit_id from authored where false",
    }
    return template.format(authored=_AUTHORED.format(**parts), **parts)


def _all(*conditions: str) -> str:
    """All of these; ``true`` where there is none."""
    return f"({' and '.join(one for one in conditions if one != 'true') or 'true'})"
