"""The two logs between which the versions of a failed nightly job may have changed: of a pass before, and of now."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

MOST = 1_000_000
"""Bytes of all logs together that are read for the boxes of a night (a fifth of a second, once); a failure's page
reads any log."""

# One green log is kept per name of a job: of its nightly's last pass where there is one (sync/steps/green_logs.py).
STORED = """
with nightly as materialized (
    from nightly_pipelines
), wanted as (
    select failure, split_part(failure, '-', 1)::bigint as project_id, split_part(failure, '-', 2)::bigint as job_id
    from (select unnest($failures::varchar[]) as failure)
)
select w.failure, g.job_id as passed_job_id, g.bytes as before_bytes, t.bytes as after_bytes,
       case when m.pipeline_id is null then 'no nightly'
            when n.pipeline_id is null or m.schedule_id is distinct from n.schedule_id
                or m.trigger_name is distinct from n.trigger_name then 'another nightly' end as strange
from wanted w
join jobs j on j.project_id = w.project_id and j.id = w.job_id
join bookkeeping.green_logs g on g.project_id = j.project_id and g.job_name = j.name
join jobs p
    on p.project_id = g.project_id and p.id = g.job_id
    and p.finished_at < coalesce(j.finished_at, j.started_at, j.created_at)
join traces t on t.project_id = w.project_id and t.job_id = w.job_id
left join nightly n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
left join nightly m on m.project_id = p.project_id and m.pipeline_id = p.pipeline_id
qualify sum(g.bytes + t.bytes) over (order by g.bytes + t.bytes, w.failure) <= $most
order by w.failure
"""

LOGS = """
select g.text as before, t.text as after
from bookkeeping.green_logs g
join traces t on t.project_id = g.project_id and t.job_id = $job
where g.project_id = $project and g.job_id = $passed
"""


def stored(connection: duckdb.DuckDBPyConnection, filters: Filters, *, failures: tuple[str, ...]) -> pd.DataFrame:
    """One row per failure (``failures`` are keys of failures' pages) of which the log is stored, and one of a pass of
    that job before; the shortest until there is enough to read.

    Columns: failure, passed_job_id (the pass), before_bytes and after_bytes (of the two logs: a longer one was fetched
    again), strange (what the pass was: no nightly, another nightly; null where it was one of the same nightly).
    """
    return ask(connection, STORED, filters, failures=list(failures), most=MOST)


def logs(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, passed: int
) -> pd.DataFrame:
    """One row, the two logs: before (of the pass), after (of the failure); none where one is not stored."""
    return ask(connection, LOGS, filters, project=project, job=job, passed=passed)
