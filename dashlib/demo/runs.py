"""Plays one pipeline: its jobs stage by stage, with retries, failures, manual jobs, and a cut at the world's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from dashlib.demo.model import ZERO_SHA, Job, Pipeline, Project, Schedule, User
from dashlib.demo.toolchains import CAUSES, CHILD, Spec

CANCELED = "canceled"
RUNNERS = 9


@dataclass(frozen=True, slots=True)
class Fate:
    """How a job turns out: one cause per attempt (None = it passes, CANCELED = somebody stopped it), and its length."""

    causes: tuple[str | None, ...] = (None,)
    seconds: float | None = None


FINE = Fate()


@dataclass(frozen=True, slots=True)
class Order:
    """What makes a pipeline: where it runs, on which commit, for whom."""

    project: Project
    created_at: datetime
    source: str
    ref: str
    sha: str
    user: User | None
    before_sha: str = ZERO_SHA
    schedule: Schedule | None = None
    slot: datetime | None = None
    tag: bool = False


def _attempt(
    rng: Random, pipeline: Pipeline, spec: Spec, *, fate: Fate, number: int, created: datetime, ready: datetime
) -> Job:
    cause = fate.causes[number]
    queued = round(0.4 + rng.random() ** 3 * 40, 3)
    seconds = fate.seconds or spec.seconds * (0.8 + rng.random() * 0.45)
    if cause is not None and fate.seconds is None:
        seconds *= 0.25 + rng.random() * 0.7
    if cause == "runner_gone":
        seconds, queued = 2.0 + rng.random() * 8, 30 + round(rng.random() * 400, 3)
    if cause == "job_timeout":
        seconds = 3600.0 + rng.random()
    start = max(created, ready) + timedelta(milliseconds=int(queued * 1000))
    failed = cause is not None and cause != CANCELED
    return Job(
        pipeline=pipeline,
        name=spec.name,
        stage=spec.stage,
        status="failed" if failed else "canceled" if cause else "success",
        created_at=created,
        started_at=start,
        finished_at=start + timedelta(milliseconds=int(seconds * 1000)),
        queued=queued,
        allow_failure=spec.allow_failure,
        failure_reason=CAUSES[cause].failure_reason if cause is not None and failed else None,
        cause=cause if failed else None,
        runner=int(rng.random() * RUNNERS),
        user=pipeline.user,
        retried=number + 1 < len(fate.causes),
        coverage=round(61 + rng.random() * 35, 1) if spec.tool in {"pytest", "jest"} and not cause else None,
    )


def _idle(pipeline: Pipeline, spec: Spec, created: datetime, status: str) -> Job:
    waits = status == "manual"
    return Job(
        pipeline, spec.name, spec.stage, status, created, None, None, None, spec.allow_failure or waits, manual=waits
    )


def _stage(
    rng: Random, pipeline: Pipeline, specs: Sequence[Spec], fates: Mapping[str, Fate], ready: datetime
) -> list[Job]:
    played = []
    for spec in specs:
        if spec.manual:
            played.append(_idle(pipeline, spec, pipeline.created_at, "manual"))
        elif spec.bridge:
            played.append(_bridge(rng, pipeline, spec, ready))
        else:
            fate = fates.get(spec.name, FINE)
            created = pipeline.created_at
            for number in range(len(fate.causes)):
                job = _attempt(rng, pipeline, spec, fate=fate, number=number, created=created, ready=ready)
                played.append(job)
                created = ready = (job.finished_at or created) + timedelta(seconds=2 + rng.random() * 5)
    return played


def _bridge(rng: Random, pipeline: Pipeline, spec: Spec, ready: datetime) -> Job:
    start = ready + timedelta(milliseconds=int(300 + rng.random() * 900))
    job = Job(
        pipeline,
        spec.name,
        spec.stage,
        "success",
        pipeline.created_at,
        start,
        start + timedelta(seconds=1),
        0.3,
        spec.allow_failure,
        user=pipeline.user,
        bridge=True,
    )
    order = Order(
        pipeline.project, start, "parent_pipeline", pipeline.ref, pipeline.sha, pipeline.user, pipeline.before_sha
    )
    job.downstream = play(rng, order, CHILD, {})
    job.downstream.parent = job
    return job


def is_broken(job: Job) -> bool:
    """Whether a job stops its pipeline: it ended badly, may not, and was not retried."""
    return job.status in {"failed", "canceled"} and not job.allow_failure and not job.retried


def play(rng: Random, order: Order, specs: Sequence[Spec], fates: Mapping[str, Fate]) -> Pipeline:
    """The finished pipeline of an order; jobs without a fate pass. Ids are given later, by the world."""
    pipeline = Pipeline(
        order.project,
        order.sha,
        order.ref,
        order.source,
        "success",
        order.created_at,
        order.created_at,
        None,
        None,
        None,
        None,
        order.user,
        order.before_sha,
        order.tag,
        schedule=order.schedule,
        slot=order.slot,
    )
    ready, broken = order.created_at + timedelta(milliseconds=900), False
    for _stage_name, group in groupby(specs, key=lambda spec: spec.stage):
        if broken:
            jobs = [_idle(pipeline, spec, order.created_at, "skipped") for spec in group]
        else:
            jobs = _stage(rng, pipeline, list(group), fates, ready)
            ready = max([ready, *(job.finished_at for job in jobs if job.finished_at)])
            broken = any(is_broken(job) for job in jobs)
        for job in jobs:
            (pipeline.bridges if job.bridge else pipeline.jobs).append(job)
    settle(pipeline)
    return pipeline


def settle(pipeline: Pipeline) -> None:
    """Sets a pipeline's status and times from its jobs, all of which have ended."""
    ran = [job for job in (*pipeline.jobs, *pipeline.bridges) if job.started_at]
    bad = {job.status for job in ran if is_broken(job)}
    pipeline.status = "failed" if "failed" in bad else "canceled" if bad else "success"
    starts = [job.started_at for job in ran if job.started_at]
    ends = [job.finished_at for job in ran if job.finished_at]
    if starts and ends:
        pipeline.started_at, pipeline.finished_at = min(starts), max(ends) + timedelta(milliseconds=240)
        pipeline.duration = _busy_seconds(pipeline)
        pipeline.queued_duration = int((pipeline.started_at - pipeline.created_at).total_seconds())
        pipeline.updated_at = pipeline.finished_at + timedelta(milliseconds=11)
    covered = [job.coverage for job in pipeline.jobs if job.coverage is not None]
    pipeline.coverage = f"{covered[-1]:.1f}" if covered else None


def _busy_seconds(pipeline: Pipeline) -> int:
    """GitLab's duration: the time in which at least one job ran, without waiting and retried attempts."""
    latest = [job for job in pipeline.jobs if not job.retried]
    spans = sorted((job.started_at, job.finished_at) for job in latest if job.started_at and job.finished_at)
    busy, until = timedelta(), None
    for start, end in spans:
        begin = start if until is None else max(start, until)
        busy += max(timedelta(), end - begin)
        until = end if until is None else max(until, end)
    return int(busy.total_seconds())


def cut(pipeline: Pipeline, now: datetime) -> None:
    """Takes back what has not happened yet at `now`: jobs run, wait or are not created, and remember their plan."""
    if pipeline.finished_at is None or pipeline.finished_at <= now:
        return
    pipeline.jobs = [job for job in pipeline.jobs if job.created_at <= now]
    pipeline.bridges = [job for job in pipeline.bridges if job.started_at and job.started_at <= now]
    for job in pipeline.jobs:
        job.retried = job.retried and any(
            other.name == job.name and other.created_at > job.created_at for other in pipeline.jobs
        )
        if job.status in {"manual", "skipped"}:
            job.status = "manual" if job.status == "manual" else "created"
        elif job.finished_at and job.finished_at > now:
            _postpone(job, now)
    starts = [job.started_at for job in pipeline.jobs if job.started_at]
    pipeline.started_at = min(starts) if starts else None
    pipeline.status = "running" if starts else "pending"
    pipeline.finished_at = pipeline.duration = pipeline.coverage = None
    moments = [job.finished_at for job in pipeline.jobs if job.finished_at]
    pipeline.updated_at = max([pipeline.created_at, *starts, *moments])


def _postpone(job: Job, now: datetime) -> None:
    job.planned = (job.status, job.cause, job.duration or 1.0)
    job.finished_at = job.failure_reason = job.cause = job.coverage = None
    if job.started_at and job.started_at <= now:
        job.status = "running"
        return
    began = job.started_at and job.started_at - timedelta(seconds=job.queued or 0) <= now
    job.status = "pending" if began else "created"
    job.started_at = job.queued = job.runner = None
