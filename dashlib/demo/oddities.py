"""The jobs a loader trips over: nulls, a failure reason from the future, and logs that are no plain text files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dashlib.demo.model import Job, Project

# trace kinds besides "normal": see logs/__init__.py
TRACES = ("empty", "missing", "huge", "redirect", "bad_utf8", "cut_utf8", "plain")


def _last(jobs: list[Job], fits: Callable[[Job], bool]) -> list[Job]:
    return [job for job in reversed(jobs) if fits(job) and job.trace == "normal"][:1]


def plant(projects: list[Project], end: datetime) -> None:
    """Changes a few jobs of push pipelines so that every oddity of GITLAB.md 9 exists; stories stay as told."""
    jobs = [
        job
        for project in projects
        for pipeline in project.pipelines
        for job in pipeline.jobs
        if pipeline.source == "push" and job.finished_at and job.finished_at <= end
    ]
    jobs.sort(key=lambda job: (job.created_at, job.project.id))
    for kind in TRACES:
        for job in _last(jobs, lambda job: job.status == "failed" and job.cause is not None):
            job.trace = kind
    for job in _last(jobs, lambda job: job.status == "success"):
        job.trace = "huge"
    for job in _last(jobs, lambda job: job.status == "failed"):
        job.failure_reason, job.cause, job.trace = "quantum_decoherence_failure", "quantum", "odd"
    for job in _last(jobs, lambda job: job.status == "failed"):
        job.failure_reason, job.cause, job.trace = "stuck_or_timeout_failure", "stuck", "empty"
        job.runner, job.started_at, job.queued = None, None, None
    for number, job in enumerate(jobs):
        if number % 211 == 7:
            job.user = None
        if number % 307 == 11:
            job.no_commit = True
        if number % 401 == 13:
            job.runner = None
