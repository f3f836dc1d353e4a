-- One row per commit, repository, role and person: all that commit_people says, once for each who had a part in it.
-- Roles: author (each commit has exactly one), co_author (any number), committer, merger and pusher (one at most).
select *, author as person, 'author' as role from commit_people
union all by name
select *, 'co_author' as role from co_authored
union all by name
select *, committer as person, 'committer' as role from commit_people where committer is not null
union all by name
select *, merger as person, 'merger' as role from commit_people where merger is not null
union all by name
select *, pusher as person, 'pusher' as role from commit_people where pusher is not null
