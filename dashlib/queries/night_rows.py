"""What a row of the grid of nights can be, as SQL: which nights and jobs the filters leave, and what names a row."""

from __future__ import annotations

HERE = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)"""
WITHIN = "($since::date is null or night >= $since::date) and ($until::date is null or night <= $until::date)"
SCHEDULE = "coalesce(schedule_description, 'schedule ' || schedule_id, 'unknown schedule')"

GROUPS = {
    "nothing": "''",
    "group": "namespace",
    "repository": "path",
    "topic": "topic",
    "owner": "coalesce(owner_username, 'nobody')",
}
"""What rows are grouped by: the word in the widget and the URL, and its SQL."""

# Over the views each mention of nightly_changes is planned anew, which takes longer than the answer: it is named once.
# Which schedules the page's own filters leave: a schedule that is not known is one of its repository's. Where rows are
# jobs or reasons, those must match themselves (``_MATCHES``), and ``tops`` of the grid says which of them are new: a
# job can be new in a nightly that was red before.
MATCHING = f"""
changes as (
    from nightly_changes
), matching as (
    select project_id, schedule_id, arg_max(owner_username, night) as owner_username
    from changes
    where {HERE}
      and {WITHIN}
    group by project_id, schedule_id
    having ($schedules is null or list_contains($schedules::varchar[], any_value({SCHEDULE})))
       and ($by_job or (($states is null or bool_or(night = $night::date and list_contains($states::varchar[], state)))
       and (not $only_new or bool_or(night = $night::date and change = 'new'))
       and (not $without_issue or bool_or(night = $night::date and state = 'failed' and
            (without_issue > 0 or job_name is null)))
       and ($whose is null or bool_or(
            list_contains($whose::varchar[], owner_username) or list_contains($whose::varchar[], assignee)
            or (project_id, coalesce(schedule_id, 0), night) in (
                select (project_id, coalesce(schedule_id, 0), night) from nightly_job_nights
                where list_contains($whose::varchar[], assignee)
            )))
       and ($jobs is null or bool_or(list_has_any(job_names, $jobs::varchar[])))
       and ($categories is null or bool_or(list_has_any(categories, $categories::varchar[])))
       and ($search = '' or bool_or(contains(
            lower(concat_ws(' ', path_with_namespace, {SCHEDULE}, words)), lower($search))))))
)""".strip()
# Of one job of a schedule, or of one reason of such a job: all of its nights, or none.
_MATCHES = """
    having ($states is null or bool_or(night = $night::date and list_contains($states::varchar[], state)))
       and (not $without_issue or bool_or(night = $night::date and state = 'failed' and issue_title is null))
       and ($whose is null or bool_or(
            list_contains($whose::varchar[], owner_username) or list_contains($whose::varchar[], assignee)))
       and ($jobs is null or list_contains($jobs::varchar[], any_value(job_name)))
       and ($categories is null or bool_or(list_contains($categories::varchar[], category)))
       and ($search = '' or bool_or(contains(
            lower(concat_ws(' ', path, schedule, job_name, category, reason, runner, assignee)), lower($search))))"""

NIGHTS = f"""
nights as (
    select c.project_id, c.path_with_namespace as path, c.namespace,
           {SCHEDULE.replace("schedule_", "c.schedule_")} as schedule, c.schedule_id, c.night,
           c.state, c.severity, c.failed_jobs, c.failed_allowed_jobs, c.runs - c.extra_runs as runs,
           c.duration, c.change = 'new' as is_new,
           c.red_since, c.missing_since, c.nights_missing, c.cause, c.url, coalesce(c.by_hand, false) as by_hand,
           c.owner_username, c.job_name,
           array_to_string(c.job_names[1:5], ', ') || if(len(c.job_names) > 5, ', …', '') as names,
           c.reason, c.signature, c.category, c.signature_id, c.failure, c.job_web_url, c.runner_description as runner,
           c.issue_title, c.issue_url, c.assignee, c.first_jobs, c.expected, c.missing as times_missing,
           c.late as times_late, c.failed_runs, c.passed_since,
           if(c.state in ('missing', 'late'), team_time(coalesce(c.late_at, c.expected_at)), null) as expected_at,
           if(not c.is_unread, team_time(c.late_at + late_after()), null) as missing_from, c.is_unread,
           c.last_pipeline_id, c.last_pipeline_night, c.last_pipeline_state, c.last_pipeline_url,
           c.extra_state, team_time(c.extra_at) as extra_at, c.extra_url, false as is_job
    from changes c
    join matching m on m.project_id = c.project_id and m.schedule_id is not distinct from c.schedule_id
), job_nights as (
    select j.project_id, j.path_with_namespace as path, j.namespace,
           {SCHEDULE.replace("schedule_", "j.schedule_")} as schedule, j.schedule_id, j.night,
           j.state, list_position(['failed', 'warned', 'passed'], j.state) as severity,
           (j.state = 'failed')::integer as failed_jobs, (j.state = 'warned')::integer as failed_allowed_jobs,
           1 as runs, j.duration, j.is_new, j.red_since, cast(null as date) as missing_since,
           cast(null as bigint) as nights_missing, cast(null as varchar) as cause, j.job_web_url as url,
           false as by_hand, m.owner_username, j.job_name,
           case when j.is_failed then j.job_name end as names, j.reason, j.signature, j.category, j.signature_id,
           j.failure, j.job_web_url, j.runner_description as runner, j.issue_title, j.issue_url, j.assignee,
           0 as first_jobs, 0 as expected, 0 as times_missing, 0 as times_late, 0 as failed_runs, 0 as passed_since,
           cast(null as timestamp) as expected_at, cast(null as timestamp) as missing_from, false as is_unread,
           cast(null as bigint) as last_pipeline_id, cast(null as date) as last_pipeline_night,
           cast(null as varchar) as last_pipeline_state, cast(null as varchar) as last_pipeline_url,
           cast(null as varchar) as extra_state, cast(null as timestamp) as extra_at,
           cast(null as varchar) as extra_url, true as is_job
    from nightly_job_nights j
    join matching m on m.project_id = j.project_id and m.schedule_id is not distinct from j.schedule_id
)""".strip()

# Reasons are told apart by their signatures, and called by the newest text of each, without what changes from run to
# run: GitLab's and the shell's place in a script, line numbers, times. A test's name goes before what it said.
_CLEANED = r"""
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        arg_max(reason, night) over (partition by coalesce(signature_id, reason)),
        '^\S+: (eval: )?line \d+: ', ''),
        '^\d+:\d+:? +', ''),
        '(\.\w+):\d+(:\d+)?', '\1', 'g'),
        '/scripts-\d+-\d+/', '/', 'g'),
        '\d{1,2}:\d{2}:\d{2}([.,]\d+)?', '…', 'g'),
        ' *\(\d+\.\d+ ?m?s\)', '', 'g')""".strip()
_REASON = rf"""
    case when signature like 'test\_failure: %' escape '\' and not contains(
            reason, split_part(substr(signature, 15), ' | ', 1)
        ) then regexp_replace(regexp_replace(
            split_part(substr(signature, 15), ' | ', 1), '( --|(:<n>)+)', '', 'g'), '<[a-z]+>', '…', 'g') || ': '
        else '' end || coalesce({_CLEANED}, 'no reason yet')""".strip()

# The levels of a row: which facts, and what names the row (top), the row in it (middle) and the row in that.
_REPOSITORY = """
    select *, 0 as level, path as top, '' as middle, '' as part, path as label from nights
    union all by name
    select *, 1 as level, path as top, schedule as middle, '' as part, schedule as label from nights
    where list_contains($opened::varchar[], path)
    union all by name
    select *, 2 as level, path as top, schedule as middle, job_name as part, job_name as label from job_nights
    where list_contains($opened::varchar[], path)"""
_BY_SCHEDULE = """
    select *, 0 as level, path || ' · ' || schedule as top, '' as middle, '' as part,
           path || ' · ' || schedule as label from nights
    union all by name
    select *, 1 as level, path || ' · ' || schedule as top, job_name as middle, '' as part, job_name as label
    from job_nights
    where list_contains($opened::varchar[], path || ' · ' || schedule)"""
_JOB = f"""
    with found as (
        select project_id, schedule_id, job_name from job_nights where {WITHIN}
        group by all {_MATCHES}
    ), told as (
        select j.* from job_nights j
        join found f
            on f.project_id = j.project_id and f.schedule_id is not distinct from j.schedule_id
            and f.job_name = j.job_name
    )
    select *, 0 as level, job_name as top, '' as middle, '' as part, job_name as label from told
    union all by name
    select *, 1 as level, job_name as top, path as middle, '' as part, path as label from told
    where list_contains($opened::varchar[], job_name)"""
# A reason has no cell where it did not strike, but that night counts, too (quiet): there, its jobs' nightlies ended in
# another way, or never ran. So its row is red up to the night on which it struck last, and no longer.
_BY_REASON = f"""
    with every as (
        select *, coalesce(signature_id, reason, 'no reason yet') as top, {_REASON} as name, false as quiet
        from job_nights where failure is not null
    ), found as (
        select top, project_id, schedule_id, job_name from every where {WITHIN}
        group by all {_MATCHES}
    ), struck as (
        select e.* from every e
        join found f
            on f.top = e.top and f.project_id = e.project_id and f.schedule_id is not distinct from e.schedule_id
            and f.job_name = e.job_name
    ), quiet as (
        select s.*, n.night, 'passed' as state, 3 as severity, true as quiet
        from (
            select distinct top, name, project_id, path, namespace, schedule, schedule_id, owner_username, job_name
            from struck
        ) s
        join nights n on n.project_id = s.project_id and n.schedule_id is not distinct from s.schedule_id
        where n.state in ('passed', 'warned', 'failed', 'missing') and not exists (
            select 1 from struck t
            where t.top = s.top and t.project_id = s.project_id and t.schedule_id is not distinct from s.schedule_id
              and t.job_name = s.job_name and t.night = n.night
        )
    ), either as (
        from struck union all by name from quiet
    )
    select * exclude (name), 0 as level, '' as middle, '' as part, name as label from either
    union all by name
    select * exclude (name), 1 as level, path || ' · ' || job_name as middle, '' as part,
           path || ' · ' || job_name as label
    from either where list_contains($opened::varchar[], top)"""

LEVELS = {"repository": _REPOSITORY, "schedule": _BY_SCHEDULE, "job": _JOB, "reason": _BY_REASON}
"""What a row is: the word in the widget and the URL, and its SQL."""
