-- Which failures happen in more than one repository?
select reason, category, count(*) as failed_jobs, count(distinct project_id) as repositories,
       list(distinct path_with_namespace order by path_with_namespace) as found_in,
       min(failed_at) as first_at, max(failed_at) as last_at
from job_failures
where signature is not null
group by signature, reason, category
having repositories > 1
order by repositories desc, failed_jobs desc
