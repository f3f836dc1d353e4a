-- One row per pipeline, job and push: whether a webhook told of it, the API, or both, and how late the webhook was.
-- A thing is known by its number (id), a push by its ref and both ends (subject). own_hook: a delivery about it is in the
-- inbox, which keeps DASH_HOOK_DAYS. by_hook: that, or a job of GitLab that a hook of its pipeline showed, having come
-- after the job was made (an attempt that was retried is shown until then). by_api: the API told of it too (a job of
-- GitLab: what the API alone tells of a job is filled); empty for pushes of GitHub, whose API is not asked for pushes.
-- A job that never started (manual, skipped) is none of them: nothing happened to it that a job hook would tell of.
-- first_hook_at and delay_seconds are of its own hook, from what happened (the greatest time stamp in the delivery; for
-- a push the time that the events API says) to the arrival of the first delivery about it.
with hooks as (
    select project_id, subject, min(received_at) as first_hook_at,
           max(received_at) filter (source = 'gitlab') as last_hook_at,
           arg_min(greatest(0, epoch(received_at - happened_at)), received_at) filter (happened_at is not null)
               as delay_seconds
    from deliveries
    where status = 'shaped' and project_id is not null
      and (starts_with(subject, 'pipeline:') or starts_with(subject, 'job:') or starts_with(subject, 'push:'))
    group by all
), things as (
    select 'pipeline' as kind, project_id, id, 'pipeline:' || id as subject, created_at, coalesce(by_api, false) as by_api,
           null as shown_in
    from pipelines
    union all
    select 'job', project_id, id, 'job:' || id, created_at, coalesce(by_api, tag_list is not null),
           'pipeline:' || pipeline_id
    from jobs where kind = 'build' and started_at is not null
    union all
    select 'push', project_id, id,
           'push:' || ref_type || ':' || ref || ':' || coalesce(commit_from, '') || ':' || coalesce(commit_to, ''),
           created_at, if(source = 'github', null, by_hook is not true), null
    from events where push_action is not null and ref is not null
)
select t.kind, t.project_id, t.id, t.subject, t.created_at,
       h.subject is not null or coalesce(s.last_hook_at >= date_trunc('second', t.created_at), false) as by_hook,
       t.by_api, h.subject is not null as own_hook, h.first_hook_at,
       case when t.kind = 'push' then
           case when t.by_api and h.subject is not null then greatest(0, epoch(h.first_hook_at - t.created_at)) end
       else h.delay_seconds end as delay_seconds
from things t
left join hooks h on h.project_id = t.project_id and h.subject = t.subject
left join hooks s on s.project_id = t.project_id and s.subject = t.shown_in
