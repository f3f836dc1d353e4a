-- One row per nightly schedule and reason why it will stop, or has stopped without anybody wanting it.
-- risk is one of owner_blocked, owner_gone, owner_not_allowed (nightly_schedules says what they mean); membership_ends
-- (the owner's membership ends within 30 days); unreadable (no time can be told from it; detail says why); no_next_run
-- (it is on, and GitLab has planned no run: it saves such a schedule when it could not save it properly).
-- Deleted schedules and those of archived projects are left out; one that was switched off only stays where its owner is
-- the likely reason: newer GitLabs switch a schedule off when its owner is blocked or leaves (gitlab-org/gitlab!199908).
-- stopped says that its last expected night did not run (a late one does not count yet). expires_at is the day the
-- membership ends, missing_since the first night of an unbroken row of missing ones, last_run_at (UTC) when it last ran.
-- owner_username is the owner; where GitLab names none any more, whose account ran it by itself last.
with nights as materialized (
    select project_id, schedule_id, night, expected_at, pipeline_id, state, created_at,
           username, person, by_hand
    from nightly_slots where schedule_id is not null
), last_nights as (
    select project_id, schedule_id,
           arg_max(state, expected_at) filter (state <> 'late') as last_state,
           max(created_at) as last_run_at,
           max(expected_at) filter (pipeline_id is not null) as last_filled_at,
           arg_max(username, created_at) filter (pipeline_id is not null and by_hand is not true) as last_username,
           arg_max(person, created_at) filter (pipeline_id is not null and by_hand is not true) as last_person
    from nights group by all
), gaps as (
    select n.project_id, n.schedule_id, min(n.night) as missing_since
    from nights n
    join last_nights l on l.project_id = n.project_id and l.schedule_id = n.schedule_id
    where n.state = 'missing' and (l.last_filled_at is null or n.expected_at > l.last_filled_at)
    group by all
), risks as (
    select *, unnest(list_filter([
        if(owner_trouble is not null, {'risk': owner_trouble, 'detail': null::varchar}, null),
        if(
            owner_trouble is null and off_cause is null
            and owner_expires_at <= team_day(now() at time zone 'UTC') + 30,
            {'risk': 'membership_ends', 'detail': null::varchar}, null
        ),
        if(problem is not null and off_cause is null, {'risk': 'unreadable', 'detail': problem}, null),
        if(
            off_cause is null and problem is null and next_run_at is null,
            {'risk': 'no_next_run', 'detail': null::varchar}, null
        )
    ], lambda one: one is not null), recursive := true)
    from nightly_schedules
)
select r.project_id, r.path_with_namespace, r.namespace, r.schedule_id, r.schedule_description, r.risk, r.detail,
       coalesce(r.owner_username, l.last_username) as owner_username, coalesce(r.person, l.last_person) as person,
       r.owner_expires_at as expires_at, r.off_cause,
       coalesce(l.last_state in ('missing', 'off'), false) as stopped,
       g.missing_since, l.last_run_at, r.next_expected_at, r.schedules_web_url as url
from risks r
left join last_nights l on l.project_id = r.project_id and l.schedule_id = r.schedule_id
left join gaps g on g.project_id = r.project_id and g.schedule_id = r.schedule_id
where r.off_cause is null or r.off_cause = 'schedule_off'
