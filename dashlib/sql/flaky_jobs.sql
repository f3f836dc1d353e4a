-- One row per repository and name of a job that ended with a verdict in the last 30 days: is it healthy, flaky, broken?
-- All of it is as of now, over those 30 days. A run is a pipeline in which the job got a verdict; its last attempt
-- decides. Failures of the infrastructure are no verdict of the job (see job_attempts); they are counted apart.
-- evidence: proven (at least one flaky failure, see flaky_failures); suspected (no proof, but on a lane of the mainline
-- it flips: at least 10 runs, 4 changes between passed and failed, which is every tenth run or more, and its failures
-- stand alone, on average no more than 1.5 runs in a row, as a bug that waits for its mending does not); null.
-- flips, flip_rate (0..1) and the runs they are of are those of the mainline's lane that flips most.
-- last_flake_at is the end of its last flaky failure, of a suspected one that of its last failure on the mainline.
-- passes_since counts runs that passed since, on any branch. passes_needed is how many of them in a row would happen to
-- a job that fails as often as this one (flaky_share of its runs) in one case of twenty: ln 0.05 / ln (1 - share), 5 at
-- least. It has recovered when there are so many, or 14 days after its last flake if it passed since.
-- state: broken (on a lane of the mainline its newest run failed, and it is not flaky, or its newest three did);
-- else flaky (there is evidence, and it has not recovered); else healthy. red_since: since when that lane is red.
with recent as materialized (
    select * from job_attempts where ended_at >= utc_now() - interval 30 day
), proven as (
    select project_id, job_name, count(*) as flaky_failures, count(distinct pipeline_id) as flaky_runs,
           count(*) filter (proof = 'retry') as by_retry, max(failed_at) as last_flake_at
    from flaky_failures where failed_at >= utc_now() - interval 30 day
    group by all
), runs as (
    select project_id, job_name, lane, pipeline_id, is_mainline, min(pipeline_created_at) as created_at,
           max(ended_at) as ended_at, arg_max(outcome, (ended_at, job_id)) = 'failed' as is_failed
    from recent where outcome <> 'infrastructure'
    group by all
), ordered as (
    select *,
           lag(is_failed) over (partition by project_id, job_name, lane order by created_at, pipeline_id) as was_failed,
           max(if(is_failed, null, created_at)) over (partition by project_id, job_name, lane) as passed_last
    from runs where is_mainline
), lanes as (
    select project_id, job_name, lane, count(*) as runs, count(*) filter (is_failed) as failed,
           count(*) filter (is_failed <> was_failed) as flips,
           count(*) filter (is_failed and was_failed is distinct from true) as reds,
           max(if(is_failed, ended_at, null)) as last_failed_at,
           count(*) filter (is_failed and (passed_last is null or created_at > passed_last)) as red_runs,
           min(if(is_failed and (passed_last is null or created_at > passed_last), ended_at, null)) as red_since
    from ordered group by all
), judged as (
    select *, runs >= 10 and flips >= 4 and flips >= 0.1 * (runs - 1) and failed <= 1.5 * reds as is_suspect
    from lanes
), mainline as (
    select project_id, job_name, max(flips) as flips, arg_max(runs, (flips, runs, lane)) as flip_runs,
           arg_max(flips / greatest(runs - 1, 1), (flips, runs, lane)) as flip_rate,
           bool_or(is_suspect) as is_suspect, max(red_runs) as red_runs, min(red_since) as red_since,
           sum(failed) filter (is_suspect) as suspect_failures, max(if(is_suspect, last_failed_at, null)) as last_suspect_at
    from judged group by all
), counted as (
    select a.project_id, a.job_name, any_value(a.path_with_namespace) as path_with_namespace,
           any_value(a.namespace) as namespace, count(*) as attempts,
           count(*) filter (a.outcome = 'failed') as failed_attempts,
           count(*) filter (a.outcome = 'infrastructure') as infrastructure_failures,
           bool_and(a.allow_failure) as allow_failure, max(a.ended_at) as last_ended_at
    from recent a group by all
), told as (
    select c.*, coalesce(p.flaky_failures, 0) as flaky_failures, coalesce(p.by_retry, 0) as by_retry,
           coalesce(m.flips, 0) as flips, m.flip_runs, m.flip_rate, coalesce(m.red_runs, 0) as red_runs, m.red_since,
           case when p.flaky_failures > 0 then 'proven' when m.is_suspect then 'suspected' end as evidence,
           if(p.flaky_failures > 0, p.last_flake_at, m.last_suspect_at) as last_flake_at,
           if(p.flaky_failures > 0, p.flaky_runs, m.suspect_failures) as flaky_runs
    from counted c
    left join proven p on p.project_id = c.project_id and p.job_name = c.job_name
    left join mainline m on m.project_id = c.project_id and m.job_name = c.job_name
), since as (
    select r.project_id, r.job_name, count(*) as runs,
           count(*) filter (not r.is_failed and r.ended_at > t.last_flake_at) as passes_since
    from runs r join told t on t.project_id = r.project_id and t.job_name = r.job_name
    group by all
), weighed as (
    select t.*, coalesce(s.runs, 0) as runs, t.flaky_runs / nullif(s.runs, 0) as flaky_share,
           if(t.evidence is null, null, s.passes_since) as passes_since,
           if(t.evidence is null, null,
              greatest(5, ceil(ln(0.05) / ln(1 - least(0.99, t.flaky_runs / greatest(s.runs, 1)))))::bigint) as passes_needed
    from told t left join since s on s.project_id = t.project_id and s.job_name = t.job_name
), recovering as (
    select *,
           evidence is not null and (
               passes_since >= passes_needed
               or (passes_since > 0 and last_flake_at < utc_now() - interval 14 day)
           ) as has_recovered
    from weighed
)
select
    project_id, path_with_namespace, namespace, job_name,
    case
        when red_runs >= 3 or (red_runs > 0 and (evidence is null or has_recovered)) then 'broken'
        when evidence is not null and not has_recovered then 'flaky'
        else 'healthy'
    end as state,
    evidence, has_recovered, runs, attempts, failed_attempts, flaky_failures, by_retry, infrastructure_failures,
    flaky_runs, flaky_share, flips, flip_runs, flip_rate, last_flake_at, passes_since, passes_needed, red_runs,
    if(red_runs > 0, red_since, null) as red_since, allow_failure, last_ended_at
from recovering
