"""What is known of a failure when its issue is written: its jobs, since when, the commits between pass and failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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


PICKED = """
select job_name, path_with_namespace, job_web_url, failed_at, project_id, job_id
from job_failures
where (project_id, job_id) in (select (unnest($projects::bigint[]), unnest($jobs::bigint[])))
order by failed_at desc, job_id desc
"""


def facts_of_many(connection: duckdb.DuckDBPyConnection, failed: Sequence[tuple[int, int]]) -> Facts | None:
    """The Facts of the first of several failed jobs (project, job), with the links of all of them."""
    known = facts(connection, *failed[0])
    if known is None:
        return None
    asked = {"projects": [project for project, _ in failed], "jobs": [job for _, job in failed]}
    seen = ask(connection, PICKED, Filters(), **asked)
    moments = [moment for value in seen["failed_at"] if (moment := _moment(value)) is not None]
    return replace(
        known,
        count=len(failed),
        since=min(moments, default=known.since),
        jobs=tuple(
            (str(one.job_name), str(one.path_with_namespace), _text(one.job_web_url), _moment(one.failed_at))
            for one in seen.itertuples()
        ),
        picked=tuple(failed),
    )


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
        reason=_text(row["reason"]) or f"GitLab says: {str(row['failure_reason'] or 'nothing').replace('_', ' ')}",
        job_name=str(row["job_name"]),
        path=str(row["path_with_namespace"]),
        # Without lines the column is null, which pandas tells as None or as NA.
        lines=tuple(str(line["text"]) for line in (row["lines"] if pd.api.types.is_list_like(row["lines"]) else [])),
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
