-- One row per person: whoever wrote, co-wrote or committed a commit, or has an account.
-- A person is a set of identities (names and addresses, see identities) and accounts (see accounts). One by certainty:
-- the same e-mail address, case aside; a forge's private addresses (USERNAME@noreply.HOST where that GitLab has that
-- account); addresses that a forge shows for an account; .mailmap; and what somebody decided on the page people, which
-- goes before what a file read by the command mailmap says, in every repository: who was told apart stays two. Never
-- joined by name: two people with one name stay two, and an address that says nobody (noreply@github.com) joins nobody. A
-- repository's .mailmap is followed in that repository as git follows it (identities_here); elsewhere only where the
-- repository's own commits have both addresses and nothing contradicts, or where one is an account's private address,
-- by number and user name, and the other is theirs or called like the account.
-- The id stays when identities join; ids of before are found in person_ids.
-- name is the one that a file read by the command mailmap gives, else the one found most often in commits (as each
-- repository's .mailmap has it), of equals the latest; without commits the account's. label tells persons of one name
-- apart: each of them has an account or address behind it.
-- is_bot: somebody said so, an account marked as bot, or a name or address that says so (dashlib/people/bots.toml);
-- bot_because tells which. A display name that ends in "Bot" is not enough: there are people called that.
-- commits counts those written and those co-written (commits_by_author tells them apart); first_at and last_at are those of all roles.
select id, name, is_bot, email, usernames, names, identities, commits, label, first_at, last_at, bot_because
from bookkeeping.person_facts
