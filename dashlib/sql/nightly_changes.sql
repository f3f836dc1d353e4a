-- One row per schedule and night, expected or real, and what changed there: nightly_cells with what came before it, and
-- with the failed job to look at first. What the grid, the top line, the morning note and the badge count.
-- change is one of new (failed, and the last earlier verdict was none); still_red (failed, and failed before);
-- recovered (passed or warned, and failed before); missing (never ran, whatever came before); null for all others.
-- A verdict is passed, warned or failed: canceled, unfinished, late, missing and off nights say nothing, so a failure is
-- "still red" across them. red_since is the first night of an unbroken row of failed verdicts, nights_red counts them.
-- Of a recovered night red_since and nights_red tell the row of failures that ended with it, of a missing one nothing.
-- missing_since is the first night of an unbroken row of missing ones, nights_missing counts them up to this one: only a
-- run ends such a row, however it went; late and off nights say nothing. Of a late night they tell of those before it
-- (null, 0 where it ran the last time); both are null where the night is neither missing nor late.
-- job_name, reason, category, signature, signature_id, runner_description, failure, job_web_url and the issue are those of one
-- failed job of the night: one that is not allowed to fail, of the run that decides the night, new rather than old. job_names has all those that are not
-- allowed to fail, first_jobs of them failed newly, without_issue have no issue. person is whose account ran it, else
-- the schedule's owner. owner_username is the schedule's owner; where GitLab names none any more (the account is gone),
-- whose account ran it by itself last.
-- Of a missing or late night last_pipeline_id, last_pipeline_night, last_pipeline_state and last_pipeline_url tell of the
-- schedule's newest run of the nights before it, null where none is stored.
-- Of a missing or late night assignee is whom somebody gave the nightly since it does not run.
with cells as materialized (
    select c.*, case when state in ('passed', 'warned', 'failed') then state end as verdict,
           list_position(
               ['failed', 'missing', 'running', 'late', 'canceled', 'warned', 'passed', 'off'], state
           ) as severity
    from nightly_cells c
), before as (
    select *,
           lag(verdict ignore nulls) over series as previous_verdict,
           count(*) filter (verdict in ('passed', 'warned')) over (
               partition by project_id, schedule_id order by night
               rows between unbounded preceding and 1 preceding
           ) as greens_before,
           last_value(
               if(pipeline_id is null, null, {'id': pipeline_id, 'night': night, 'state': state, 'url': url}) ignore nulls
           ) over (
               partition by project_id, schedule_id order by night
               rows between unbounded preceding and 1 preceding
           ) as last_run,
           count(*) filter (state in ('passed', 'warned', 'failed', 'canceled', 'running')) over (
               partition by project_id, schedule_id order by night
               rows between unbounded preceding and current row
           ) as runs_before
    from cells
    window series as (partition by project_id, schedule_id order by night)
), gone as (
    select *, case when state in ('missing', 'late') then
        min(night) filter (state = 'missing') over (partition by project_id, schedule_id, runs_before)
    end as missing_since,
    -- Not a condition of the join: DuckDB compares every pair where ON asks one side alone.
    case when state = 'failed' or (verdict is not null and previous_verdict = 'failed') then greens_before
    end as greens_of_streak
    from before
), streaks as (
    select project_id, schedule_id, greens_before, min(night) as red_since, count(*) as nights_red
    from before where verdict = 'failed'
    group by all
), heads as (
    select
        project_id, schedule_id, night,
        min_by(
            {
                'job_name': job_name, 'reason': reason, 'category': category, 'signature_id': signature_id,
                'signature': signature,
                'runner_description': runner_description, 'failure': failure, 'job_web_url': job_web_url,
                'issue_iid': issue_iid, 'issue_title': issue_title, 'issue_state': issue_state, 'issue_url': issue_url,
                'assignee': assignee
            },
            (state = 'warned', run_id is distinct from decides_id, not is_new, job_id)
        ) as head,
        list(distinct job_name order by job_name) filter (state = 'failed') as job_names,
        list(distinct signature_id order by signature_id) filter (signature_id is not null) as signature_ids,
        list(distinct category order by category) filter (category is not null) as categories,
        count(*) filter (state = 'failed' and is_new) as first_jobs,
        count(*) filter (state = 'failed' and issue_iid is null) as without_issue,
        string_agg(concat_ws(' ', job_name, category, reason, runner_description, assignee), ' ') as words
    from (
        select j.*, j.pipeline_id as run_id, c.pipeline_id as decides_id
        from nightly_job_nights j
        left join cells c
            on c.project_id = j.project_id and c.schedule_id is not distinct from j.schedule_id and c.night = j.night
        where j.is_failed
    )
    group by all
)
select
    b.* exclude (greens_before, greens_of_streak, runs_before, previous_verdict, missing_since, last_run),
    b.previous_verdict as previous_state,
    case
        when b.state = 'missing' then 'missing'
        when b.state = 'failed' then if(b.previous_verdict = 'failed', 'still_red', 'new')
        when b.verdict is not null and b.previous_verdict = 'failed' then 'recovered'
    end as change,
    s.red_since,
    case when b.state = 'failed' then
        count(*) filter (b.verdict = 'failed') over (
            partition by b.project_id, b.schedule_id, b.greens_before order by b.night
        )
    else s.nights_red end as nights_red,
    b.missing_since,
    if(b.state in ('missing', 'late'), b.last_run.id, null) as last_pipeline_id,
    if(b.state in ('missing', 'late'), b.last_run.night, null) as last_pipeline_night,
    if(b.state in ('missing', 'late'), b.last_run.state, null) as last_pipeline_state,
    if(b.state in ('missing', 'late'), b.last_run.url, null) as last_pipeline_url,
    case when b.state in ('missing', 'late') then
        count(*) filter (b.state = 'missing') over (
            partition by b.project_id, b.schedule_id, b.runs_before order by b.night
        )
    end as nights_missing,
    coalesce(
        n.owner_username,
        last_value(case when not b.by_hand and b.schedule_id is not null then p.username end ignore nulls) over (
            partition by b.project_id, b.schedule_id order by b.night
            rows between unbounded preceding and unbounded following
        )
    ) as owner_username,
    n.cron, coalesce(a.person, n.person) as person,
    h.head.job_name as job_name, h.head.reason as reason, h.head.category as category,
    h.head.signature_id as signature_id, h.head.signature as signature, h.head.runner_description as runner_description, h.head.failure as failure,
    h.head.job_web_url as job_web_url, h.head.issue_iid as issue_iid, h.head.issue_title as issue_title,
    h.head.issue_state as issue_state, h.head.issue_url as issue_url,
    case when b.state in ('missing', 'late') then t.assignee else h.head.assignee end as assignee,
    h.job_names, h.signature_ids, h.categories, coalesce(h.first_jobs, 0) as first_jobs,
    coalesce(h.without_issue, 0) as without_issue, h.words
from gone b
left join streaks s
    on s.project_id = b.project_id and s.schedule_id is not distinct from b.schedule_id
    and s.greens_before = b.greens_of_streak
left join heads h
    on h.project_id = b.project_id and h.schedule_id is not distinct from b.schedule_id and h.night = b.night
left join assignments t
    on t.scope = 'nightly' and t.subject = b.project_id || '-' || b.schedule_id || '-' || b.missing_since
left join nightly_schedules n on n.project_id = b.project_id and n.schedule_id = b.schedule_id
left join pipelines p on p.project_id = b.project_id and p.id = b.pipeline_id
left join projects r on r.id = b.project_id
left join accounts a on a.source = coalesce(r.source, 'gitlab') and a.username = coalesce(p.username, n.owner_username)
