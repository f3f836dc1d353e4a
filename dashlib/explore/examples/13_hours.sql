-- At which hours of the day do pipelines fail?
select extract(hour from team_time(created_at)) as hour, source, count(*) as runs,
       count(*) filter (status = 'failed') as failed, round(100 * failed / runs, 1) as failed_percent
from pipelines
where source in ('push', 'schedule', 'merge_request_event', 'web')
group by all
order by hour, source
