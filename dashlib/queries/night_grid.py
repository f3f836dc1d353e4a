"""The grid of nights: one row per thing a person asked for, one column per night, week or month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.night_rows import GROUPS, HERE, LEVELS, MATCHING, NIGHTS, SCHEDULE, WITHIN
from dashlib.queries.question import ask


@dataclass(frozen=True)
class Narrowed:
    """Which rows the grid has, beside the filter bar; nothing chosen leaves all.

    ``schedules`` are descriptions, ``states`` states of nightly_slots, ``jobs`` names, ``categories`` kinds of reason,
    ``search`` a part of repository, schedule, job, reason, runner or assignee, case aside. ``whose`` are user names: of
    the schedule's owner or of who has the failure. Where rows are jobs or reasons, those themselves are meant, in each
    nightly: a job of a schedule of which another job matches is not shown. ``states``, ``only_new`` and
    ``without_issue`` look at ``night``.
    """

    night: date
    schedules: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    search: str = ""
    only_new: bool = False
    without_issue: bool = False
    whose: tuple[str, ...] = ()


STATES = ("failed", "warned", "missing", "late", "running", "canceled", "passed", "off")
"""The states of a cell; nightly_slots says what they mean."""

ORDERS = {
    "freshest failure": "last_red desc nulls last, streak, reds desc, name, top",
    "longest red": "streak desc nulls last, last_red desc nulls last, name, top",
    "most failures": "failures desc, last_red desc nulls last, name, top",
    "name": "name, top",
    "owner": "owner, name, top",
}
"""How rows are sorted: the word in the widget and the URL, and its SQL."""

GRAINS = {"night": "day", "week": "week", "month": "month"}
"""How long a column is: the word in the widget and the URL, and DuckDB's."""

ROWS = tuple(LEVELS)
"""What a row of the grid is: the word in the widget and the URL."""

# A reason is new where its own row begins to be red; all else is new as its nightly or job is.
_NEW = {
    "news": "daily where is_new",
    "is_new": "v.is_new",
    "new_slots": "",
}
_NEW_REASON = {
    "news": "series where is_first",
    "is_new": "b.slot is not null",
    "new_slots": """left join (
    select distinct level, group_name, top, middle, part, date_trunc($grain, night)::date as slot from news
) b
    on b.level = v.level and b.group_name = v.group_name and b.top = v.top and b.middle = v.middle and b.part = v.part
    and b.slot = v.slot""",
}

GRID = """
with {matching}, {nights}, levels as ({levels}
), topics as (
    select id as project_id, unnest(if(len(topics) > 0, topics, ['no topic'])) as topic from projects
), facts as (
    select l.*, {group} as group_name,
           row_number() over (order by severity, failure is null, not is_new, night desc, path, url) as rank
    from levels l {topic_join}
), cells as (
    select level, group_name, top, middle, part, any_value(label) as label,
           date_trunc($grain, night)::date as slot,
           arg_min(state, severity) as state, min(severity) as severity,
           count(*) filter (state = 'failed') as reds, count(*) filter (state = 'missing') as gone,
           sum(failed_jobs)::bigint as failed_jobs, sum(failed_allowed_jobs)::bigint as failed_allowed_jobs,
           sum(first_jobs)::bigint as first_jobs, sum(expected)::bigint as expected,
           sum(times_missing)::bigint as times_missing, sum(times_late)::bigint as times_late,
           sum(failed_runs)::bigint as failed_runs,
           sum(runs)::bigint as runs, max(duration) as duration, bool_or(is_new) as is_new,
           min(red_since) filter (state = 'failed') as red_since, min(missing_since) as missing_since,
           max(nights_missing) as nights_missing, bool_or(by_hand) as by_hand, min(owner_username) as owner,
           min(rank) as rank
    from facts where not {quiet}
    group by level, group_name, top, middle, part, slot
), daily as (
    select level, group_name, top, middle, part, night, arg_min(state, severity) as state, bool_or(is_new) as is_new,
           max(nights_missing) as nights_missing
    from facts group by level, group_name, top, middle, part, night
), series as (
    select *,
           lag(state = 'failed', 1, state = 'failed') over in_order <> (state = 'failed') as flipped,
           state = 'failed' and not lag(state = 'failed', 1, false) over in_order as is_first
    from daily
    where state in ('failed', 'passed', 'warned')
    window in_order as (partition by level, group_name, top, middle, part order by night)
), news as (
    select level, group_name, top, middle, part, night from {news}
), greens as (
    select level, group_name, top, middle, part, max(night) as last_green
    from series where state <> 'failed' and night <= $night::date
    group by all
), histories as (
    select s.level, s.group_name, s.top, s.middle, s.part,
           count(*) filter (state = 'failed' and (last_green is null or night > last_green)) as streak,
           min(night) filter (state = 'failed') as first_red_night,
           count(*) filter (state = 'failed' and night > $night::date - 30) as reds_30,
           count(*) filter (flipped and night > $night::date - 30) as flips_30
    from series s
    left join greens g
        on g.level = s.level and g.group_name = s.group_name and g.top = s.top and g.middle = s.middle
        and g.part = s.part
    where night <= $night::date
    group by all
), gaps as (
    select level, group_name, top, middle, part,
           arg_max(if(state = 'missing', nights_missing, 0), night) filter (
               night <= $night::date and state not in ('late', 'off')
           ) as gap,
           max(night) filter (
               state in ('failed', 'missing')
               and ($since::date is null or night >= $since::date) and ($until::date is null or night <= $until::date)
           ) as last_red
    from daily group by all
), visible as (
    select c.*, f.path, f.cause, f.url, f.names, f.reason, f.category, f.signature_id, f.signature, f.failure,
           f.job_web_url, f.runner, f.issue_title, f.issue_url, f.assignee, f.schedule, f.expected_at, f.missing_from,
           f.is_unread
    from cells c
    join facts f on f.rank = c.rank
    where ($since::date is null or slot >= date_trunc($grain, $since::date))
      and ($until::date is null or slot <= $until::date)
), tops as (
    select v.group_name, v.top, any_value(v.label) as name,
           max(g.last_red) as last_red, sum(v.reds) as reds, sum(v.gone) as gone,
           sum(v.failed_jobs) as failures, min(v.owner) as owner,
           greatest(max(h.streak), max(g.gap)) as streak
    from visible v
    left join histories h on h.level = 0 and h.group_name = v.group_name and h.top = v.top
    left join gaps g on g.level = 0 and g.group_name = v.group_name and g.top = v.top
    where v.level = 0
    group by v.group_name, v.top
), placed as (
    select *, row_number() over (partition by group_name order by {order}) as place,
           row_number() over (order by {order}) as overall
    from tops
    where (reds + gone > 0 or not $only_red)
      and (not $only_new or (group_name, top) in (
          select (group_name, top) from news where level = 0 and night = $night::date
      ))
), marked as (
    select signature_id, row_number() over (order by count(*) desc, max(night) desc, signature_id) as mark
    from (
        select distinct signature_id, project_id, schedule_id, night
        from nightly_job_nights
        where state = 'failed' and signature_id is not null and {within}
          and (project_id, coalesce(schedule_id, 0), night) in (
              select (project_id, coalesce(schedule_id, 0), night) from changes where {here}
          )
    )
    group by signature_id
    having count(*) > 1
)
select v.level, v.group_name, v.top, p.name, v.middle, v.part, v.label, v.path, v.slot, v.state, v.reds, v.failed_jobs,
       v.failed_allowed_jobs, v.first_jobs, v.expected, v.times_missing, v.times_late, v.failed_runs, v.runs,
       v.duration, coalesce({is_new}, false) as is_new, v.red_since,
       v.missing_since, v.nights_missing, coalesce(v.by_hand, false) as by_hand, v.owner, v.cause,
       v.url,
       v.names as job_names, v.reason, v.category,
       v.signature_id, v.signature,
       v.failure, v.job_web_url, v.runner,
       v.issue_title, v.issue_url, v.assignee, v.schedule, v.expected_at, v.missing_from,
       v.is_unread,
       case when v.state in ('failed', 'warned') then m.mark end as mark,
       p.place, p.reds as nights_red, coalesce(h.streak, 0) as streak, coalesce(g.gap, 0) as gap, h.first_red_night,
       coalesce(h.reds_30, 0) as reds_30, coalesce(h.flips_30, 0) as flips_30
from visible v
join placed p on p.group_name = v.group_name and p.top = v.top
left join marked m on m.signature_id = v.signature_id
left join histories h
    on h.level = v.level and h.group_name = v.group_name and h.top = v.top and h.middle = v.middle and h.part = v.part
left join gaps g
    on g.level = v.level and g.group_name = v.group_name and g.top = v.top and g.middle = v.middle and g.part = v.part
{new_slots}
where p.overall <= $top_rows
order by v.group_name, p.place, v.middle, v.level, v.part, v.slot
"""


def grid(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    narrowed: Narrowed,
    rows: str = "repository",
    group: str = "nothing",
    order: str = "freshest failure",
    grain: str = "night",
    only_red: bool = False,
    top: int | None = None,
    opened: tuple[str, ...] = (),
) -> pd.DataFrame:
    """One row per row of the grid and night, week or month in which it has one, in the order in which they are drawn.

    ``opened`` names the rows (their ``top``) that show what is in them: a repository its schedules and their jobs.
    ``only_red`` leaves out rows without a failed or missing night in the period, ``top`` all but the first so many.

    Columns: level (0 for a row, 1 and 2 for what is in it), group_name, top, middle, part (what tells the row from
    others), name (of the row, for people), label, path, slot (first day), state (the worst), reds (failed nights of
    nightlies in it), failed_jobs, failed_allowed_jobs, first_jobs (of the failed those that failed newly), expected
    (times at which nightlies were to run), of them times_missing and times_late, runs, of them failed_runs, duration
    (seconds, the longest), is_new, red_since, missing_since, nights_missing, by_hand, owner; of the worst of
    it: cause, url, job_names, reason, category, signature_id, signature, failure (key of the failure's page),
    job_web_url, runner, issue_title, issue_url, assignee, schedule, expected_at and missing_from (of what is missing or
    late, the team's wall clock: when it was to run, when a late one becomes missing), is_unread (its repository was not
    read since, so nobody knows); mark (from 1, by how many
    nightlies' nights it struck in the period, where it struck twice: the same failure has the same one however the grid
    is narrowed, arranged and sorted); of the row, in nights up to the framed one, whatever a column is: place (1 is the
    first of its group), nights_red, streak (failed in a row, 0 if its last verdict is green), gap (missing in a row, 0
    if it ran), first_red_night, reds_30, flips_30 (of the last 30 days).

    A nightly or a job is new where it failed and did not on its last night before that had a verdict; a reason where it
    strikes and did not on the last night before on which a nightly ended (or never ran) that it ever struck.
    """
    sql = GRID.format(
        matching=MATCHING,
        here=HERE,
        within=WITHIN,
        nights=NIGHTS,
        levels=LEVELS[rows],
        quiet="quiet" if rows == "reason" else "false",
        **(_NEW_REASON if rows == "reason" else _NEW),
        group=GROUPS[group],
        topic_join="join topics t on t.project_id = l.project_id" if group == "topic" else "",
        order=ORDERS[order],
    )
    return ask(
        connection,
        sql,
        filters,
        **narrowing(narrowed),
        by_job=rows in ("job", "reason"),
        grain=GRAINS[grain],
        only_red=only_red,
        top_rows=top or 2**31,
        opened=list(opened),
    )


def narrowing(chosen: Narrowed) -> dict[str, Any]:
    """The page's own filters as parameters: nothing chosen is null, which filters nothing."""
    return {
        "night": chosen.night,
        "schedules": list(chosen.schedules) or None,
        "states": list(chosen.states) or None,
        "jobs": list(chosen.jobs) or None,
        "categories": list(chosen.categories) or None,
        "search": chosen.search.strip(),
        "only_new": chosen.only_new,
        "without_issue": chosen.without_issue,
        "whose": list(chosen.whose) or None,
    }


SPAN = f"select min(night) as first, max(night) as last from nightly_changes where {HERE} and {WITHIN}"

CHOICES = f"""
select 'schedule' as kind, {SCHEDULE} as word, count(distinct project_id) as n from nightly_changes
where {HERE} group by word
union all
select 'job', job_name, count(*) from nightly_job_nights
where is_failed and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by job_name
union all
select 'category', category, count(*) from nightly_job_nights
where category is not null and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by category
union all
select 'whose', name, count(*) from (
    select owner_username as name from nightly_changes where {HERE}
    union all select assignee from nightly_changes where {HERE} and state in ('missing', 'late')
    union all select assignee from nightly_job_nights
    where is_failed and within(namespace, $groups) and chosen(path_with_namespace, $projects)
) where name is not null group by name
order by kind, n desc, word
"""


def span(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: the first and the last night of the period that any grid of it can have (both null where none can).

    Columns: first, last.
    """
    return ask(connection, SPAN, filters)


def choices(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per word that the grid's own filters offer, the most frequent first.

    Columns: kind (schedule, job, category or whose), word, n.
    """
    return ask(connection, CHOICES, filters)
