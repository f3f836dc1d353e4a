-- One row per repository that a sync has looked at: how fresh each part of it is, and what could not be read.
-- read_at is when its least fresh part was last read completely; null while one of them never was.
-- deleted_at is when GitLab told that it is gone (null while it is there): what was read of it stays.
-- problems counts parts that could not be read the last time they were asked for.
with passes as (
    select source, project_id, count(*) as parts,
           case when count(*) = count(completed_at) then min(completed_at) end as read_at,
           max(completed_at) as touched_at,
           count(*) filter (position is not null) as under_way,
           min(since) as since
    from bookkeeping.passes where coalesce(project_id, 0) <> 0 group by all
), troubled as (
    select source, project_id, any_value(project) as project, count(*) as problems, max(last_at) as last_problem_at,
           string_agg(resource || ': ' || message, '; ' order by resource) as message
    from bookkeeping.problems group by all
)
select coalesce(k.source, t.source) as source, coalesce(k.project_id, t.project_id) as project_id,
       coalesce(p.path_with_namespace, t.project) as path_with_namespace, p.namespace, coalesce(p.archived, false) as archived,
       p.deleted_at,
       k.read_at, k.touched_at, coalesce(k.under_way, 0) as under_way, k.since,
       coalesce(t.problems, 0) as problems, t.message, t.last_problem_at
from passes k
full join troubled t on t.source = k.source and t.project_id = k.project_id
left join projects p on p.id = coalesce(k.project_id, t.project_id)
