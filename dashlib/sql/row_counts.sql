-- One row per table: how many rows it holds, and the newest moment that they tell of.
select 'projects' as name, count(*) as rows, max(last_activity_at) as newest_at from projects
union all select 'users', count(*), max(seen_on)::timestamp from users
union all select 'members', count(*), max(created_at) from members
union all select 'schedules', count(*), max(updated_at) from schedules
union all select 'pipelines', count(*), max(created_at) from pipelines
union all select 'jobs', count(*), max(created_at) from jobs
union all select 'traces', count(*), null from traces
union all select 'commits', count(*), max(committed_at) from commits
union all select 'issues', count(*), max(updated_at) from issues
union all select 'merge_requests', count(*), max(updated_at) from merge_requests
union all select 'events', count(*), max(created_at) from events
union all select 'signals', count(*), max(coalesce(seen_at, ended_at, started_at)) from signals
union all select 'deliveries', count(*), max(received_at) from deliveries
