"""Pipelines, jobs and schedules as GitLab's JSON (GITLAB.md 2.3 to 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dashlib.demo.cron import next_fire
from dashlib.demo.dice import hexes
from dashlib.demo.model import Job, Pipeline, Schedule, User
from dashlib.demo.render_base import BaseRenderer, dump, splice, stamp

_LABELS = {"success": "passed", "manual": "blocked", "canceled": "canceled", "failed": "failed"}


class CiRenderer(BaseRenderer):
    """Renders what CI/CD makes; runners are kept."""

    def __init__(self, base_url: str, users: Mapping[int, User]) -> None:
        super().__init__(base_url, users)
        self._runners: dict[int, tuple[str, str]] = {}

    def pipeline_row(self, pipeline: Pipeline) -> dict[str, object]:
        """A pipeline as the list shows it: no duration, no user (GITLAB.md 2.3)."""
        return {
            "id": pipeline.id,
            "iid": pipeline.iid,
            "project_id": pipeline.project.id,
            "sha": pipeline.sha,
            "ref": pipeline.ref,
            "status": pipeline.status,
            "source": pipeline.source,
            "created_at": stamp(pipeline.created_at),
            "updated_at": stamp(pipeline.updated_at),
            "web_url": f"{self.project_url(pipeline.project)}/-/pipelines/{pipeline.id}",
            "name": pipeline.name,
        }

    def pipeline(self, pipeline: Pipeline) -> str:
        """A row of the pipelines list."""
        return dump(self.pipeline_row(pipeline))

    def full_pipeline(self, pipeline: Pipeline) -> str:
        """`GET …/pipelines/:id`."""
        label = pipeline_label(pipeline)
        row = self.pipeline_row(pipeline) | {
            "before_sha": pipeline.before_sha,
            "tag": pipeline.tag,
            "yaml_errors": None,
            "started_at": stamp(pipeline.started_at),
            "finished_at": stamp(pipeline.finished_at),
            "committed_at": None,
            "duration": pipeline.duration,
            "queued_duration": pipeline.queued_duration,
            "coverage": pipeline.coverage,
            "archived": False,
            "detailed_status": {
                "icon": f"status_{pipeline.status}",
                "text": label.title(),
                "label": label,
                "group": pipeline.status,
                "has_details": True,
            },
        }
        return splice(row, user=self.user(pipeline.user))

    def runner(self, number: int | None) -> tuple[str, str]:
        """A runner and its manager; null both for none."""
        if number is None:
            return "null", "null"
        if number not in self._runners:
            name = f"hall-{number % 3 + 1}-runner-{number}"
            common = {"ip_address": f"10.40.{number}.7", "status": "online"}
            runner = {
                "id": 300 + number,
                "description": name,
                "active": True,
                "paused": False,
                "is_shared": number < 4,
                "runner_type": "instance_type" if number < 4 else "group_type",
                "name": "gitlab-runner",
                "online": True,
                **common,
            }
            manager = {
                "id": 900 + number,
                "system_id": f"s_{hexes(12, 'runner', number)}",
                "version": "18.5.0",
                "revision": "bda84871",
                "platform": "linux",
                "architecture": "amd64",
                "created_at": "2026-01-08T08:00:00.000Z",
                "contacted_at": None,
                **common,
            }
            self._runners[number] = dump(runner), dump(manager)
        return self._runners[number]

    def job_row(self, job: Job) -> dict[str, object]:
        """A job's own members; `failure_reason` is there for failed ones only (GITLAB.md 2.5)."""
        pipeline = job.pipeline
        row: dict[str, object] = {
            "id": job.id,
            "status": job.status,
            "stage": job.stage,
            "name": job.name,
            "ref": pipeline.ref,
            "tag": pipeline.tag,
            "coverage": job.coverage,
            "allow_failure": job.allow_failure,
            "created_at": stamp(job.created_at),
            "started_at": stamp(job.started_at),
            "finished_at": stamp(job.finished_at),
            "erased_at": stamp(job.finished_at) if job.trace == "missing" else None,
            "duration": job.duration,
            "queued_duration": job.queued,
            "web_url": f"{self.project_url(job.project)}/-/jobs/{job.id}",
            "source": pipeline.source,
            "archived": False,
            "tag_list": [] if job.bridge else ["docker"],
        }
        if job.failure_reason is not None:
            row["failure_reason"] = job.failure_reason
        return row

    def job(self, job: Job) -> str:
        """A row of a jobs list, which is the same as the job alone."""
        project, pipeline = job.project, job.pipeline
        commit = None if job.no_commit else project.commits.get(pipeline.sha)
        runner, manager = self.runner(job.runner)
        size = 900 + job.id % 7000
        trace = f'[{{"file_type":"trace","size":{size},"filename":"job.log","file_format":null}}]'
        return splice(
            self.job_row(job),
            user=self.user(job.user),
            commit="null" if commit is None else self.commit(commit, project),
            pipeline=dump(self.pipeline_row(pipeline)),
            project='{"ci_job_token_scope_enabled":false}',
            artifacts=trace if job.finished_at else "[]",
            runner=runner,
            runner_manager=manager,
            artifacts_expire_at="null",
        )

    def bridge(self, job: Job) -> str:
        """A trigger job with its downstream pipeline, or null."""
        below = "null" if job.downstream is None else self.pipeline(job.downstream)
        commit = job.project.commits.get(job.pipeline.sha)
        return splice(
            self.job_row(job),
            user=self.user(job.user),
            commit="null" if commit is None else self.commit(commit, job.project),
            pipeline=self.pipeline(job.pipeline),
            downstream_pipeline=below,
        )

    def schedule_row(self, schedule: Schedule, now: datetime) -> dict[str, object]:
        """A schedule as the list shows it."""
        return {
            "id": schedule.id,
            "description": schedule.description,
            "ref": schedule.ref,
            "cron": schedule.cron,
            "cron_timezone": schedule.cron_timezone,
            "next_run_at": stamp(next_fire(schedule.cron, schedule.cron_timezone, now)),
            "active": schedule.active,
            "created_at": stamp(schedule.created_at),
            "updated_at": stamp(schedule.updated_at),
        }

    def schedule(self, schedule: Schedule, now: datetime) -> str:
        """A row of the schedules list: no last_pipeline (GITLAB.md 2.4)."""
        return splice(self.schedule_row(schedule, now), owner=self.user(schedule.owner))

    def full_schedule(self, schedule: Schedule, now: datetime) -> str:
        """`GET …/pipeline_schedules/:id`."""
        last = schedule.pipelines[-1] if schedule.pipelines else None
        short = None if last is None else {"id": last.id, "sha": last.sha, "ref": last.ref, "status": last.status}
        row = self.schedule_row(schedule, now) | {"variables": [], "inputs": []}
        return splice(row, owner=self.user(schedule.owner), last_pipeline=dump(short))


def pipeline_label(pipeline: Pipeline) -> str:
    """The words for a status: `passed`, and `passed with warnings` when a job failed that may."""
    if pipeline.status == "success" and any(job.status == "failed" and not job.retried for job in pipeline.jobs):
        return "passed with warnings"
    return _LABELS.get(pipeline.status, pipeline.status)
