"""A part of each night by itself, as SQL: its times before DASH_REPORT_BY (morning), or those from then on (evening).

A nightly that runs several times a day has times in both. The sent note of its date tells of those of the morning, the
next day's of those of the evening (``dashlib.nightlies.report``), each as if the others were not there.
"""

from __future__ import annotations

from typing import Literal, get_args

Part = Literal["night", "morning", "evening"]
"""The whole night, or a part of it; nightlies that have no time there are none of it."""
PARTS: tuple[Part, ...] = get_args(Part)
# What somebody starts for a time of which the note is out already (sent; of a day that is past, else due by
# DASH_REPORT_BY) is news of the next note: there, as of the evening before, it fills no time; of its own that time
# stays missing, as the note said.
_PLACED = """
slots as (
    select * exclude (due_at), expected_at as slot_at, is_evening(due_at) or team_day(due_at) > night as is_later,
           max(expected_at) filter (not by_hand and pipeline_id is not null) over (
               partition by project_id, schedule_id
           ) > expected_at as ran_since,
           lead(expected_at ignore nulls) over (
               partition by project_id, schedule_id order by expected_at nulls first
           ) as next_at
    from (select *, coalesce(expected_at, created_at) as due_at from nightly_slots where not is_extra)
), notes_out as (
    select night, min(tried_at) as out_at from bookkeeping.notes_sent where outcome <> 'failed' group by night
), dated as (
    select s.*, team_day(s.created_at) as day,
           coalesce(own.out_at, out_unsent(s.night + s.is_later::int)) as own_out_at,
           coalesce(its.out_at, out_unsent(team_day(s.created_at))) as day_out_at
    from slots s
    left join notes_out own on own.night = s.night + s.is_later::int
    left join notes_out its on its.night = team_day(s.created_at)
), days_told as (
    select distinct night + is_later::int as day from slots
    where state <> 'off' and (expected_at is not null or by_hand is not true)
), told as (
    select d.* exclude (day, own_out_at, day_out_at),
           coalesce(@SENT@ and by_hand and expected_at is not null and created_at >= own_out_at, false) as came_later,
           coalesce(n.day, d.day + (d.created_at >= d.day_out_at)::int) - 1 as news_of
    from dated d
    -- Of a day on which nothing is to run (a weekend's) there is no note.
    asof left join days_told n on n.day >= d.day + (d.created_at >= d.day_out_at)::int
), put as (
    select * exclude (is_later, ran_since, news_of), coalesce(is_later or came_later, false) as later
    from (
        select * replace (if(came_later, news_of, night) as night, if(came_later, null, expected_at) as expected_at),
               night as of_night
        from told
    )
    union all
    select * exclude (is_later, ran_since, news_of) replace (false as came_later),
           night as of_night, is_later as later
    from (
        select t.* replace (
                   'missing' as state, coalesce(if(t.ran_since, null, n.owner_trouble), 'unknown') as cause,
                   null as pipeline_id,
                   false as by_hand, null as created_at, null as failed_jobs, n.schedules_web_url as url
               )
        from told t
        left join nightly_schedules n on n.project_id = t.project_id and n.schedule_id = t.schedule_id
        where t.came_later
    )
), placed as (
    select * exclude (has_own, has_verdict), came_later and (of_night < night or not has_verdict) as is_news,
           is_news and has_own as is_answered
    from (
        select *, bool_or(not came_later and state <> 'off') over own as has_own,
               bool_or(not came_later and state in ('passed', 'warned', 'failed')) over own as has_verdict
        from put
        window own as (partition by project_id, schedule_id, night, later)
    )
)""".strip()
# What was made up for (is_news) stands by itself between the times of its night and those that the note tells: these go
# on from it. Where the nightly has such times they alone are told (is_answered), with it beside what has no verdict.
# What was made up for of the same night as times that did come to one is one of their runs, as on the pages.
# What decides is what decides a night (nightly_cells), of the times of that part alone. Parts follow one another, night
# after night: the verdicts of those before say whether it failed newly, and since when it is red. So a failure of the
# morning is not new in the evening, and a pass there recovers. A night of such a row counts once. What somebody started
# beside is told of the part whose run it followed, as nightly_cells tells it of the night.
_HALVES = """
@PLACED@, changes as (
    from nightly_changes
), halves as (
    select project_id, schedule_id, night, later, is_news,
           max(of_night) as of_night, bool_or(is_answered) as is_answered,
           arg_max({'state': state, 'cause': cause, 'is_unread': is_unread, 'pipeline_id': pipeline_id,
                    'by_hand': by_hand, 'failed_jobs': failed_jobs, 'night': night, 'url': url,
                    'at': coalesce(created_at, expected_at)}, decides) as last,
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
                   partition by project_id, schedule_id, night, later, is_news
               ) as passed_at,
               row(
                   case when pipeline_id is not null and expected_at is not null then 5
                        when state = 'late' then 4
                        when state = 'missing' then 3
                        when pipeline_id is not null then 2
                        else 1 end,
                   coalesce(slot_at, created_at),
                   coalesce(pipeline_id, 0)
               ) as decides
        from placed
    )
    group by project_id, schedule_id, night, later, is_news
), aside as (
    select h.project_id, h.schedule_id, h.night, h.later, h.is_news, h.is_news as made_up,
           e.pipeline_id, e.state, e.created_at
    from (from nightly_slots where is_extra) e
    asof join halves h
        on h.project_id = e.project_id and coalesce(h.schedule_id, 0) = coalesce(e.schedule_id, 0)
        and h.of_night = e.night and h.last.at <= e.created_at
    union all
    select project_id, schedule_id, night, later, is_news, came_later, pipeline_id, state, created_at
    from placed where pipeline_id is not null and (came_later or created_at > next_at)
), beside as (
    select h.project_id, h.schedule_id, h.night, h.later, h.is_news,
           arg_max(a.state, (a.created_at, a.pipeline_id)) as state, max(a.created_at) as at
    from aside a
    join halves h
        on h.project_id = a.project_id and h.schedule_id is not distinct from a.schedule_id
        and h.night = a.night and h.later = a.later
    where a.pipeline_id is distinct from h.last.pipeline_id
      and if(a.made_up and not h.is_news and h.last.state not in ('passed', 'warned', 'failed'), true,
             h.is_news = a.is_news and h.last.at <= a.created_at)
    group by all
), followed as (
    select *,
           lag(last) over (partition by project_id, schedule_id, night order by later, not is_news) as morning,
           last_value(if(has_verdict, last.state, null) ignore nulls) over those_before as before,
           count(*) filter (has_verdict and last.state <> 'failed') over those_before as streak,
           count(*) filter (last.pipeline_id is not null) over those_before
           + (last.pipeline_id is not null)::int as runs_before
    from (select *, last.state in ('passed', 'warned', 'failed') as has_verdict from halves)
    window those_before as (
        partition by project_id, schedule_id order by night, later, not is_news
        rows between unbounded preceding and 1 preceding
    )
), in_a_row as (
    select *,
           min(of_night) filter (last.state = 'failed') over so_far as red_since,
           count(distinct of_night) filter (last.state = 'failed') over so_far as nights_red,
           min(night) filter (last.state = 'missing') over not_run as gone_since,
           count(distinct night) filter (last.state = 'missing') over not_run as nights_gone
    from followed
    window so_far as (
        partition by project_id, schedule_id, streak order by night, later, not is_news
        rows between unbounded preceding and current row
    ), not_run as (
        partition by project_id, schedule_id, runs_before order by night, later, not is_news
        rows between unbounded preceding and current row
    )
), judged as (
    select h.*, h.last.state in ('missing', 'late') as is_lost, h.last.state = 'late' as is_late,
           coalesce(h.morning.state = 'missing', false) as gone_that_morning,
           case when h.last.state = 'missing' then 'missing'
                when h.last.state = 'failed' then if(before = 'failed', 'still_red', 'new')
                when h.last.state in ('passed', 'warned') and before = 'failed' then 'recovered'
           end as change
    from (from in_a_row where @WHERE@) h
), part as (
    select c.* replace (
               h.night as night, h.later as is_evening, h.last.state as state, h.change as change,
               h.last.cause as cause, coalesce(h.last.is_unread, false) as is_unread, h.last.pipeline_id as pipeline_id,
               coalesce(h.last.by_hand, false) as by_hand, h.last.failed_jobs as failed_jobs, h.last.url as url,
               coalesce(h.missing_at, h.expected_at) as expected_at, h.expected as expected,
               h.runs as runs, 0 as extra_runs, h.missing as missing, h.late as late, h.late_at as late_at,
               h.failed_runs as failed_runs, h.passed_since as passed_since,
               b.state as extra_state, b.at as extra_at,
               h.before as previous_state,
               if(h.change in ('new', 'still_red', 'recovered'), h.red_since, null) as red_since,
               if(h.change in ('new', 'still_red', 'recovered'), h.nights_red, null) as nights_red,
               if(is_lost and (not is_late or h.gone_since < h.night), h.gone_since, null) as missing_since,
               if(is_lost, h.nights_gone - (is_late and h.gone_that_morning)::int, null) as nights_missing,
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
    -- What somebody made up for stands on the day on which he did, which can be none of its nights.
    asof join changes c
        on c.project_id = h.project_id and coalesce(c.schedule_id, 0) = coalesce(h.schedule_id, 0)
        and c.night <= h.night
    asof left join (select * from changes where pipeline_id is not null) l
        on l.project_id = c.project_id and coalesce(l.schedule_id, 0) = coalesce(c.schedule_id, 0)
        and l.night < h.night
    left join beside b
        on b.project_id = h.project_id and b.schedule_id is not distinct from h.schedule_id
        and b.night = h.night and b.later = h.later and b.is_news = h.is_news
    left join nightly_run_failures d
        on d.project_id = h.project_id and d.pipeline_id = h.last.pipeline_id and h.last.state in ('failed', 'warned')
    where h.later = @LATER@ and not h.is_answered
), reds as (
    select h.project_id, h.schedule_id, h.of_night as night, h.later,
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
    select *, expected_at as slot_at, false as later, false as is_answered from nightly_slots where not is_extra
)""".strip()


def part_of(part: Part, where: str, *, sent: bool = False) -> str:
    """CTEs ``changes`` (nightly_changes), ``part``: its rows with what they tell of a part of the night alone,
    ``reds``: what failed (project_id, schedule_id, night, later: in its evening, and the job to look at first, with
    reason, issue_title, issue_url and assignee), and ``placed``: rows of nightly_slots, whether they are later, and
    whether other times answer them (they are not told then).

    One row per schedule and night that has a time in the part (or a run that fills none, by when it was created), with
    the columns of nightly_changes; those that the morning note does not ask stay those of the whole night. ``where``
    says as SQL of which nights. ``sent``: as the notes tell it that are sent, each of what the one before could not.
    """
    if part == "night":
        return _WHOLE
    later = str(part == "evening").lower()
    placed = _PLACED.replace("@SENT@", str(sent).lower())
    return _HALVES.replace("@PLACED@", placed).replace("@WHERE@", f"({where})").replace("@LATER@", later)
