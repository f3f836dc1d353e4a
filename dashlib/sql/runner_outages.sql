-- One row per outage: hours close to each other in which the infrastructure failed most of the jobs that ended.
-- Such an hour holds at least 2 jobs that the infrastructure failed (see job_attempts), and they are half or more of
-- the jobs that ended in it; hours up to 6 apart are one outage, which 5 such jobs at least make. runner is the runner
-- whose jobs were looked at, null for all of them together: an outage of one runner is here only where the whole of
-- the runners had none at that time. Jobs that no runner ever took count for all of them.
-- began_at and ended_at are the ends of the first and last job it failed. failures are the jobs that the infrastructure
-- failed from the first to the last of its hours, jobs all that ended in those hours that it failed most of.
-- category is the one that most of them have, failure_reason likewise GitLab's.
with attempts as materialized (
    select runner, project_id, outcome = 'infrastructure' as is_ill, date_trunc('hour', ended_at) as hour,
           ended_at, category, failure_reason
    from job_attempts
), hours as (
    select runner, hour, count(*) as jobs, count(*) filter (is_ill) as failures, grouping(runner) = 1 as of_all
    from attempts
    group by grouping sets ((hour), (runner, hour))
), bad as (
    select *,
           coalesce(hour - lag(hour) over (partition by of_all, runner order by hour) > interval 6 hour, true) as begins
    from hours where failures >= 2 and failures >= 0.5 * jobs and (of_all or runner is not null)
), spans as (
    select *, sum(begins::int) over (partition by of_all, runner order by hour) as span from bad
), long as (
    select of_all, runner, min(hour) as first_hour, max(hour) + interval 1 hour as last_hour, sum(jobs)::bigint as jobs
    from spans group by of_all, runner, span
    having sum(failures) >= 5
), kept as (
    select * from long l
    where of_all or not exists (
        select 1 from long a where a.of_all and a.first_hour < l.last_hour and a.last_hour > l.first_hour
    )
)
select
    k.runner, min(a.ended_at) as began_at, max(a.ended_at) as ended_at, k.jobs, count(*) as failures,
    count(distinct a.runner) as runners, count(distinct a.project_id) as repositories, mode(a.category order by a.category) as category,
    mode(a.failure_reason order by a.failure_reason) as failure_reason
from kept k
join (select * from attempts where is_ill) a
    on a.hour >= k.first_hour and a.hour < k.last_hour and (k.of_all or a.runner = k.runner)
group by k.of_all, k.runner, k.first_hour, k.jobs
