"""Failed jobs by hand, as a decision sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashlib.failures.decisions import Failure
from tests.queries.build import MIDNIGHT, Builder


def failed(
    built: Builder, signature: str | None, project: int = 1, name: str = "unit", at: datetime = MIDNIGHT, **values: Any
) -> Failure:
    """A failed job of a nightly and what its analysis came to."""
    run = built.pipeline(at, "failed", project, schedule_id=6 + project)
    job = built.job(run, name, "failed", at, project, finished_at=at)
    built.failure(job, signature, project, **values)
    return Failure(project, job, signature, values.get("category", "unknown"))


def links(built: Builder) -> dict[int, tuple[Any, ...]]:
    """Job → (issue's project, issue, who has it, linked by) of every failed job."""
    found = built.rows("select job_id, issue_project_id, issue_iid, assignee, linked_by from job_failures")
    return {
        row["job_id"]: (row["issue_project_id"], row["issue_iid"], row["assignee"], row["linked_by"]) for row in found
    }
