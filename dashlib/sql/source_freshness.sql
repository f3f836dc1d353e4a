-- One row per source that was ever loaded: when last, how it went, what it cost.
-- A load without an end is under way, or was killed: only the running program knows which.
-- last_calls, last_rows and last_error are those of the newest load that has an end.
-- last_success_at is the end of the newest load that came to its end; errors of single repositories do not undo it.
with runs as (
    select source,
           max(finished_at) filter (complete) as last_success_at,
           max(started_at) as last_started_at,
           arg_max(finished_at, started_at) as last_finished_at,
           coalesce(arg_max(calls, started_at) filter (finished_at is not null), 0) as last_calls,
           coalesce(arg_max(rows, started_at) filter (finished_at is not null), 0) as last_rows,
           arg_max(error, started_at) filter (finished_at is not null) as last_error,
           count(*) as loads, sum(calls) as calls, sum(rows) as rows
    from loads group by source
), troubled as (
    select source, count(*) as problems, count(distinct project_id) as projects_with_problems
    from bookkeeping.problems group by source
)
select r.*, coalesce(t.problems, 0) as problems, coalesce(t.projects_with_problems, 0) as projects_with_problems
from runs r left join troubled t using (source)
