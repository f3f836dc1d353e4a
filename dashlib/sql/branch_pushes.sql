-- One row per push to branches, as events tell it: who pushed how many commits where, and how many of them are known.
-- A push that only took a branch away is none. commit_count is the forge's own number; a push of many branches at once
-- (more than three, GitLab's push_event_activities_limit) is one event that counts 0 commits: is_bulk, ref_count branches.
-- resolved: how many of its commits are stored and known to be its (pushed_commits), never more than commit_count.
-- is_cut: only a webhook of GitLab told of it, which lists at most 20 commits (GitHub lists up to 2,048).
with known as (
    select project_id, source, event_id, count(*) as resolved from pushed_commits group by all
)
select e.project_id, e.source, e.id as event_id, e.created_at,
       coalesce(a.person, e.source || ':' || coalesce(e.author_id::varchar, e.author_username, '?')) as person,
       e.ref, e.commit_from, e.commit_to, coalesce(e.commit_count, 0) as commit_count, e.ref_count,
       coalesce(e.ref_count, 0) > 0 as is_bulk,
       coalesce(e.by_hook, false) as by_hook,
       coalesce(e.by_hook and e.source = 'gitlab' and e.commit_count > 20, false) as is_cut,
       coalesce(k.resolved, 0) as resolved, e.commit_title as title,
       push_link(p.web_url, e.source, e.commit_from, e.commit_to, e.commit_count) as web_url
from events e
join projects p on p.id = e.project_id
left join accounts a on a.source = e.source and a.id = e.author_id
left join known k on k.project_id = e.project_id and k.source = e.source and k.event_id = e.id
where coalesce(e.ref_type, if(e.ref_count > 0, 'branch', null)) = 'branch'
  and e.push_action in ('created', 'pushed')
