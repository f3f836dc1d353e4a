-- One row per person: whoever wrote or co-wrote a commit, or has an account.
-- For now a person is one e-mail address, case aside; forges' private addresses are the account they number; commits
-- without an e-mail belong to their author's name. Never joined by name: two people with one name stay two.
-- name is the spelling found most often in commits, of equally frequent ones the latest; without commits the account's.
-- label tells persons of one name apart: the one with the most commits has the bare name, the others have their
-- account or address behind it.
-- is_bot: an account marked as bot, a name that says so (macro bot_word), or an address such as release-bot@….
-- A display name that ends in "Bot" is not enough: there are people called that.
with spellings as (
    select author_name as name, author_email as email, count(*) as commits, max(committed_at) as seen_at
    from commits group by all
    union all
    select c.name, c.email, count(*), max(committed_at)
    from (select unnest(co_authors) as c, committed_at from commits where len(co_authors) > 0) group by all
), grouped as (
    select person_key(email, name) as id, nullif(trim(name), '') as name, lower(trim(email)) as email,
           sum(commits) as commits, max(seen_at) as seen_at
    from spellings group by all
), named as (
    select id, name, sum(commits) as commits, max(seen_at) as seen_at from grouped group by all
), written as (
    select id, sum(commits) as commits,
           arg_max(name, (commits, seen_at)) filter (name is not null) as name,
           bool_or(bot_word(name)) as is_bot,
           list(distinct name) filter (name is not null) as names
    from named group by id
), addressed as (
    select id, arg_max(nullif(email, ''), (commits, seen_at)) as email,
           bool_or(bot_word(split_part(email, '@', 1)) or regexp_matches(split_part(email, '@', 1), '[a-z0-9][-_]bot$')) as is_bot,
           list({name: name, email: email} order by commits desc, seen_at desc) as identities
    from grouped group by id
), held as (
    select person as id, arg_max(name, id) as name, bool_or(is_bot) as is_bot,
           list(distinct username) filter (username is not null) as usernames
    from accounts group by person
), joined as (
    select
        id,
        coalesce(w.name, h.name, h.usernames[1], a.email, '(no name)') as name,
        coalesce(w.is_bot, false) or coalesce(a.is_bot, false) or coalesce(h.is_bot, false) as is_bot,
        coalesce(a.email, case when contains(id, '@') then id end) as email,
        coalesce(h.usernames, []) as usernames,
        coalesce(w.names, []) as names,
        coalesce(a.identities, []) as identities,
        coalesce(w.commits, 0) as commits
    from written w
    full join addressed a using (id)
    full join held h using (id)
)
select *,
       if(
           row_number() over (partition by name order by commits desc, id) > 1,
           name || ' (' || coalesce('@' || usernames[1], email, id) || ')',
           name
       ) as label
from joined
