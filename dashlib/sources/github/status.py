"""GitHub's status and conclusion of a run or job, in the words that the tables use (GitLab's). Pure."""

from __future__ import annotations

_UNDER_WAY = {
    "requested": "created",
    "queued": "pending",
    "pending": "pending",
    "waiting": "waiting_for_resource",
    "in_progress": "running",
}
_ENDED = {
    "success": "success",
    "neutral": "success",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "cancelled": "canceled",
    "stale": "canceled",
    "skipped": "skipped",
    "action_required": "manual",
}
_REASONS = {
    "failure": "script_failure",
    "timed_out": "job_execution_timeout",
    "startup_failure": "runner_system_failure",
}
_SOURCES = {
    "workflow_dispatch": "web",
    "repository_dispatch": "trigger",
    "pull_request": "merge_request_event",
    "pull_request_target": "merge_request_event",
    "workflow_call": "parent_pipeline",
}


def status(said: str | None, conclusion: str | None) -> str | None:
    """The state of a run or job; words of later versions stay as they are (they count as under way)."""
    if said == "completed" or (said is None and conclusion):
        return _ENDED.get(conclusion or "", conclusion)
    return _UNDER_WAY.get(said or "", said)


def failure_reason(conclusion: str | None) -> str | None:
    """GitLab's ``failure_reason`` for a conclusion that is a failure."""
    return _REASONS.get(conclusion or "")


def source(event: str | None) -> str | None:
    """What started a run, in GitLab's words where it has one: ``schedule`` and ``push`` are called alike."""
    return _SOURCES.get(event or "", event)
