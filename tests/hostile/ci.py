"""Pipelines, jobs, logs and schedules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.hostile.filters import between, by_id, parsed
from tests.hostile.pages import KEYSET_OFF, Pages
from tests.hostile.wire import Answer, Asked, as_json
from tests.hostile.world import Job, Json, Pipeline, Repo, Schedule, iso


@dataclass
class CI(Pages):
    """What ``.gitlab-ci.yml`` makes happen."""

    def _pipelines(self, asked: Asked, repo: Repo) -> Answer:
        wanted = asked.one("source")
        found = [p for p in repo.pipelines if p.source == wanted or (wanted is None and p.source != "parent_pipeline")]
        for name, field_of in (("updated", "updated_at"), ("created", "created_at")):
            found = [p for p in found if between(asked, name, getattr(p, field_of))]
        for name in ("status", "ref", "sha"):
            if (value := asked.one(name)) is not None:
                found = [p for p in found if getattr(p, name) == value]
        order = asked.one("order_by", "id")
        found.sort(
            key=lambda p: (p.updated_at, p.id) if order == "updated_at" else (p.id,),
            reverse=asked.one("sort", "desc") != "asc",
        )
        return self._list(asked, found, render=lambda p: self._pipeline(repo, p))

    def _pipeline(self, repo: Repo, p: Pipeline) -> Json:
        return {
            "id": p.id,
            "iid": p.iid,
            "project_id": repo.id,
            "sha": p.sha,
            "ref": p.ref,
            "status": p.status,
            "source": p.source,
            "created_at": iso(p.created_at, repo.style),
            "updated_at": iso(p.updated_at, repo.style),
            "web_url": f"{repo.web_url}/-/pipelines/{p.id}",
            "name": p.name,
        }

    def _one_pipeline(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        p = by_id(repo.pipelines, ident)
        if p is None:
            return as_json({"message": "404 Not found"}, 404)
        jobs = [j for j in repo.jobs_of(p) if not j.bridge]
        started = min((j.started_at for j in jobs if j.started_at), default=None)
        ended = max((j.finished_at for j in jobs if j.finished_at), default=None) if _over(p.status) else None
        made = self._pipeline(repo, p) | {
            "before_sha": "0" * 40,
            "tag": p.tag,
            "yaml_errors": p.yaml_errors,
            "user": self.world.user(p.user),
            "started_at": iso(started, repo.style),
            "finished_at": iso(ended, repo.style),
            "committed_at": None,
            "duration": int((ended - started).total_seconds()) if started and ended else None,
            "queued_duration": 3,
            "coverage": "87.5",
            "detailed_status": {"text": p.status, "label": p.status, "group": p.status},
        }
        return as_json(self._dress(made))

    def _pipeline_jobs(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        p = by_id(repo.pipelines, ident)
        if p is None:
            return as_json({"message": "404 Not found"}, 404)
        found = [j for j in repo.jobs_of(p) if not j.bridge]
        if (asked.one("include_retried") or "").lower() not in ("true", "1"):
            found = [j for j in found if not repo.retried(j)]
        return self._list(asked, [self._job(repo, j) for j in _scoped(asked, found)], total=False)

    def _bridges(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        p = by_id(repo.pipelines, ident)
        if p is None:
            return as_json({"message": "404 Not found"}, 404)
        made = []
        for job in repo.jobs_of(p):
            if job.bridge:
                made.append(self._job(repo, job) | {"downstream_pipeline": self._downstream(job)})
        return self._list(asked, made, total=False)

    def _downstream(self, job: Job) -> Json | None:
        """Of whatever project; GITLAB.md 2.5 names these fields and no project_id."""
        for repo in self.world.repos.values():
            if (found := by_id(repo.pipelines, str(job.downstream))) is not None:
                names = {"id", "sha", "ref", "status", "created_at", "updated_at", "web_url"}
                if self.dialect.downstream_project:
                    names.add("project_id")
                return {name: value for name, value in self._pipeline(repo, found).items() if name in names}
        return None

    def _jobs(self, asked: Asked, repo: Repo) -> Answer:
        found = _scoped(asked, [j for j in repo.jobs if not j.bridge])

        def render(job: Job) -> Json:
            return self._job(repo, job)

        if asked.one("pagination") == "keyset" and self.dialect.keyset != "ignored":
            if self.dialect.keyset == "405":
                return as_json(KEYSET_OFF, 405)
            return self._keyset(asked, found, "cursor", render)
        found.sort(key=lambda item: item.id, reverse=asked.one("sort", "desc") != "asc")
        return self._list(asked, found, total=False, render=render)

    def _one_job(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        job = by_id(repo.jobs, ident)
        return as_json(self._dress(self._job(repo, job))) if job else as_json({"message": "404 Not found"}, 404)

    def _job(self, repo: Repo, j: Job) -> Json:
        span = (j.finished_at - j.started_at).total_seconds() if j.started_at and j.finished_at else None
        made: Json = {
            "id": j.id,
            "status": j.status,
            "stage": j.stage,
            "name": j.name,
            "ref": j.pipeline.ref,
            "tag": j.pipeline.tag,
            "coverage": None,
            "allow_failure": j.allow_failure,
            "created_at": iso(j.created_at, repo.style),
            "started_at": iso(j.started_at, repo.style),
            "finished_at": iso(j.finished_at, repo.style),
            "erased_at": None,
            "duration": span,
            "queued_duration": (j.started_at - j.created_at).total_seconds() if j.started_at else None,
            "user": self.world.user(j.user),
            "commit": None if j.id % 3 == 0 else {"id": j.pipeline.sha, "short_id": j.pipeline.sha[:8], "title": "x"},
            "pipeline": {
                k: v
                for k, v in self._pipeline(repo, j.pipeline).items()
                if k in ("id", "project_id", "ref", "sha", "status")
            },
            "web_url": f"{repo.web_url}/-/jobs/{j.id}",
            "artifacts": [],
            "tag_list": None if j.id % 5 == 0 else ["docker"],
            "runner": {"id": j.runner, "description": "r", "runner_type": "instance_type"} if j.runner else None,
            "runner_manager": None,
        }
        if j.status == "failed":
            made["failure_reason"] = j.failure_reason
        elif j.id % 2:
            made["failure_reason"] = None
        return made

    def _trace(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        job = by_id(repo.jobs, ident)
        body = repo.traces.get(job.id) if job else None
        if job is None or body is None:
            return as_json({"message": "404 Job not found or no log file"}, 404)
        if self.dialect.trace_elsewhere:
            return Answer(
                302, b"", {"Location": f"{self.dialect.trace_elsewhere}/bucket/{repo.id}/{job.id}?sig=1"}, "text/html"
            )
        return Answer(200, body, {"Content-Disposition": f'infile; filename="{job.id}.log"'}, "text/plain")

    def _schedules(self, asked: Asked, repo: Repo) -> Answer:
        found = [
            s
            for s in repo.schedules
            if {"active": s.active, "inactive": not s.active}.get(asked.one("scope") or "", True)
        ]
        return self._list(asked, [self._schedule(repo, s) for s in found])

    def _schedule(self, repo: Repo, s: Schedule) -> Json:
        return {
            "id": s.id,
            "description": s.description,
            "ref": f"refs/heads/{s.ref}" if self.dialect.long_refs else s.ref,
            "cron": s.cron,
            "cron_timezone": s.zone,
            "next_run_at": iso(self.world.now + timedelta(hours=9), repo.style),
            "active": s.active,
            "created_at": iso(s.created_at, repo.style),
            "updated_at": iso(s.created_at, repo.style),
            "owner": self.world.user(s.owner),
        }

    def _one_schedule(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        s = by_id(repo.schedules, ident)
        if s is None:
            return as_json({"message": "404 Pipeline schedule Not Found"}, 404)
        runs = [p for p in repo.pipelines if p.schedule == s.id]
        last = self._pipeline(repo, max(runs, key=lambda p: p.id)) if runs else None
        return as_json(self._dress(self._schedule(repo, s) | {"last_pipeline": last, "variables": [], "inputs": []}))

    def _schedule_pipelines(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        s = by_id(repo.schedules, ident)
        if s is None:
            return as_json({"message": "404 Pipeline schedule Not Found"}, 404)
        runs: list[Json] = [
            self._pipeline(repo, p) | {"source": self.dialect.schedule_source}
            for p in repo.pipelines
            if p.schedule == s.id
        ]
        born = self.world.now - timedelta(days=4000)
        old: list[Json] = [
            {"id": n + 1, "iid": n, "project_id": repo.id, "sha": f"{n:040x}", "ref": s.ref, "status": "success"}
            | {"source": self.dialect.schedule_source, "web_url": "x", "name": None}
            | dict.fromkeys(("created_at", "updated_at"), iso(born + timedelta(hours=n), repo.style))
            for n in range(s.old_runs)
        ]
        found = sorted(old + runs, key=lambda item: item["id"])
        if self.dialect.schedule_params:
            created = {item["id"]: parsed(item["created_at"]) for item in found}
            found = [item for item in found if between(asked, "created", created[item["id"]])]
            if asked.one("sort") == "desc":
                found.reverse()
        elif self.dialect.schedule_order == "desc":
            found.reverse()
        elif self.dialect.schedule_order == "shuffled":
            found.sort(key=lambda item: (item["id"] * 2654435761) % 2**32)
        return self._list(asked, found)


def _over(status: str) -> bool:
    return status in ("success", "failed", "canceled", "skipped")


def _scoped(asked: Asked, jobs: list[Job]) -> list[Job]:
    wanted = asked.query.get("scope[]") or asked.query.get("scope")
    return [j for j in reversed(jobs) if not wanted or j.status in wanted]
