-- Which jobs take longest, and how long do they wait for a runner?
select p.path_with_namespace as repository, j.name as job_name, count(*) as runs,
       round(quantile_cont(j.duration, 0.5) / 60, 1) as minutes_p50,
       round(quantile_cont(j.duration, 0.95) / 60, 1) as minutes_p95,
       round(quantile_cont(j.queued_duration, 0.95)) as seconds_queued_p95
from jobs j
join projects p on p.id = j.project_id
where j.status = 'success' and j.duration is not null
group by all
having runs >= 3
order by minutes_p95 desc
limit 25
