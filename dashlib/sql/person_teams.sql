-- One row per person and team. origin: hand (chosen on the page people), csv (imported there), file (DASH_TEAMS),
-- gitlab.
-- From GitLab a team is a group: a person is in the topmost groups of which every repository whose members could be
-- read has the person as member, Developer or more, and robots are in none. A person may be in several teams; what one
-- origin says of a team stands once, the first of those above.
with recursive groups as (
    select p.id as project_id, array_to_string(words[1:depth], '/') as team, depth
    from (
        select id, string_split(namespace, '/') as words, unnest(range(1, len(string_split(namespace, '/')) + 1)) as depth
        from projects
        where source = 'gitlab' and namespace <> '' and archived is not true and deleted_at is null
          and id in (select project_id from members)
    ) p
), sizes as (
    select team, any_value(depth) as depth, count(*) as projects from groups group by team
), held as (
    select a.person, g.team, count(distinct g.project_id) as projects
    from members m
    join accounts a on a.source = 'gitlab' and a.id = m.user_id and not a.is_bot
    join groups g on g.project_id = m.project_id
    where coalesce(m.access_level, 30) >= 30 and coalesce(m.membership_state, 'active') = 'active'
    group by all
), whole as (
    select h.person, h.team from held h join sizes s on s.team = h.team and s.projects = h.projects
), topmost as (
    select w.person, w.team from whole w
    where not exists (
        select 1 from whole above where above.person = w.person and starts_with(w.team, above.team || '/')
    )
), told as (
    select person, team, origin, case origin when 'hand' then 0 when 'csv' then 1 else 2 end as rank from team_members
    union all
    select person, team, 'gitlab', 3 from topmost
)
select person, team, arg_min(origin, rank) as origin from told group by person, team
