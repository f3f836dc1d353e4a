-- One row per repository and kind of thing (pipeline, job, push) that a webhook ever told of: how many webhooks were lost.
-- Counted are things since the first webhook of that kind for that repository, ten minutes old at least (a webhook may be
-- on its way, a sync still to come). lost: the API tells of it, no webhook did. unread: a webhook told of it, the API did
-- not yet. lost_share is lost of all that the API tells of. Delays are in seconds, median and 95th percentile.
with began as (
    select project_id, kind, min(first_hook_at) as first_hook_at from told_by where by_hook group by all
), counted as (
    select t.*
    from told_by t
    join began b on b.project_id = t.project_id and b.kind = t.kind
    where t.created_at >= b.first_hook_at - interval 1 minute
      and t.created_at < now() at time zone 'UTC' - interval 10 minutes
)
select
    c.project_id, p.path_with_namespace, p.namespace, c.kind, min(c.created_at) as since,
    count(*) as things,
    count(*) filter (by_hook and by_api) as by_both,
    count(*) filter (by_hook and not by_api) as unread,
    count(*) filter (by_api and not by_hook) as lost,
    count(*) filter (by_api and not by_hook) / nullif(count(*) filter (by_api), 0) as lost_share,
    quantile_cont(delay_seconds, 0.5) as delay_p50,
    quantile_cont(delay_seconds, 0.95) as delay_p95,
    max(c.first_hook_at) as last_hook_at
from counted c
left join projects p on p.id = c.project_id
group by all
