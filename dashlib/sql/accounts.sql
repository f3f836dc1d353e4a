-- One row per account of a forge, and the person it belongs to.
-- An account belongs to the person of the e-mail it makes public, else to the person of the forge's private address that
-- carries its number and is found in commits; else it is a person of its own (id "source:number"). Never by name.
with numbered as (
    select distinct
        case when contains(address, 'users.noreply.github.com') then 'github' else 'gitlab' end as source,
        try_cast(split_part(address, '@', 1) as bigint) as id,
        address
    from (select distinct person_key(author_email, author_name) as address from commits)
    where regexp_matches(address, '^\d+@users\.noreply\.')
)
select u.source, u.id, u.username, u.name, u.state,
       case
           when trim(coalesce(u.public_email, '')) <> '' then person_key(u.public_email, u.name)
           else coalesce(n.address, u.source || ':' || u.id)
       end as person,
       coalesce(u.bot, false) or bot_word(u.username) or
       regexp_matches(coalesce(u.username, ''), '[a-z0-9][-_]bot$') or bot_word(u.name) as is_bot,
       web_link(u.web_url) as web_url
from users u
left join (select source, id, min(address) as address from numbered group by all) n on n.source = u.source and n.id = u.id
