-- Which nightlies failed last night, and since when are they red?
select path_with_namespace as repository, schedule_description as nightly, job_name, reason, red_since, nights_red,
       assignee, url
from nightly_changes
where state = 'failed' and night = (select max(night) from nightly_runs)
order by nights_red, repository
