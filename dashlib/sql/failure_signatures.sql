-- One row per signature that a stored failed job carries: the same failure, wherever and whenever it happened.
-- category, reason, state and rule are those of its newest failure. jobs counts names of jobs per repository, nights
-- the nights of nightlies it failed.
-- first_seen_at is the first sighting ever, it may be older than the stored logs; is_new: see the macro newly_seen,
-- for 14 days. first_* is the first victim; spread lists the repositories in the order in which it reached them.
-- Impact: failures_1d, failures_7d and failures_30d count failed jobs of the last 1, 7 and 30 times 24 hours, likewise
-- repositories_1d and so on. similar counts signatures that are nearly the same. Issue and person: see signature_links;
-- issue_returned: it failed after its issue was closed.
with seen as materialized (
    select * from job_failures where signature is not null
), counted as (
    select signature,
           arg_max(category, (failed_at, job_id)) as category, arg_max(reason, (failed_at, job_id)) as reason,
           arg_max(state, (failed_at, job_id)) as state, arg_max(rule, (failed_at, job_id)) as rule,
           count(*) as failures, count(*) filter (allow_failure) as allowed_failures,
           count(*) filter (passed_on_retry) as passed_on_retry,
           count(distinct (project_id, job_name)) as jobs, count(distinct project_id) as repositories,
           count(distinct night) as nights, count(*) filter (is_nightly) as nightly_failures,
           max(failed_at) as last_seen_at,
           arg_max(project_id, (failed_at, job_id)) as last_project_id, arg_max(job_id, (failed_at, job_id)) as last_job_id,
           count(*) filter (failed_at >= utc_now() - interval 1 day) as failures_1d,
           count(*) filter (failed_at >= utc_now() - interval 7 day) as failures_7d,
           count(*) filter (failed_at >= utc_now() - interval 30 day) as failures_30d,
           count(distinct project_id) filter (failed_at >= utc_now() - interval 1 day) as repositories_1d,
           count(distinct project_id) filter (failed_at >= utc_now() - interval 7 day) as repositories_7d,
           count(distinct project_id) filter (failed_at >= utc_now() - interval 30 day) as repositories_30d
    from seen group by signature
), reached as (
    select signature, path_with_namespace, min(failed_at) as reached_at
    from seen group by all
), spreading as (
    select signature, list(path_with_namespace order by reached_at, path_with_namespace) as spread from reached group by signature
), alike as (
    select signature, count(*) as similar
    from (
        select signature from similar_signatures union all select other from similar_signatures
    ) group by signature
)
select
    signature_id(c.signature) as signature_id, c.*, newly_seen(s.first_seen_at) as is_new,
    s.first_seen_at, s.first_project_id, s.first_job_id, s.first_job_name,
    coalesce(p.path_with_namespace, 'project ' || s.first_project_id) as first_path_with_namespace,
    r.spread, coalesce(a.similar, 0) as similar,
    l.issue_project_id, l.issue_iid, l.issue_title, l.issue_state, l.issue_url, l.assignee, l.issue_closed_at,
    coalesce(l.issue_state = 'closed' and c.last_seen_at > l.issue_closed_at, false) as issue_returned
from counted c
join spreading r on r.signature = c.signature
left join signatures s on s.signature = c.signature
left join projects p on p.id = s.first_project_id
left join alike a on a.signature = c.signature
left join signature_links l on l.signature = c.signature
