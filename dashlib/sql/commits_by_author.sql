-- One row per commit, repository and credited person: its author (role author) and its co-authors (role co_author).
-- Someone who is author and co-author of one commit is its author, once; a co-author named twice is one.
-- With role author every commit stands exactly once per repository. A commit that lives in two repositories (a fork)
-- counts once in each. is_merge: more than one parent, whatever the title says. is_bot: see persons.
-- Who somebody is: the repository's own .mailmap where it differs (identities_here), else the identity's person, else, for
-- a commit just stored, the address itself until identities are worked out.
with written as (
    select c.project_id, c.id, coalesce(h.person, i.person, person_key(c.author_email, c.author_name)) as person
    from commits c
    left join identities i on i.name is not distinct from c.author_name and i.email is not distinct from c.author_email
    left join identities_here h
        on h.project_id = c.project_id and h.name is not distinct from c.author_name
        and h.email is not distinct from c.author_email
), named as (
    select distinct c.project_id, c.id, coalesce(h.person, i.person, person_key(c.co.email, c.co.name)) as person
    from (select project_id, id, unnest(co_authors) as co from commits where len(co_authors) > 0) c
    left join identities i on i.name is not distinct from c.co.name and i.email is not distinct from c.co.email
    left join identities_here h
        on h.project_id = c.project_id and h.name is not distinct from c.co.name
        and h.email is not distinct from c.co.email
), credited as (
    select project_id, id, person, 'author' as role from written
    union all
    select project_id, id, person, 'co_author' from named anti join written using (project_id, id, person)
)
select
    c.project_id, p.path_with_namespace, p.namespace, c.id as commit_id, k.person,
    coalesce(n.name, case when k.role = 'author' then nullif(trim(c.author_name), '') end, k.person) as person_name,
    coalesce(n.label, case when k.role = 'author' then nullif(trim(c.author_name), '') end, k.person) as person_label, k.role, c.committed_at, c.authored_at,
    coalesce(len(c.parent_ids) > 1, false) as is_merge,
    coalesce(n.is_bot, bot_word(c.author_name) and k.role = 'author') as is_bot,
    c.additions, c.deletions, c.title,
    coalesce(web_link(c.web_url), web_link(p.web_url) || '/-/commit/' || c.id) as web_url,
    c.author_name, c.author_email
from credited k
join commits c on c.project_id = k.project_id and c.id = k.id
join projects p on p.id = c.project_id
left join persons n on n.id = k.person
