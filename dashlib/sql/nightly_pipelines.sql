-- One row per pipeline that takes part in a run of a nightly: the scheduled pipeline (run_id) and its child pipelines.
-- A nightly is a pipeline that a schedule started (GitLab says source "schedule", by hand with "play" too). DASH_NIGHTLY
-- narrows them (see counts_as_nightly): a run counts when its schedule does (nightly_schedules), or its own ref or user
-- name; without patterns every schedule counts, switched off and deleted ones with what they ran before.
-- A child pipeline belongs to the run that its parent belongs to, two levels deep as GitLab allows. Where the link is
-- not known (GitLab's lists do not say it) it belongs to the newest pipeline before it of the same commit.
-- Pipelines that a run starts in other repositories are those repositories' own. A child whose trigger job was retried
-- is replaced by the child of the retry and left out.
-- schedule_id is the schedule of the run, the one it is taken for where GitLab does not say it (nightly_guesses). With
-- trigger_name it tells which pipelines are the same one of other nights.
with scheduled as (
    select p.project_id, p.id, coalesce(p.schedule_id, g.schedule_id) as schedule_id
    from pipelines p
    left join nightly_guesses g on g.project_id = p.project_id and g.pipeline_id = p.id
    left join schedules s on s.project_id = p.project_id and s.id = coalesce(p.schedule_id, g.schedule_id)
    where p.source = 'schedule'
      and (
          counts_as_nightly(s.description, p.ref, coalesce(p.username, s.owner_username))
          or counts_as_nightly(s.description, s.ref, s.owner_username)
      )
), offspring as (
    select p.project_id, p.id, p.sha, p.parent_pipeline_id as parent_id
    from pipelines p
    where p.source = 'parent_pipeline'
), linked as (
    select project_id, id, parent_id from offspring where parent_id is not null
    union all
    select o.project_id, o.id, r.id
    from (select * from offspring where parent_id is null) o
    asof join (select project_id, id, sha from pipelines where source is distinct from 'parent_pipeline') r
        on r.project_id = o.project_id and r.sha = o.sha and r.id < o.id
), started as (
    select l.project_id, l.id, l.parent_id,
           t.name as trigger_name,
           coalesce(t.allow_failure, false) as allowed
    from linked l
    left join jobs t
        on t.kind = 'bridge' and t.project_id = l.project_id and t.pipeline_id = l.parent_id
        and t.downstream_pipeline_id = l.id
    where not coalesce(t.retried, false)
)
select project_id, id as run_id, id as pipeline_id, cast(null as varchar) as trigger_name, false as allowed, schedule_id
from scheduled
union all
select r.project_id, r.id, c.id, c.trigger_name, c.allowed, r.schedule_id
from scheduled r join started c on c.project_id = r.project_id and c.parent_id = r.id
union all
select r.project_id, r.id, g.id, concat_ws(' / ', c.trigger_name, g.trigger_name), c.allowed or g.allowed, r.schedule_id
from scheduled r
join started c on c.project_id = r.project_id and c.parent_id = r.id
join started g on g.project_id = c.project_id and g.parent_id = c.id
