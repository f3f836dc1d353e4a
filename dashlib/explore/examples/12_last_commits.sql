-- When was the last commit in each repository, and whose was it?
select p.path_with_namespace as repository, max(c.committed_at) as last_commit_at,
       arg_max(c.author_name, c.committed_at) as last_author, count(c.id) as commits_known
from projects p
left join commits c on c.project_id = p.id
where not coalesce(p.archived, false)
group by all
order by last_commit_at nulls first
