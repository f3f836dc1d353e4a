-- The team's zone, and a UTC time stamp as a day or a wall clock in it. Filter by range first, convert afterwards.
-- The subquery itself is never null: DuckDB looks a zone up once for all rows only where nothing is done with it outside.
create or replace macro team_zone() as (
    (select coalesce(any_value(value), 'UTC') from bookkeeping.settings where name = 'timezone')
);
create or replace macro team_time(stamp) as ((stamp at time zone 'UTC') at time zone team_zone());
create or replace macro team_day(stamp) as cast(((stamp at time zone 'UTC') at time zone team_zone()) as date);
-- The first instant of one of the team's days, in UTC: what a range filter compares with.
create or replace macro team_day_start(day) as (((day)::timestamp at time zone team_zone()) at time zone 'UTC');
-- An address that may become a link: anything but http and https is dropped (payloads are written by strangers).
create or replace macro web_link(url) as (case when regexp_matches(url, '^https?://[^\s]+$', 'i') then url end);
-- A commit's page: as it was told, else where its repository's page says.
create or replace macro commit_link(url, project_url, id) as (
    coalesce(web_link(url), web_link(project_url) || '/-/commit/' || id)
);
-- What a push brought, on the forge: the commit, or what several commits changed together; GitLab's paths.
create or replace macro push_link(project_url, source, commit_from, commit_to, commit_count) as (
    case
        when web_link(project_url) is null or commit_to is null or source <> 'gitlab' then web_link(project_url)
        when commit_from is null or commit_count < 2 then project_url || '/-/commit/' || commit_to
        else project_url || '/-/compare/' || commit_from || '...' || commit_to
    end
);
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
-- This moment in UTC, whatever the session's time zone.
create or replace macro utc_now() as (now() at time zone 'UTC');
-- A short name for a signature: what stands in an address.
create or replace macro signature_id(signature) as (left(md5(signature), 12));
-- New: first seen in the last days, never before. What was there on the first day of all sightings is not new: nobody
-- knows since when it had been there.
create or replace macro newly_seen(first_seen_at, days := 14) as (
    coalesce(
        first_seen_at >= utc_now() - to_days(days::integer)
        and first_seen_at >= (select min(s.first_seen_at) from signatures s) + interval 1 day,
        false
    )
);
-- How long after its time a nightly that nobody saw run is late before it is missing (DASH_LATE_HOURS).
create or replace macro late_after() as (
    to_seconds(3600 * coalesce((select any_value(value)::double from bookkeeping.settings where name = 'late_hours'), 2))
);
-- DASH_REPORT_BY: when the morning note is sent at the latest. What is to run later that day, the next day's note tells of.
create or replace macro report_by() as (
    coalesce((select any_value(value)::time from bookkeeping.settings where name = 'report_by'), time '10:00')
);
-- DASH_REPORT_BY of one of the team's days, in UTC.
create or replace macro report_by_of(day) as (((day + report_by()) at time zone team_zone()) at time zone 'UTC');
-- When the note of a day counts as out where none was sent: at its DASH_REPORT_BY; today's may still go out.
create or replace macro out_unsent(day) as (if(day < team_day(utc_now()), report_by_of(day), timestamp 'infinity'));
create or replace macro is_evening(stamp) as (cast(team_time(stamp) as time) >= report_by());
-- Whether DASH_NIGHTLY counts a schedule or a run with this description, ref and user name: any pattern that matches
-- counts, case aside; without patterns everything does.
create or replace macro counts_as_nightly(description, ref, username) as (
    not exists (select 1 from bookkeeping.nightly)
    or exists (
        select 1 from bookkeeping.nightly n
        where lower(case n.field when 'description' then description when 'ref' then ref when 'username' then username end)
            glob lower(n.pattern)
    )
);
-- A log as a person reads it: without colours, the runner's time stamps (32 characters) and section marks, \r.
create or replace macro log_text(text) as (
    regexp_replace(
        text,
        '(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][+ ]'
            || '|\x1b\[[0-9;?]*[A-Za-z]|section_(?:start|end):\d+:[A-Za-z0-9_.\-]+(?:\[[^\]\r\n]*\])?|\r',
        '', 'g'
    )
);
-- The lines of a log, as it is stored; they end at \r\n, \n or a lone \r and are numbered from 1.
create or replace macro log_lines(text) as (string_split(regexp_replace(text, '\r\n?', chr(10), 'g'), chr(10)));
