-- One row per account of a forge, and the person it belongs to.
-- person follows from the addresses that the forge shows for the account and from its private address (see identities);
-- an account that nothing of that is known of is a person of its own (id "source:number"). Never by name.
-- is_bot: the person is a robot (see persons); of an account just seen, what the forge and its own names say.
select u.source, u.id, u.username, u.name, u.state,
       coalesce(p.person, u.source || ':' || u.id) as person,
       coalesce(
           p.is_bot,
           coalesce(u.bot, false) or bot_word(u.username) or bot_word(u.name)
           or regexp_matches(coalesce(u.username, ''), '[a-z0-9][-_]bot$')
       ) as is_bot,
       web_link(u.web_url) as web_url
from users u
left join account_persons p on p.source = u.source and p.id = u.id
