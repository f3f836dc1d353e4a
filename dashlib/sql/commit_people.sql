-- One row per commit and repository: who wrote, committed, merged and pushed it (ids of persons), when, how large it is.
-- author and committer: the person of that name and address, by the repository's own .mailmap where it differs.
-- merger: of a commit with more than one parent its committer, but its author where the forge itself committed it
-- (GitHub's noreply@github.com). pusher: whoever made the first push that brought it (pushed_commits); null where no
-- push is known to have brought it: pushed before the window, in a push of many branches at once, or to a mirror.
-- pushes: how many brought it (a branch pushed under two names brings it twice); pushed_at: when the first did, UTC.
-- day: the team's day of committed_at. author_hour: hour of the author's own week, 0 is Monday 00:00, 167 Sunday 23:00.
-- is_merge: more than one parent, whatever the title says. is_rewritten: committed later than written (git's two dates
-- differ): amended, rebased, picked, or applied for somebody. on_default: on the default branch (commit_branches; GitHub's list holds that
-- branch alone). additions and deletions of a merge are those against its first parent: they are its branch's once more.
with named as (
    select c.*, p.source, p.web_url as project_url,
           coalesce(ah.person, a.person, person_key(c.author_email, c.author_name)) as author,
           case
               when c.committer_email is not null or c.committer_name is not null
                   then coalesce(kh.person, k.person, person_key(c.committer_email, c.committer_name))
           end as committer
    from commits c
    join projects p on p.id = c.project_id
    left join identities a on a.name is not distinct from c.author_name and a.email is not distinct from c.author_email
    left join identities_here ah
        on ah.project_id = c.project_id and ah.name is not distinct from c.author_name
        and ah.email is not distinct from c.author_email
    left join identities k
        on k.name is not distinct from c.committer_name and k.email is not distinct from c.committer_email
    left join identities_here kh
        on kh.project_id = c.project_id and kh.name is not distinct from c.committer_name
        and kh.email is not distinct from c.committer_email
)
select n.project_id, n.id as commit_id, n.author, n.committer,
       case
           when len(n.parent_ids) > 1 and lower(n.committer_email) = 'noreply@github.com' then n.author
           when len(n.parent_ids) > 1 then n.committer
       end as merger,
       u.person as pusher, coalesce(u.pushes, 0) as pushes, u.pushed_at,
       n.committed_at, n.authored_at, team_day(n.committed_at) as day,
       (
           24 * (extract(isodow from n.authored_at + to_minutes(n.author_utc_offset)) - 1)
           + extract(hour from n.authored_at + to_minutes(n.author_utc_offset))
       )::utinyint as author_hour,
       coalesce(len(n.parent_ids) > 1, false) as is_merge,
       coalesce(n.committed_at > n.authored_at, false) as is_rewritten,
       coalesce(b.on_default, n.source = 'github' and n.parent_ids is not null) as on_default,
       n.additions, n.deletions, n.title,
       commit_link(n.web_url, n.project_url, n.id) as web_url
from named n
left join lateral (
    -- asked of each commit: of a few commits it is answered without going through all pushes
    select arg_min(
               coalesce(a.person, e.source || ':' || coalesce(e.author_id::varchar, e.author_username, '?')),
               (e.created_at, e.id)
           ) as person, count(*) as pushes, min(e.created_at) as pushed_at
    from pushed_commits b
    join events e on e.source = b.source and e.id = b.event_id
    left join accounts a on a.source = e.source and a.id = e.author_id
    where b.project_id = n.project_id and b.commit_id = n.id
      and coalesce(e.ref_type, if(e.ref_count > 0, 'branch', null)) = 'branch' and e.push_action in ('created', 'pushed')
) u on true
left join commit_branches b on b.project_id = n.project_id and b.commit_id = n.id
