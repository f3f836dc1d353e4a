-- One row per schedule that counts as a nightly, as it stands now, deleted ones too.
-- DASH_NIGHTLY narrows them by description, ref or the owner's user name, see counts_as_nightly; without it every
-- schedule counts. off_cause says why it does not run at all: schedule_deleted, project_archived, ci_off (CI/CD is off in
-- the project), schedule_off; null where it is on. problem says why no time can be told from it (a cron line or a zone
-- that cannot be read): it has no expected nights then, only those that ran.
-- owner_trouble is why GitLab would not run it for its owner (it runs schedules with their owner's rights):
-- owner_blocked (blocked, banned or deactivated), owner_gone (the account is gone, or no member of the project),
-- owner_not_allowed (below the role Developer); null where nothing is known against it. owner_expires_at is the day on
-- which the owner's membership ends. GitHub's schedules have no owner: nothing is said against one. next_expected_at is the next time it is to run (UTC), as far as times are known.
with membered as (
    select distinct project_id from members
), upcoming as (
    select project_id, schedule_id, min(expected_at) as next_expected_at
    from schedule_slots
    where expected_at > now() at time zone 'UTC' and off_cause is null
    group by all
)
select
    s.project_id, p.path_with_namespace, p.namespace, s.id as schedule_id, s.description as schedule_description, s.ref,
    s.cron, s.cron_timezone, s.created_at, s.next_run_at,
    case
        when s.deleted then 'schedule_deleted'
        when p.archived then 'project_archived'
        when p.builds_enabled is false then 'ci_off'
        when s.active is false then 'schedule_off'
    end as off_cause,
    r.problem,
    s.owner_username, a.person,
    case
        when p.source = 'github' then null
        when s.owner_id is null and s.owner_username is null then 'owner_gone'
        when coalesce(u.state, s.owner_state, 'active') <> 'active' or coalesce(m.state, 'active') <> 'active'
            then 'owner_blocked'
        when m.user_id is null and s.project_id in (select project_id from membered) then 'owner_gone'
        when m.access_level < 30 then 'owner_not_allowed'
    end as owner_trouble,
    m.expires_at as owner_expires_at,
    n.next_expected_at,
    web_link(p.web_url) || if(p.source = 'github', '/actions', '/-/pipeline_schedules') as schedules_web_url
from schedules s
left join projects p on p.id = s.project_id
left join users u on u.source = coalesce(p.source, 'gitlab') and u.id = s.owner_id
left join accounts a on a.source = coalesce(p.source, 'gitlab') and a.id = s.owner_id
left join members m on m.project_id = s.project_id and m.user_id = s.owner_id
left join bookkeeping.schedules_read r on r.project_id = s.project_id and r.schedule_id = s.id
left join upcoming n on n.project_id = s.project_id and n.schedule_id = s.id
where counts_as_nightly(s.description, s.ref, s.owner_username)
