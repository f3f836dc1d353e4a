-- One row per source that ever posted: what its deliveries came to, how late they were shaped, what they weigh.
-- waiting ones are stored and not yet in the tables; failed ones are kept with their error until replay mends them; of
-- these, defects are the dashboard's own, the others could not be read as their sender wrote them. kept ones are of kinds that no table is made for; ignored ones of projects that are not chosen. bytes are the bodies as they
-- came; on disk they take about a tenth of that.
select source,
       count(*) as deliveries,
       min(received_at) as first_received_at,
       max(received_at) as last_received_at,
       count(*) filter (status = 'shaped') as shaped,
       count(*) filter (status = 'kept') as kept,
       count(*) filter (status = 'ignored') as ignored,
       count(*) filter (status = 'failed') as failed,
       count(*) filter (status = 'received') as waiting,
       count(*) filter (status = 'failed' and of_ours) as defects,
       arg_max(error, id) filter (status = 'failed') as last_error,
       arg_max(error, id) filter (status = 'failed' and of_ours) as last_defect,
       arg_max(error, id) filter (status = 'failed' and not of_ours) as last_unreadable,
       quantile_cont(epoch(shaped_at - received_at), 0.95) filter (status <> 'received') as shaped_p95_seconds,
       sum(bytes) as bytes
from (
    select *, coalesce(
        starts_with(error, 'a defect of the dashboard') or starts_with(error, 'its rows could not be written'), false
    ) as of_ours
    from deliveries
)
group by source
