-- For which kinds of reason do jobs fail, week by week?
select date_trunc('week', team_time(failed_at))::date as week, coalesce(category, 'not explained') as category,
       count(*) as failed_jobs
from job_failures
where not allow_failure
group by all
order by week, failed_jobs desc
