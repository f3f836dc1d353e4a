-- One row per repository and kind of thing (pipeline, job, push) that webhooks of its source tell of: how many were lost.
-- Counted are things that began after the first webhook of that kind for that repository, ten minutes old at least (a
-- webhook may be on its way, a sync still to come). Where none ever came, things since the first webhook of that kind
-- for any repository of the source count, and last_hook_at is empty: nobody set it up there, or it does not send.
-- lost: the API tells of it, no webhook of its own did (the hook of its pipeline is another trigger than a job's).
-- unread: a webhook told of it, the API did not yet. lost_share is lost of all that the API tells of. The three are empty where the API does not tell of such things (pushes of GitHub).
-- Delays are in seconds, median and 95th percentile.
with hooked as (
    select t.project_id, t.kind, p.source, min(t.first_hook_at) as first_hook_at, max(t.first_hook_at) as last_hook_at
    from told_by t
    left join projects p on p.id = t.project_id
    where t.own_hook
    group by all
), sending as (
    select source, kind, min(first_hook_at) as first_hook_at from hooked group by all
), counted as (
    select t.*, p.path_with_namespace, p.namespace, h.last_hook_at
    from told_by t
    left join projects p on p.id = t.project_id
    left join hooked h on h.project_id = t.project_id and h.kind = t.kind
    left join sending s on s.source = p.source and s.kind = t.kind
    where t.created_at >= coalesce(h.first_hook_at, s.first_hook_at)
      and t.created_at < now() at time zone 'UTC' - interval 10 minutes
)
select
    project_id, path_with_namespace, namespace, kind, min(created_at) as since,
    count(*) as things,
    count(*) filter (own_hook and by_api) as by_both,
    if(count(by_api) > 0, count(*) filter (own_hook and not by_api), null) as unread,
    if(count(by_api) > 0, count(*) filter (by_api and not own_hook), null) as lost,
    count(*) filter (by_api and not own_hook) / nullif(count(*) filter (by_api), 0) as lost_share,
    quantile_cont(delay_seconds, 0.5) as delay_p50,
    quantile_cont(delay_seconds, 0.95) as delay_p95,
    last_hook_at
from counted
group by all
