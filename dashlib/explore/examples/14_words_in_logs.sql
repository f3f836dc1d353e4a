-- Which exceptions do the logs of failed jobs name, and how often?
select regexp_extract(t.text, '\b(?:[a-z_]+\.)*([A-Z]\w*(?:Exception|Error))\b', 1) as exception,
       count(*) as logs, count(distinct t.project_id) as repositories, max(j.finished_at) as last_at
from traces t
join jobs j on j.project_id = t.project_id and j.id = t.job_id
where exception <> ''
group by all
order by logs desc, exception
