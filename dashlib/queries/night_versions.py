"""The two logs between which the versions of a failed nightly job may have changed: of its last pass, and of now."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

MOST = 1_000_000
"""Bytes of all logs together that are read for the boxes of a night (a fifth of a second, once); a failure's page
reads any log."""

PASSES = """
select f.failure, f.project_id, f.job_id, arg_max(p.job_id, p.night) as passed_job_id
from nightly_job_nights f
join nightly_job_nights p
    on p.project_id = f.project_id and p.schedule_id is not distinct from f.schedule_id
    and p.trigger_name is not distinct from f.trigger_name and p.job_name = f.job_name and p.night < f.night
where list_contains($failures::varchar[], f.failure) and p.state = 'passed'
group by all
order by f.failure
"""

STORED = """
with wanted as (
    select unnest($failures::varchar[]) as failure, unnest($passes::bigint[]) as passed_job_id
)
select w.failure, w.passed_job_id, g.bytes as before_bytes, t.bytes as after_bytes
from wanted w
join bookkeeping.green_logs g
    on g.project_id = split_part(w.failure, '-', 1)::bigint and g.job_id = w.passed_job_id
join traces t
    on t.project_id = g.project_id and t.job_id = split_part(w.failure, '-', 2)::bigint
qualify sum(g.bytes + t.bytes) over (order by g.bytes + t.bytes, w.failure) <= $most
order by w.failure
"""

LOGS = """
select g.text as before, t.text as after
from bookkeeping.green_logs g
join traces t on t.project_id = g.project_id and t.job_id = $job
where g.project_id = $project and g.job_id = $passed
"""


def passes(connection: duckdb.DuckDBPyConnection, filters: Filters, *, failures: tuple[str, ...]) -> pd.DataFrame:
    """One row per failed nightly job (``failures`` are keys of failures' pages) that passed on an earlier night.

    Columns: failure, project_id, job_id, passed_job_id (its last pass before).
    """
    return ask(connection, PASSES, filters, failures=list(failures))


def stored(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, failures: tuple[str, ...], passes: tuple[int, ...]
) -> pd.DataFrame:
    """One row per failure and its last pass of which both logs are stored, the shortest until there is enough to read.

    Columns: failure, passed_job_id, before_bytes and after_bytes (of the two logs: a longer one was fetched again).
    """
    return ask(connection, STORED, filters, failures=list(failures), passes=list(passes), most=MOST)


def logs(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, passed: int
) -> pd.DataFrame:
    """One row, the two logs: before (of the last pass), after (of the failure); none where one is not stored."""
    return ask(connection, LOGS, filters, project=project, job=job, passed=passed)
