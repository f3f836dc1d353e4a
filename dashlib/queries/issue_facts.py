"""What is known of a failure when its issue is written: its jobs, since when, the commits between pass and failure."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from dashlib.failures.issue_draft import Facts
from dashlib.model import Filters
from dashlib.queries import what_changed
from dashlib.queries.question import ask

PASSED_AT = """
select coalesce(finished_at, started_at, created_at) as passed_at from jobs where project_id = $project and id = $job
"""
_MOST_COMMITS = 10

OCCURRENCES = """
with this as (select signature from job_failures where project_id = $project and job_id = $job)
select f.job_name, f.path_with_namespace, f.job_web_url, f.failed_at,
       count(*) over () as count, min(f.first_seen_at) over () as first_seen_at
from job_failures f
join this t on f.signature = t.signature or (f.project_id = $project and f.job_id = $job)
order by f.failed_at desc, f.job_id desc
limit 10
"""

OF_ONE = """
select reason, failure_reason, job_name, path_with_namespace, category, signature, lines, failed_at
from job_failures where project_id = $project and job_id = $job
"""


def facts(connection: duckdb.DuckDBPyConnection, project: int, job: int) -> Facts | None:
    """The Facts of a failed job; None where it is not stored as one."""
    nothing = Filters()
    one = ask(connection, OF_ONE, nothing, project=project, job=job)
    if one.empty:
        return None
    row = one.iloc[0]
    seen = ask(connection, OCCURRENCES, nothing, project=project, job=job)
    passed_at, compare, commits = _changed(connection, project, job)
    since = [_moment(value) for value in (seen["first_seen_at"].iloc[0] if len(seen) else None, row["failed_at"])]
    return Facts(
        reason=_text(row["reason"]) or f"GitLab says: {row['failure_reason'] or 'nothing'}",
        job_name=str(row["job_name"]),
        path=str(row["path_with_namespace"]),
        lines=tuple(str(line["text"]) for line in (row["lines"] if row["lines"] is not None else [])),
        category=str(row["category"]),
        signature=_text(row["signature"]),
        project_id=project,
        job_id=job,
        count=int(seen["count"].iloc[0]) if len(seen) else 1,
        since=next((moment for moment in since if moment is not None), None),
        jobs=tuple(
            (str(one.job_name), str(one.path_with_namespace), _text(one.job_web_url), _moment(one.failed_at))
            for one in seen.itertuples()
        ),
        compare_url=compare,
        commits=commits,
        passed_at=passed_at,
    )


def _changed(
    connection: duckdb.DuckDBPyConnection, project: int, job: int
) -> tuple[Any, str | None, tuple[tuple[str, str], ...]]:
    """When it last passed (UTC), GitLab's comparison and the commits between, as "What changed" on the page says."""
    nothing = Filters()
    runs = what_changed.between(connection, nothing, project=project, job=job)
    if runs.empty or pd.isna(runs["good_job_id"].iloc[0]):
        return None, None, ()
    run = runs.iloc[0]
    passed = ask(connection, PASSED_AT, nothing, project=project, job=int(run["good_job_id"]))
    commits = what_changed.commits(connection, nothing, project=project, job=job, rows=_MOST_COMMITS)
    told = tuple((str(one.sha), _text(one.title) or "") for one in commits.itertuples())
    return _moment(passed["passed_at"].iloc[0]), _text(run["compare_url"]), told


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> Any:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()
