"""Whole rows for tests that do not care what is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashlib.sources.tables import JOBS, PIPELINES

AT = datetime(2026, 3, 1, 2)


def trace(job_id: int, text: Any = "hello", **other: Any) -> dict[str, Any]:
    """A row of ``traces``: small, versioned by its size."""
    row = {
        "project_id": 1,
        "job_id": job_id,
        "bytes": len(text),
        "complete": True,
        "omitted_bytes": 0,
        "omitted_lines": 0,
    }
    return row | {"text": text} | other


def job(job_id: int, **other: Any) -> dict[str, Any]:
    """A row of ``jobs`` with its state."""
    row = {"project_id": 1, "id": job_id, "pipeline_id": 1, "kind": "build", "name": "test", "changed_at": AT}
    return dict.fromkeys(JOBS.groups["state"].columns) | row | other


def pipeline(pipeline_id: int, **other: Any) -> dict[str, Any]:
    """A row of ``pipelines`` with its state."""
    row = {"project_id": 1, "id": pipeline_id, "status": "success", "updated_at": AT}
    return dict.fromkeys(PIPELINES.groups["state"].columns) | row | other
