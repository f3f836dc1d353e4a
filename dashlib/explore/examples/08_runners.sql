-- On which runners do the jobs of the nightlies fail most?
select coalesce(runner_description, 'no runner') as runner, count(*) as jobs,
       count(*) filter (is_failed) as failed, round(100 * failed / jobs, 1) as failed_percent
from nightly_jobs
group by all
having jobs >= 5
order by failed_percent desc, jobs desc
