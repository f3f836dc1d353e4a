"""The grid of nights as SQL: the cells of its rows, the figures of each row, and the marks of what failed."""

from __future__ import annotations

# A reason is new where its own row begins to be red; all else is new as its nightly or job is.
NEW = {
    "news": "daily where is_new",
    "is_new": "v.is_new",
    "new_slots": "",
}
NEW_REASON = {
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
           sum(failed_runs)::bigint as failed_runs, sum(passed_since)::bigint as passed_since,
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
), lasted as (
    select level, group_name, top, middle, part, avg(days) as days_to_green
    from (
        select *, lead(night) over (partition by level, group_name, top, middle, part order by night) - night as days
        from series where night <= $night::date and (is_first or flipped)
    )
    where is_first
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
), figures as (
    select g.*, h.streak, h.first_red_night, h.reds_30, h.flips_30, l.days_to_green
    from gaps g
    left join histories h
        on h.level = g.level and h.group_name = g.group_name and h.top = g.top and h.middle = g.middle
        and h.part = g.part
    left join lasted l
        on l.level = g.level and l.group_name = g.group_name and l.top = g.top and l.middle = g.middle
        and l.part = g.part
), visible as (
    select c.*, f.path, f.cause, f.url, f.names, f.reason, f.category, f.signature_id, f.signature, f.failure,
           f.job_web_url, f.runner, f.issue_title, f.issue_url, f.assignee, f.schedule, f.expected_at, f.missing_from,
           f.is_unread, f.last_pipeline_id, f.last_pipeline_night, f.last_pipeline_state, f.last_pipeline_url,
           f.extra_state, f.extra_at, f.extra_url,
           case when c.state = 'warned' then f.failure end as allowed_failure
    from cells c
    join facts f on f.rank = c.rank
    where ($since::date is null or slot >= date_trunc($grain, $since::date))
      and ($until::date is null or slot <= $until::date)
), tops as (
    select v.group_name, v.top, any_value(v.label) as name,
           max(h.last_red) as last_red, sum(v.reds) as reds, sum(v.gone) as gone,
           sum(v.failed_jobs) as failures, min(v.owner) as owner,
           greatest(max(h.streak), max(h.gap)) as streak
    from visible v
    left join figures h on h.level = 0 and h.group_name = v.group_name and h.top = v.top
    where v.level = 0
    group by v.group_name, v.top
), placed as (
    select *, row_number() over (partition by group_name order by {order}) as place,
           row_number() over (order by {order}, group_name) as overall
    from tops
    where (reds + gone > 0 or not $only_red)
      and (not $only_new or (group_name, top) in (
          select (group_name, top) from news where level = 0 and night = $night::date
      ))
), marked as (
    -- of all that the filter bar leaves, so that rows, columns and the grid's own filters change no mark and no count
    select signature_id, sum(hits)::bigint as hits, count(distinct project_id) as repositories,
           row_number() over (
               order by count(*) filter (is_red) desc, max(night) filter (is_red) desc, signature_id
           ) as mark
    from (
        select signature_id, project_id, schedule_id, night, count(*) as hits, bool_or(state = 'failed') as is_red
        from nightly_job_nights
        where is_failed and signature_id is not null and {within}
          and (project_id, coalesce(schedule_id, 0), night) in (
              select (project_id, coalesce(schedule_id, 0), night) from changes where {here}
          )
        group by all
    )
    group by signature_id
    having count(*) filter (is_red) > 1
), bad as (
    -- of cells in which more than one job failed: the others have one failure, which is their own
    select f.project_id, f.schedule_id, f.night, f.is_job, f.failure, c.rank as place
    from facts f
    join cells c
        on c.level = f.level and c.group_name = f.group_name and c.top = f.top and c.middle = f.middle
        and c.part = f.part and c.slot = date_trunc($grain, f.night)::date
    where f.state in ('failed', 'warned') and c.failed_jobs + c.failed_allowed_jobs > 1
      and ($since::date is null or c.slot >= date_trunc($grain, $since::date))
), struck as (
    select f.place, any_value(j.signature_id) as signature_id, arg_max(j.reason, j.night) as reason,
           min(j.path_with_namespace) as path, list(distinct j.job_name order by j.job_name) as job_names,
           bool_and(j.state = 'warned') as is_allowed
    from bad f
    join nightly_job_nights j
        on j.project_id = f.project_id and j.schedule_id is not distinct from f.schedule_id and j.night = f.night
        and (not f.is_job or j.failure = f.failure)
    where j.is_failed
    group by f.place, coalesce(j.signature_id, j.reason, 'no reason yet')
    qualify count(*) over (partition by f.place) > 1
), several as (
    select place,
           -- Sorted as a list: DuckDB's ordered aggregates take a tenth of a second for a thousand cells.
           to_json(list_sort(list({{
               'mark': m.mark, 'is_allowed': is_allowed, 'job_names': job_names, 'reason': reason,
               'signature_id': signature_id, 'path': path, 'hits': m.hits, 'repositories': m.repositories
           }})))::varchar as failures
    from struck
    left join marked m using (signature_id)
    group by place
)
select v.level, v.group_name, v.top, p.name, v.middle, v.part, v.label, v.path, v.slot, v.state, v.reds, v.failed_jobs,
       v.failed_allowed_jobs, v.first_jobs, v.expected, v.times_missing, v.times_late, v.failed_runs, v.passed_since,
       v.runs, v.duration, coalesce({is_new}, false) as is_new,
       coalesce(v.red_since, a.red_since) as red_since,
       v.missing_since, v.nights_missing, coalesce(v.by_hand, false) as by_hand, v.owner, v.cause,
       v.url,
       coalesce(v.names, a.job_name) as job_names, v.reason, v.category,
       v.signature_id, v.signature,
       v.failure, v.job_web_url, v.runner,
       v.issue_title, v.issue_url, v.assignee, v.schedule, v.expected_at, v.missing_from,
       v.is_unread, v.last_pipeline_id, v.last_pipeline_night, v.last_pipeline_state, v.last_pipeline_url,
       v.extra_state, v.extra_at, v.extra_url,
       case when v.state in ('failed', 'warned') then m.mark end as mark,
       m.hits, m.repositories,
       case when v.state in ('failed', 'warned') then e.failures end as failures,
       p.place, p.reds as nights_red, coalesce(h.streak, 0) as streak, coalesce(h.gap, 0) as gap, h.first_red_night,
       coalesce(h.reds_30, 0) as reds_30, coalesce(h.flips_30, 0) as flips_30,
       round(h.days_to_green, 1) as days_to_green
from visible v
join placed p on p.group_name = v.group_name and p.top = v.top
left join marked m on m.signature_id = v.signature_id
left join several e on e.place = v.rank
left join nightly_job_nights a on a.failure = v.allowed_failure
left join figures h
    on h.level = v.level and h.group_name = v.group_name and h.top = v.top and h.middle = v.middle and h.part = v.part
{new_slots}
where p.overall <= $top_rows
order by v.group_name, p.place, v.middle, v.level, v.part, v.slot
"""
