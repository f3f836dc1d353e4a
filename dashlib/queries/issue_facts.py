"""What is known of a failure when its issue is written: its jobs, since when, the commits between pass and failure."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from dashlib.failures.issue_draft import Facts
from dashlib.model import Filters
from dashlib.queries.question import ask

# The streak that this failure belongs to: runs of the same job, of the same schedule or of the same ref and source,
# after the last that passed.
STREAK = """
with this as (
    select j.project_id, j.id, j.name, j.kind, b.ref, b.source, b.schedule_id,
           coalesce(j.finished_at, j.started_at, j.created_at) as ended_at
    from jobs j join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
    where j.project_id = $project and j.id = $job
), runs as (
    select j.id, j.status, coalesce(j.sha, b.sha) as sha,
           coalesce(j.finished_at, j.started_at, j.created_at) as ended_at
    from this t
    join pipelines b
        on b.project_id = t.project_id and b.ref is not distinct from t.ref and b.source = t.source
        and b.schedule_id is not distinct from t.schedule_id
    join jobs j
        on j.project_id = b.project_id and j.pipeline_id = b.id and j.name = t.name
        and j.kind is not distinct from t.kind
    where j.status in ('success', 'failed') and coalesce(j.finished_at, j.started_at, j.created_at) <= t.ended_at
), pass as (
    select max(ended_at) as passed_at, arg_max(sha, ended_at) as sha from runs where status = 'success'
), fail as (
    select min(r.ended_at) as failed_at, arg_min(r.sha, r.ended_at) as sha
    from runs r cross join pass p
    where r.status = 'failed' and (p.passed_at is null or r.ended_at > p.passed_at)
)
select p.passed_at, p.sha as passed_sha, f.failed_at, f.sha as failed_sha,
       case when p.sha <> f.sha then web_link(t.web_url) || '/-/compare/' || p.sha || '...' || f.sha end as compare_url
from pass p cross join fail f
join projects t on t.id = $project
"""

# The list of commits tells no branch: those of the repository in that time, the likeliest ones.
COMMITS = """
select left(id, 8) as sha, title
from commits
where project_id = $project and committed_at > $passed_at::timestamp and committed_at <= $failed_at::timestamp
order by committed_at desc, id
limit 10
"""

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
    streak = ask(connection, STREAK, nothing, project=project, job=job)
    between = pd.DataFrame(columns=["sha", "title"])
    passed_at, compare = None, None
    if len(streak) and pd.notna(streak["passed_at"].iloc[0]):
        run = streak.iloc[0]
        passed_at, compare = _moment(run["passed_at"]), _text(run["compare_url"])
        between = ask(
            connection, COMMITS, nothing, project=project, passed_at=passed_at, failed_at=_moment(run["failed_at"])
        )
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
        commits=tuple((str(one.sha), str(one.title)) for one in between.itertuples()),
        passed_at=passed_at,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> Any:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()
