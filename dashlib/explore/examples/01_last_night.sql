-- Which nightlies failed when they ran last, and since when are they red?
select path_with_namespace as repository, schedule_description as nightly, night, job_name, reason, red_since,
       nights_red, assignee, url
from nightly_changes
where state in ('passed', 'warned', 'failed')
qualify state = 'failed' and night = max(night) over (partition by project_id, schedule_id)
order by night desc, nights_red, repository
