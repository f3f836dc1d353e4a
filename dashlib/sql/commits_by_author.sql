-- One row per commit, repository and credited person: its author (role author) and its co-authors (role co_author).
-- Someone who is author and co-author of one commit is its author, once; a co-author named twice is one.
-- With role author every commit stands exactly once per repository. A commit that lives in two repositories (a fork)
-- counts once in each. is_merge: more than one parent, whatever the title says. is_bot: see persons.
with credited as (
    select project_id, id, person_key(author_email, author_name) as person, 'author' as role from commits
    union all
    select project_id, id,
           unnest(list_distinct(list_filter(
               list_transform(co_authors, lambda c: person_key(c.email, c.name)),
               lambda k: k <> person_key(author_email, author_name)
           ))),
           'co_author'
    from commits
    where len(co_authors) > 0
)
select
    c.project_id, p.path_with_namespace, p.namespace, c.id as commit_id, k.person, coalesce(n.name, k.person) as person_name,
    coalesce(n.label, k.person) as person_label, k.role, c.committed_at, c.authored_at,
    coalesce(len(c.parent_ids) > 1, false) as is_merge,
    coalesce(n.is_bot, false) as is_bot,
    c.additions, c.deletions, c.title,
    coalesce(web_link(c.web_url), web_link(p.web_url) || '/-/commit/' || c.id) as web_url,
    c.author_name, c.author_email
from credited k
join commits c on c.project_id = k.project_id and c.id = k.id
join projects p on p.id = c.project_id
left join persons n on n.id = k.person
