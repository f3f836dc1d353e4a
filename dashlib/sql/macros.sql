-- The team's zone, and a UTC time stamp as a day or a wall clock in it. Filter by range first, convert afterwards.
create or replace macro team_zone() as (
    coalesce((select any_value(value) from bookkeeping.settings where name = 'timezone'), 'UTC')
);
create or replace macro team_time(stamp) as ((stamp at time zone 'UTC') at time zone team_zone());
create or replace macro team_day(stamp) as cast(((stamp at time zone 'UTC') at time zone team_zone()) as date);
-- The first instant of one of the team's days, in UTC: what a range filter compares with.
create or replace macro team_day_start(day) as (((day)::timestamp at time zone team_zone()) at time zone 'UTC');
-- An address that may become a link: anything but http and https is dropped (payloads are written by strangers).
create or replace macro web_link(url) as (case when regexp_matches(url, '^https?://[^\s]+$', 'i') then url end);
-- Who an e-mail (or, without one, a name) is: the address, case aside; forges' private addresses
-- (12345-jane@users.noreply.gitlab.example, 12345+jane@users.noreply.github.com) are the account's number, whatever
-- the account is called today. Two people with one name stay two.
create or replace macro person_key(email, name) as (
    case
        when coalesce(trim(email), '') = '' then 'name:' || coalesce(nullif(trim(name), ''), '(no name)')
        when contains(lower(email), '@users.noreply.')
            then regexp_replace(lower(trim(email)), '^(\d+)[-+][^@]*@', '\1@')
        else lower(trim(email))
    end
);
-- Robots say so in their names: "renovate[bot]", GitLab's access tokens (project_12_bot_ab12), known services.
create or replace macro bot_word(word) as (
    regexp_matches(
        coalesce(lower(word), ''),
        '\[bot\]|^(project|group)_\d+_bot|(^|[^a-z])(renovate|dependabot|github-actions|semantic-release-bot)([^a-z]|$)'
    )
);
-- The filter bar in SQL: a null list leaves a thing unfiltered; a group holds its subgroups.
create or replace macro chosen(thing, choices) as (choices is null or list_contains(choices::varchar[], thing));
create or replace macro within(namespace, groups) as (
    groups is null
    or list_bool_or(list_transform(groups::varchar[], lambda g: namespace = g or starts_with(namespace, g || '/')))
);
-- The day, week (from Monday) or month that a UTC time stamp falls into, in the team's zone.
create or replace macro team_period(grain, stamp) as (date_trunc(grain, team_time(stamp))::date);
