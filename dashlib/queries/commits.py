"""Commits per author, repository, group and team, over time: questions to commit_credits.

A commit is counted once per repository. With a role that one person has in a commit (author, committer, merger, pusher)
persons and "others" add up to the number of commits; what several share is told by ``totals``. The questions are asked
of the copy in memory (``commits_held``), where 2 million commits answer in time; the views give the same, more slowly.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.commit_credits import (
    AUTHORED_BY_PEOPLE,
    BRANCHES,
    BY,
    CHOICES,
    FORKS,
    GRAINS,
    OVERLAPPING,
    ROLES,
    Narrowed,
    counted,
    keyed,
    of,
    on_days,
)  # fmt: skip
from dashlib.queries.question import ask

__all__ = ["BRANCHES", "BY", "CHOICES", "EVERY", "FORKS", "GRAINS", "MEASURES", "ROLES", "Narrowed"]

EVERY = Narrowed(role="both", merges="with", bots="with")
"""Every commit there is, whoever and whatever made it."""
MEASURES = ("commits", "active_days", "additions", "deletions")
"""What is counted over time."""
_OF_LINES = "not is_merge"
_LINES = """sum(additions) filter ({lines})::bigint as additions,
           sum(deletions) filter ({lines})::bigint as deletions"""
_DAYS = "bit_count(bitstring_agg((day - $since::date)::integer, 0, ($until::date - $since::date)::integer){now})"
"""How many different days of a bounded period: a bit for each takes half the time of counting distinct ones."""

OVER_TIME = """
with {counted}, {keyed}, cells as materialized (
    select key, date_trunc($grain, day)::date as period, {amount} as amount from keyed group by all
), sums as (
    select key, sum(amount) as amount from cells group by key
), ranked as (
    select {name} as key, k.key as found, {label} as label, row_number() over (order by k.amount desc, {name}) as rank
    from sums k {named}
), named as (
    select distinct least(rank, $top + 1) as rank,
           if(rank <= $top, label, ((select count(*) from ranked) - $top) || ' others') as series,
           if(rank <= $top, key, null) as key
    from ranked
), series as (
    select c.period, least(r.rank, $top + 1) as rank, sum(c.amount) as amount
    from cells c join ranked r on r.found is not distinct from c.key group by all
), periods as (
    select unnest(generate_series(
        -- years before the first commit are not told one by one
        date_trunc($grain, (
            select coalesce(greatest($since::date, min(period) - interval 1 year), min(period)) from series
        )),
        coalesce($until::date, (select max(period) from series)),
        case $grain when 'day' then interval 1 day when 'week' then interval 7 day
                    when 'month' then interval 1 month else interval 3 month end
    ))::date as period
    where exists (select 1 from series)
)
select p.period, n.series, n.rank, coalesce(s.amount, 0)::bigint as {measure}, n.key
from periods p
cross join named n
left join series s on s.period = p.period and s.rank = n.rank
order by p.period, n.rank
"""

RANKING = """
with {counted}, {keyed}, sums as (
    select key,
           count(*){once_now} as commits,
           {earlier} as earlier,
           {active_days} as active_days,
           {repositories} as repositories,
           {people} as people,
           {lines},
           min(committed_at){now} as first_at, max(committed_at){now} as last_at
    from keyed group by key
), reach as (
    -- what was never read is not nought
    select coalesce(max(since) <= {before}, true) as known
    from bookkeeping.passes where resource = 'commits' and completed_at is not null
)
select {label} as label, {name} as key, {is_bot} as is_bot, k.commits,
       k.commits / sum(k.commits) over () as share,
       row_number() over (order by k.commits desc, {name}) as place,
       {change} as change,
       k.active_days, k.repositories, k.people, k.additions, k.deletions,
       team_time(k.first_at) as first_commit, team_time(k.last_at) as last_commit, {is_new} as is_new
from sums k
cross join reach r
{named}
where k.commits > 0
order by k.commits desc, {name}
"""
_FIRSTS = "\nleft join author_firsts f on f.person = k.key"

TOTALS = """
with {counted}, summed as (
    select {commits} as commits, count(*) as credits, count(distinct c.person) as people,
           count(distinct c.project_id) as repositories, count(distinct c.day) as active_days,
           count(distinct if(f.day >= $since::date, c.person, null)) as new_people
    from counted c left join author_firsts f on f.person = c.person
), reach as (
    select coalesce(max(since) < team_day_start($since::date), true) as known
    from bookkeeping.passes where resource = 'commits' and completed_at is not null
)
select s.* replace (if({firsts_known}, s.new_people, null) as new_people),
       if({firsts_known}, s.people - s.new_people, null) as returning_people
from summed s cross join reach r
"""

OVERLAP = """
with {counted}, {keyed}
select {commits} as commits, count(*) filter (once) as counted from keyed
"""

HOURS = """
with {counted}, hours as (
    select author_hour, {commits} as commits from counted where author_hour is not null group by all
)
select h.hour // 24 + 1 as weekday, h.hour % 24 as hour, coalesce(c.commits, 0) as commits
from (select unnest(range(168)) as hour) h
left join hours c on c.author_hour = h.hour
order by h.hour
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
    measure: str = "commits",
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row per day, week (from Monday), month or quarter and series, zeros included; the rest is "n others".

    Columns: period (its first day, in the team's zone), series, rank (``top + 1`` for the others), the measure (one of
    ``MEASURES``, under its name), key (what the series is known by; null for the others). The biggest are those with
    the most of the measure. Active days of the others are the sum of theirs; lines of merges are not counted.
    """
    once = _once(by, which.role)
    amounts = {
        "commits": f"count(*){_where(once)}",
        "active_days": "count(distinct day)",
        "additions": f"coalesce(sum(additions){_where(once, _OF_LINES)}, 0)",
        "deletions": f"coalesce(sum(deletions){_where(once, _OF_LINES)}, 0)",
    }
    sql = OVER_TIME.format(
        counted=counted(filters, which, on_days(filters)),
        keyed=keyed(by, which.role),
        amount=amounts[of(MEASURES, measure)],
        measure=measure,
        name=BY[by].name,
        label=BY[by].label,
        named=BY[by].named,
    )
    return ask(connection, sql, filters, grain=of(GRAINS, grain), top=top)


def ranking(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "person",
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row per person, repository, group or team with commits in the period, the most first; nobody is cut off.

    Columns: label, key, is_bot, commits, share (of the sum, 0..1), place (1 has the most), change (against the period
    of the same length before; null where a sync has not read that far back), active_days, repositories, people,
    additions, deletions (lines; those of merges are not counted, as in ``git log --numstat``), first_commit and
    last_commit (of the period; the team's wall clock), is_new (a person whose first commit ever stored is of this
    period; false where nothing before the period was read, and of other roles than author).
    """
    both = filters.since is not None and filters.until is not None
    now, once = "day >= $since::date" if both else "", _once(by, which.role)
    before = "$since::date - ($until::date - $since::date + 1)::integer"
    is_new = "coalesce(f.day >= $since::date, false)"
    sql = RANKING.format(
        counted=counted(filters, which, f"c.day between {before} and $until::date" if both else on_days(filters)),
        keyed=keyed(by, which.role),
        once_now=_where(once, now),
        earlier=f"count(*){_where(once, 'day < $since::date')}" if both else "0",
        active_days=_DAYS.format(now=_where(now)) if both else "count(distinct day)",
        repositories="1::bigint" if by == "repository" else f"count(distinct project_id){_where(now)}",
        people="1::bigint" if by == "person" else f"count(distinct person){_where(now)}",
        lines=_LINES.format(lines=" and ".join(part for part in (once, now, _OF_LINES) if part)),
        now=_where(now),
        before=f"team_day_start({before})" if both else "null",
        name=BY[by].name,
        label=BY[by].label,
        change="case when r.known then k.commits - k.earlier end" if both else "null::bigint",
        is_bot="coalesce(n.is_bot, false)" if by == "person" else "false",
        is_new=f"r.known and {is_new}" if by == "person" and both and which.role == "author" else "false",
        named=BY[by].named + (_FIRSTS if by == "person" else ""),
    )
    return ask(connection, sql, filters)


def totals(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row: commits (distinct), credits, people, repositories, active_days, new_people, returning_people.

    ``credits`` counts persons credited: as many as commits with role author, more with co-authors. ``new_people`` are
    those of them whose first commit ever stored is not older than the period, ``returning_people`` the others; null
    where nothing before it was read, and of other roles than author: who only reviews has no first commit.
    """
    sql = TOTALS.format(
        counted=counted(filters, which, on_days(filters)),
        commits=_commits(which.role),
        firsts_known="r.known and $since::date is not null" if which.role == "author" else "false",
    )
    return ask(connection, sql, filters)


def overlap(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str = "person",
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row: commits (distinct), counted (their sum over all keys of ``by``): more where keys share commits."""
    sql = OVERLAP.format(
        counted=counted(filters, which, on_days(filters)),
        keyed=keyed(by, which.role),
        commits="count(distinct (project_id, commit_id))",
    )
    return ask(connection, sql, filters)


def hours(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = AUTHORED_BY_PEOPLE,
) -> pd.DataFrame:
    """One row per hour of the week on the authors' own clocks, zeros included: weekday (1 is Monday), hour, commits."""
    sql = HOURS.format(counted=counted(filters, which, on_days(filters)), commits=_commits(which.role))
    return ask(connection, sql, filters)


def _commits(role: str) -> str:
    """Commits among credits: as many as rows where one person has the role, else the distinct ones."""
    return "count(distinct (project_id, commit_id))" if role in ("both", "co_author") else "count(*)"


def _once(by: str, role: str) -> str:
    """The condition that counts a commit once for a key, where it could count more often."""
    return "once" if by != "person" and role in OVERLAPPING else ""


def _where(*conditions: str) -> str:
    """What an aggregate counts; nothing where it counts all."""
    kept = " and ".join(condition for condition in conditions if condition)
    return f" filter ({kept})" if kept else ""
