"""The grid of nights: one row per thing a person asked for, one column per night, week or month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask


@dataclass(frozen=True)
class Narrowed:
    """Which rows the grid has, beside the filter bar; nothing chosen leaves all.

    ``schedules`` are descriptions, ``states`` states of nightly_slots, ``jobs`` names, ``categories`` kinds of reason,
    ``search`` a part of repository, schedule, job, reason, runner or assignee, case aside. ``whose`` are user names: of
    the schedule's owner or of who has the failure. ``states``, ``only_new`` and ``without_issue`` look at ``night``.
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

_HERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)"""
_SCHEDULE = "coalesce(schedule_description, 'schedule ' || schedule_id, 'unknown schedule')"

GROUPS = {
    "nothing": "''",
    "group": "namespace",
    "topic": "topic",
    "owner": "coalesce(owner_username, 'nobody')",
}
"""What rows are grouped by: the word in the widget and the URL, and its SQL."""

ORDERS = {
    "freshest failure": "last_red desc nulls last, streak, reds desc, top",
    "longest red": "streak desc nulls last, last_red desc nulls last, top",
    "most failures": "failures desc, last_red desc nulls last, top",
    "name": "top",
    "owner": "owner, top",
}
"""How rows are sorted: the word in the widget and the URL, and its SQL."""

GRAINS = {"night": "day", "week": "week", "month": "month"}
"""How long a column is: the word in the widget and the URL, and DuckDB's."""

# Which schedules the page's own filters leave. A schedule that is not known is one of its repository's.
_MATCHING = f"""
matching as (
    select project_id, schedule_id
    from nightly_changes
    where {_HERE}
      and ($since::date is null or night >= $since::date) and ($until::date is null or night <= $until::date)
    group by project_id, schedule_id
    having ($schedules is null or list_contains($schedules::varchar[], any_value({_SCHEDULE})))
       and ($states is null or bool_or(night = $night::date and list_contains($states::varchar[], state)))
       and (not $only_new or bool_or(night = $night::date and (change = 'new' or first_jobs > 0)))
       and (not $without_issue or bool_or(night = $night::date and state = 'failed' and
            (without_issue > 0 or job_name is null)))
       and ($whose is null or bool_or(
            list_contains($whose::varchar[], owner_username) or list_contains($whose::varchar[], assignee)))
       and ($jobs is null or bool_or(list_has_any(job_names, $jobs::varchar[])))
       and ($categories is null or bool_or(list_has_any(categories, $categories::varchar[])))
       and ($search = '' or bool_or(contains(
            lower(concat_ws(' ', path_with_namespace, {_SCHEDULE}, words)), lower($search))))
)"""

_NIGHTS = f"""
nights as (
    select c.project_id, c.path_with_namespace as path, c.namespace,
           {_SCHEDULE.replace("schedule_", "c.schedule_")} as schedule, c.schedule_id, c.night,
           c.state, c.severity, c.failed_jobs, c.failed_allowed_jobs, c.runs, c.duration, c.change = 'new' as is_new,
           c.red_since, c.cause, c.url, coalesce(c.by_hand, false) as by_hand, c.owner_username, c.job_name,
           array_to_string(c.job_names[1:5], ', ') || if(len(c.job_names) > 5, ', …', '') as names,
           c.reason, c.category, c.signature_id, c.failure, c.job_web_url, c.runner_description as runner,
           c.issue_title, c.issue_url, c.assignee, c.first_jobs > 0 as has_new
    from nightly_changes c
    join matching m on m.project_id = c.project_id and m.schedule_id is not distinct from c.schedule_id
), job_nights as (
    select j.project_id, j.path_with_namespace as path, j.namespace,
           {_SCHEDULE.replace("schedule_", "j.schedule_")} as schedule, j.schedule_id, j.night,
           j.state, list_position(['failed', 'warned', 'passed'], j.state) as severity,
           (j.state = 'failed')::integer as failed_jobs, (j.state = 'warned')::integer as failed_allowed_jobs,
           1 as runs, j.duration, j.is_new, j.red_since, cast(null as varchar) as cause, j.job_web_url as url,
           false as by_hand, n.owner_username, j.job_name,
           case when j.is_failed then j.job_name end as names, j.reason, j.category, j.signature_id, j.failure,
           j.job_web_url, j.runner_description as runner, j.issue_title, j.issue_url, j.assignee, j.is_new as has_new
    from nightly_job_nights j
    join matching m on m.project_id = j.project_id and m.schedule_id is not distinct from j.schedule_id
    left join nightly_schedules n on n.project_id = j.project_id and n.schedule_id = j.schedule_id
)"""

# The levels of a row: which facts, and what names the row (top), the row in it (middle) and the row in that.
_LEVELS = {
    "repository": """
    select *, 0 as level, path as top, '' as middle, '' as part, path as label from nights
    union all by name
    select *, 1 as level, path as top, schedule as middle, '' as part, schedule as label from nights
    where list_contains($opened::varchar[], path)
    union all by name
    select *, 2 as level, path as top, schedule as middle, job_name as part, job_name as label from job_nights
    where list_contains($opened::varchar[], path)""",
    "schedule": """
    select *, 0 as level, path || ' · ' || schedule as top, '' as middle, '' as part,
           path || ' · ' || schedule as label from nights
    union all by name
    select *, 1 as level, path || ' · ' || schedule as top, job_name as middle, '' as part, job_name as label
    from job_nights
    where list_contains($opened::varchar[], path || ' · ' || schedule)""",
    "job": """
    select *, 0 as level, job_name as top, '' as middle, '' as part, job_name as label from job_nights
    where $jobs is null or list_contains($jobs::varchar[], job_name)
    union all by name
    select *, 1 as level, job_name as top, path as middle, '' as part, path as label from job_nights
    where list_contains($opened::varchar[], job_name)""",
    "reason": """
    select *, 0 as level, coalesce(reason, 'no reason yet') as top, '' as middle, '' as part,
           coalesce(reason, 'no reason yet') as label
    from job_nights where failure is not null
      and ($categories is null or list_contains($categories::varchar[], category))
    union all by name
    select *, 1 as level, coalesce(reason, 'no reason yet') as top, path || ' · ' || job_name as middle, '' as part,
           path || ' · ' || job_name as label
    from job_nights
    where failure is not null and list_contains($opened::varchar[], coalesce(reason, 'no reason yet'))""",
}
ROWS = tuple(_LEVELS)
"""What a row of the grid is: the word in the widget and the URL."""

GRID = """
with {matching}, {nights}, levels as ({levels}
), topics as (
    select id as project_id, unnest(if(len(topics) > 0, topics, ['no topic'])) as topic from projects
), facts as (
    select l.*, {group} as group_name
    from levels l {topic_join}
), cells as (
    select level, group_name, top, middle, part, any_value(label) as label, any_value(path) as path,
           date_trunc($grain, night)::date as slot,
           arg_min(state, severity) as state, min(severity) as severity,
           count(*) filter (state = 'failed') as reds, count(*) filter (state = 'missing') as gone,
           sum(failed_jobs)::bigint as failed_jobs, sum(failed_allowed_jobs)::bigint as failed_allowed_jobs,
           sum(runs)::bigint as runs, max(duration) as duration, bool_or(is_new or has_new) as is_new,
           min(red_since) filter (state = 'failed') as red_since, bool_or(by_hand) as by_hand,
           min(owner_username) as owner,
           min_by(
               {{'cause': cause, 'url': url, 'names': names, 'reason': reason, 'signature_id': signature_id,
                'failure': failure, 'job_web_url': job_web_url, 'runner': runner, 'issue_title': issue_title,
                'issue_url': issue_url, 'assignee': assignee, 'path': path}},
               (severity, failure is null, not is_new, -epoch(night), path)
           ) as head
    from facts
    group by level, group_name, top, middle, part, slot
), series as (
    select *,
           count(*) filter (state in ('passed', 'warned')) over later as greens_later,
           lag(state = 'failed', 1, state = 'failed') over in_order <> (state = 'failed') as flipped
    from cells
    where state in ('failed', 'passed', 'warned')
    window in_order as (partition by level, group_name, top, middle, part order by slot),
           later as (
               partition by level, group_name, top, middle, part order by slot
               rows between 1 following and unbounded following
           )
), histories as (
    select level, group_name, top, middle, part,
           count(*) filter (state = 'failed' and greens_later = 0) as streak,
           min(slot) filter (state = 'failed') as first_red_night,
           count(*) filter (state = 'failed' and slot > $night::date - 30) as reds_30,
           count(*) filter (flipped and slot > $night::date - 30) as flips_30
    from series where slot <= $night::date group by all
), visible as (
    select * from cells
    where ($since::date is null or slot >= date_trunc($grain, $since::date))
      and ($until::date is null or slot <= $until::date)
), tops as (
    select v.group_name, v.top, max(v.slot) filter (v.state in ('failed', 'missing')) as last_red, sum(v.reds) as reds,
           sum(v.gone) as gone, sum(v.failed_jobs) as failures, min(v.owner) as owner, max(h.streak) as streak
    from visible v
    left join histories h on h.level = 0 and h.group_name = v.group_name and h.top = v.top
    where v.level = 0
    group by v.group_name, v.top
), placed as (
    select *, row_number() over (partition by group_name order by {order}) as place,
           row_number() over (order by {order}) as overall
    from tops
    where reds + gone > 0 or not $only_red
), marked as (
    select head.signature_id as signature_id,
           row_number() over (
               order by count(*) desc, max(slot) desc, head.signature_id
           ) as mark
    from visible
    where level = 0 and head.signature_id is not null and state = 'failed'
    group by head.signature_id
    having count(*) > 1
)
select v.level, v.group_name, v.top, v.middle, v.part, v.label, v.path, v.slot, v.state, v.reds, v.failed_jobs,
       v.failed_allowed_jobs, v.runs, v.duration, coalesce(v.is_new, false) as is_new, v.red_since,
       coalesce(v.by_hand, false) as by_hand, v.owner, v.head.cause as cause, v.head.url as url,
       v.head.names as job_names, v.head.reason as reason, v.head.signature_id as signature_id,
       v.head.failure as failure, v.head.job_web_url as job_web_url, v.head.runner as runner,
       v.head.issue_title as issue_title, v.head.issue_url as issue_url, v.head.assignee as assignee,
       case when m.mark <= 26 then m.mark end as mark,
       p.place, p.reds as nights_red, coalesce(h.streak, 0) as streak, h.first_red_night,
       coalesce(h.reds_30, 0) as reds_30, coalesce(h.flips_30, 0) as flips_30
from visible v
join placed p on p.group_name = v.group_name and p.top = v.top
left join marked m on m.signature_id = v.head.signature_id and v.state in ('failed', 'warned')
left join histories h
    on h.level = v.level and h.group_name = v.group_name and h.top = v.top and h.middle = v.middle and h.part = v.part
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

    Columns: level (0 for a row, 1 and 2 for what is in it), group_name, top, middle, part (what names the row), label,
    path, slot (first day), state (the worst), reds (failed nights of nightlies in it), failed_jobs,
    failed_allowed_jobs, runs, duration (seconds, the longest), is_new, red_since, by_hand, owner; of the worst of it:
    cause, url, job_names, reason, signature_id, failure (key of the failure's page), job_web_url, runner, issue_title,
    issue_url, assignee; mark (1 to 26: the same failure has the same one in the whole grid, where it strikes twice);
    of the row: place (1 is the first of its group), nights_red, streak (failed slots up to the framed one, 0 if green),
    first_red_night, reds_30, flips_30 (of the 30 days up to the framed night).
    """
    sql = GRID.format(
        matching=_MATCHING.strip(),
        nights=_NIGHTS.strip(),
        levels=_LEVELS[rows],
        group=GROUPS[group],
        topic_join="join topics t on t.project_id = l.project_id" if group == "topic" else "",
        order=ORDERS[order],
    )
    return ask(
        connection,
        sql,
        filters,
        **narrowing(narrowed),
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


CHOICES = f"""
select 'schedule' as kind, {_SCHEDULE} as word, count(distinct project_id) as n from nightly_changes
where {_HERE} group by word
union all
select 'job', job_name, count(*) from nightly_job_nights
where is_failed and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by job_name
union all
select 'category', category, count(*) from nightly_job_nights
where category is not null and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by category
union all
select 'whose', name, count(*) from (
    select owner_username as name from nightly_changes where {_HERE}
    union all select assignee from nightly_changes where {_HERE}
) where name is not null group by name
order by kind, n desc, word
"""


def choices(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per word that the grid's own filters offer, the most frequent first.

    Columns: kind (schedule, job, category or whose), word, n.
    """
    return ask(connection, CHOICES, filters)
