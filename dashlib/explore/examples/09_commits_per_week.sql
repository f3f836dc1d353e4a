-- How many commits did each person make per week?
select date_trunc('week', team_time(committed_at))::date as week, person_name as person, count(*) as commits,
       sum(additions) as added, sum(deletions) as deleted
from commits_by_author
where role = 'author' and not is_merge and not is_bot
group by all
order by week desc, commits desc
