-- The team's zone, and a UTC time stamp as a day or a wall clock in it. Filter by range first, convert afterwards.
create or replace macro team_zone() as (
    coalesce((select any_value(value) from bookkeeping.settings where name = 'timezone'), 'UTC')
);
create or replace macro team_time(stamp) as ((stamp at time zone 'UTC') at time zone team_zone());
create or replace macro team_day(stamp) as cast(((stamp at time zone 'UTC') at time zone team_zone()) as date);
