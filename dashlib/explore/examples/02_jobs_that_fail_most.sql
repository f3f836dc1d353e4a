-- Which jobs of the nightlies failed most often in the last 30 nights?
select path_with_namespace as repository, job_name, count(distinct night) as nights_failed, max(night) as last_night
from nightly_failures
where not allow_failure and is_last and night >= team_day(utc_now()) - 30
group by all
order by nights_failed desc, repository, job_name
limit 25
