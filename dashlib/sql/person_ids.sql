-- One row per id by which a person is or was known: the id of now, the address, the handle ("Name <address>") of each
-- identity and each account ("gitlab:12"). A link that was copied before two persons were merged still leads to them.
with told as (
    select id, id as person, 0 as rank from persons
    union all
    select handle, person, 1 from identities
    union all
    select source || ':' || id, person, 1 from account_persons
    union all
    select person_key(email, name), person, 2 from identities
)
select id, arg_min(person, (rank, person)) as person from told group by id
