-- One row per pipeline that a person (or robot) set off: by a push, a merge request, the web, the API, a trigger.
-- What a schedule or another pipeline started nobody set off: those are not here. person: the account's (see accounts).
-- verdict: passed, failed, or null (canceled, skipped, still running: no verdict).
-- waited: seconds from creation until its first job ran, GitLab's queued_duration where it was told; null while none ran.
select p.project_id, p.id as pipeline_id, p.source, p.ref, p.status, p.created_at, team_day(p.created_at) as day,
       coalesce(a.person, r.source || ':' || coalesce(p.user_id::varchar, p.username)) as person,
       case p.status when 'success' then 'passed' when 'failed' then 'failed' end as verdict,
       coalesce(p.queued_duration, if(p.started_at is null, null, greatest(epoch(p.started_at - p.created_at), 0))) as waited,
       p.duration, p.web_url
from pipelines p
join projects r on r.id = p.project_id
left join accounts a on a.source = r.source and a.id = p.user_id
where coalesce(p.source, '') not in ('schedule', 'parent_pipeline', 'pipeline', 'workflow_run')
  and p.parent_pipeline_id is null
  and coalesce(p.user_id::varchar, p.username) is not null
