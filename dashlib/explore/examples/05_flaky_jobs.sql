-- Which jobs failed and then passed on the same commit, and what did that cost?
select path_with_namespace as repository, job_name, count(*) as failed_and_passed,
       round(sum(duration) / 60) as minutes_wasted, max(failed_at) as last_at
from job_failures
where passed_on_retry
group by all
order by failed_and_passed desc, minutes_wasted desc
limit 25
