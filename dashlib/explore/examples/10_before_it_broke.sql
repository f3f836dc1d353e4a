-- Whose commits came in the day before a nightly turned red?
select f.night, f.path_with_namespace as repository, f.job_name, c.author_name, c.title, c.committed_at
from nightly_failures f
join commits c
  on c.project_id = f.project_id
 and c.committed_at between f.started_at - interval 1 day and f.started_at
where f.is_new and not f.allow_failure
order by f.night desc, repository, c.committed_at desc
limit 200
