"""A part of each night by itself, as SQL: its times before DASH_REPORT_BY (morning), or those from then on (evening).

A nightly that runs several times a day has times in both. The sent note of its date tells of those of the morning, the
next day's of those of the evening (``dashlib.nightlies.report``), each as if the others were not there.
"""

from __future__ import annotations

from typing import Literal, get_args

Part = Literal["night", "morning", "evening"]
"""The whole night, or a part of it; nightlies that have no time there are none of it."""
PARTS: tuple[Part, ...] = get_args(Part)
_IS_LATER = "is_evening(coalesce(expected_at, created_at)) or team_day(coalesce(expected_at, created_at)) > night"
# What somebody starts once the evening's runs are due makes up for a time of the morning, but it is news of the
# evening: the morning's note went out without it. There it fills no time; in the morning that time stays missing.
_PLACED = f"""
slots as (
    select *,
           coalesce(
               by_hand and not is_later and created_at >= min(expected_at) filter (is_later and state <> 'off') over (
                   partition by project_id, schedule_id, night
               ),
               false
           ) as came_later
    from (select *, {_IS_LATER} as is_later from nightly_slots where not is_extra)
), placed as (
    select * exclude (is_later, came_later), is_later or came_later as later
    from (select * replace (if(came_later, null, expected_at) as expected_at) from slots)
    union all
    select * exclude (is_later, came_later), false as later
    from (
        select s.* replace (
                   'missing' as state, 'unknown' as cause, null as pipeline_id, false as by_hand, null as created_at,
                   null as failed_jobs, n.schedules_web_url as url
               )
        from slots s
        left join nightly_schedules n on n.project_id = s.project_id and n.schedule_id = s.schedule_id
        where s.came_later
    )
)""".strip()
# What decides is what decides a night (nightly_cells), of the times of that part alone. Parts follow one another, night
# after night: the verdicts of those before say whether it failed newly, and since when it is red. So a failure of the
# morning is not new in the evening, and a pass there recovers. A night of such a row counts once.
_HALVES = """
@PLACED@, changes as (
    from nightly_changes
), halves as (
    select project_id, schedule_id, night, later,
           arg_max({'state': state, 'cause': cause, 'is_unread': is_unread, 'pipeline_id': pipeline_id,
                    'by_hand': by_hand, 'failed_jobs': failed_jobs, 'night': night, 'url': url}, decides) as last,
           coalesce(min(expected_at) filter (state <> 'off'), min(expected_at)) as expected_at,
           min(expected_at) filter (state = 'missing') as missing_at,
           coalesce(nullif(count(expected_at) filter (state <> 'off'), 0), count(expected_at)) as expected,
           count(pipeline_id) as runs,
           count(*) filter (state = 'missing') as missing,
           count(*) filter (state = 'late') as late,
           max(expected_at) filter (state = 'late') as late_at,
           count(*) filter (state = 'failed') as failed_runs,
           count(*) filter (state = 'failed' and created_at < passed_at) as passed_since
    from (
        select *,
               max(created_at) filter (state in ('passed', 'warned')) over (
                   partition by project_id, schedule_id, night, later
               ) as passed_at,
               row(
                   case when pipeline_id is not null and expected_at is not null then 5
                        when state = 'late' then 4
                        when state = 'missing' then 3
                        when pipeline_id is not null then 2
                        else 1 end,
                   coalesce(expected_at, created_at),
                   coalesce(pipeline_id, 0)
               ) as decides
        from placed
    )
    group by project_id, schedule_id, night, later
), followed as (
    select *,
           lag(last) over (partition by project_id, schedule_id, night order by later) as morning,
           last_value(if(has_verdict, last.state, null) ignore nulls) over those_before as before,
           count(*) filter (has_verdict and last.state <> 'failed') over those_before as streak,
           count(*) filter (last.pipeline_id is not null) over those_before
           + (last.pipeline_id is not null)::int as runs_before
    from (select *, last.state in ('passed', 'warned', 'failed') as has_verdict from halves)
    window those_before as (
        partition by project_id, schedule_id order by night, later rows between unbounded preceding and 1 preceding
    )
), in_a_row as (
    select *,
           min(night) filter (last.state = 'failed') over so_far as red_since,
           count(distinct night) filter (last.state = 'failed') over so_far as nights_red,
           min(night) filter (last.state = 'missing') over not_run as gone_since,
           count(distinct night) filter (last.state = 'missing') over not_run as nights_gone
    from followed
    window so_far as (
        partition by project_id, schedule_id, streak order by night, later
        rows between unbounded preceding and current row
    ), not_run as (
        partition by project_id, schedule_id, runs_before order by night, later
        rows between unbounded preceding and current row
    )
), judged as (
    select h.*, h.last.state in ('missing', 'late') as is_lost,
           case when h.last.state = 'missing' then 'missing'
                when h.last.state = 'failed' then if(before = 'failed', 'still_red', 'new')
                when h.last.state in ('passed', 'warned') and before = 'failed' then 'recovered'
           end as change
    from (from in_a_row where @WHERE@) h
    join changes c
        on c.project_id = h.project_id and c.schedule_id is not distinct from h.schedule_id and c.night = h.night
), part as (
    select c.* replace (
               h.later as is_evening, h.last.state as state, h.change as change, h.last.cause as cause,
               coalesce(h.last.is_unread, false) as is_unread, h.last.pipeline_id as pipeline_id,
               coalesce(h.last.by_hand, false) as by_hand, h.last.failed_jobs as failed_jobs, h.last.url as url,
               coalesce(h.missing_at, h.expected_at) as expected_at, h.expected as expected, h.runs as runs,
               h.missing as missing, h.late as late, h.late_at as late_at, h.failed_runs as failed_runs,
               h.passed_since as passed_since,
               if(h.last.pipeline_id = c.pipeline_id, c.extra_state, null) as extra_state,
               if(h.last.pipeline_id = c.pipeline_id, c.extra_at, null) as extra_at,
               h.before as previous_state,
               if(h.change in ('new', 'still_red', 'recovered'), h.red_since, null) as red_since,
               if(h.change in ('new', 'still_red', 'recovered'), h.nights_red, null) as nights_red,
               if(is_lost, h.gone_since, null) as missing_since, if(is_lost, h.nights_gone, null) as nights_missing,
               if(is_lost, coalesce(h.morning.pipeline_id, l.pipeline_id), null) as last_pipeline_id,
               if(is_lost, if(h.morning.pipeline_id is null, l.night, h.night), null) as last_pipeline_night,
               if(is_lost, if(h.morning.pipeline_id is null, l.state, h.morning.state), null) as last_pipeline_state,
               if(is_lost, if(h.morning.pipeline_id is null, l.url, h.morning.url), null) as last_pipeline_url,
               d.job_name as job_name, d.reason as reason, d.category as category, d.signature_id as signature_id,
               d.failure as failure, d.job_web_url as job_web_url, d.issue_title as issue_title,
               d.issue_state as issue_state, d.issue_url as issue_url,
               if(is_lost, if(h.last.state = c.state, c.assignee, null), d.assignee) as assignee
           )
    from judged h
    join changes c
        on c.project_id = h.project_id and c.schedule_id is not distinct from h.schedule_id and c.night = h.night
    asof left join (select * from changes where pipeline_id is not null) l
        on l.project_id = c.project_id and coalesce(l.schedule_id, 0) = coalesce(c.schedule_id, 0)
        and l.night < c.night
    left join nightly_run_failures d
        on d.project_id = h.project_id and d.pipeline_id = h.last.pipeline_id and h.last.state in ('failed', 'warned')
    where h.later = @LATER@
), reds as (
    select h.project_id, h.schedule_id, h.night, h.later,
           d.job_name, d.reason, d.issue_title, d.issue_url, d.assignee
    from halves h
    left join nightly_run_failures d on d.project_id = h.project_id and d.pipeline_id = h.last.pipeline_id
    where h.last.state = 'failed'
)""".strip()
_WHOLE = """
changes as (
    from nightly_changes
), part as (
    from changes
), reds as (
    select project_id, schedule_id, night, false as later, job_name, reason, issue_title, issue_url, assignee
    from changes where state = 'failed'
), placed as (
    select *, false as later from nightly_slots where not is_extra
)""".strip()


def part_of(part: Part, where: str) -> str:
    """CTEs ``changes`` (nightly_changes), ``part``: its rows with what they tell of a part of the night alone,
    ``reds``: what failed (project_id, schedule_id, night, later: in its evening, and the job to look at first, with
    reason, issue_title, issue_url and assignee), and ``placed``: rows of nightly_slots and whether they are later.

    One row per schedule and night that has a time in the part (or a run that fills none, by when it was created), with
    the columns of nightly_changes; those that the morning note does not ask stay those of the whole night. ``where``
    says as SQL of which nights.
    """
    if part == "night":
        return _WHOLE
    later = str(part == "evening").lower()
    return _HALVES.replace("@PLACED@", _PLACED).replace("@WHERE@", f"({where})").replace("@LATER@", later)
