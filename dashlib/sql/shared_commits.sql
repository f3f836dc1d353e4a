-- One row per commit that stands in more than one repository (forks): how many.
select id as commit_id, count(*) as repositories from commits group by id having count(*) > 1
