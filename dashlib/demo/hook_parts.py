"""The parts webhook bodies share: user, project, commit, runner, build (GITLAB.md 6.3, 6.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from dashlib.demo.model import Commit, Job, Project, User
from dashlib.demo.render_base import stamp

Style = Literal["event", "test"]
Body = dict[str, Any]
_VISIBILITY = {"private": 0, "internal": 10, "public": 20}


class HookParts:
    """What the bodies have in common, for one base URL.

    `style` "event" writes `2026-01-02 03:04:05 UTC`, "test" ISO (GITLAB.md 6.3).
    """

    def __init__(self, base_url: str, style: Style = "event") -> None:
        self.base, self.style = base_url, style

    def time(self, moment: datetime | None) -> str | None:
        """A time in the style of this sender."""
        if moment is None or self.style == "test":
            return stamp(moment)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

    def user(self, user: User) -> Body:
        """The user part; no e-mail without a public one."""
        avatar = f"{self.base}/uploads/-/system/user/avatar/{user.id}/avatar.png"
        return {
            "id": user.id,
            "name": user.name,
            "username": user.username,
            "avatar_url": avatar,
            "email": user.public_email or "[REDACTED]",
        }

    def project(self, project: Project) -> Body:
        """The project part."""
        url, ssh = f"{self.base}/{project.path}", f"git@gitlab.ostrelune.example:{project.path}.git"
        return {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "web_url": url,
            "avatar_url": None,
            "git_ssh_url": ssh,
            "git_http_url": f"{url}.git",
            "namespace": project.namespace.rpartition("/")[2].title(),
            "visibility_level": _VISIBILITY[project.visibility],
            "path_with_namespace": project.path,
            "default_branch": project.default_branch,
            "ci_config_path": "",
            "homepage": url,
            "url": ssh,
            "ssh_url": ssh,
            "http_url": f"{url}.git",
        }

    def repository(self, project: Project) -> Body:
        """The deprecated repository part."""
        row = self.project(project)
        return {
            "name": project.name,
            "url": row["git_ssh_url"],
            "description": project.description,
            "homepage": row["web_url"],
            "git_http_url": row["git_http_url"],
            "git_ssh_url": row["git_ssh_url"],
            "visibility_level": row["visibility_level"],
        }

    def commit(self, commit: Commit, project: Project) -> Body:
        """A commit; its time keeps the author's zone in both styles."""
        return {
            "id": commit.id,
            "message": commit.message,
            "title": commit.title,
            "timestamp": commit.committed.isoformat(timespec="seconds"),
            "url": f"{self.base}/{project.path}/-/commit/{commit.id}",
            "author": {"name": commit.author_name, "email": commit.author_email},
        }

    def runner(self, job: Job) -> Body | None:
        """The runner of a build, None before one took it."""
        if job.runner is None:
            return None
        return {
            "id": 300 + job.runner,
            "description": f"hall-{job.runner % 3 + 1}-runner-{job.runner}",
            "active": True,
            "runner_type": "instance_type" if job.runner < 4 else "group_type",
            "is_shared": job.runner < 4,
            "tags": ["docker"],
        }

    def build(self, job: Job) -> Body:
        """A job as pipeline bodies show it."""
        return {
            "id": job.id,
            "stage": job.stage,
            "name": job.name,
            "status": job.status,
            "created_at": self.time(job.created_at),
            "started_at": self.time(job.started_at),
            "finished_at": self.time(job.finished_at),
            "duration": job.duration,
            "queued_duration": job.queued,
            "failure_reason": job.failure_reason,
            "when": "manual" if job.manual else "on_success",
            "manual": job.manual,
            "allow_failure": job.allow_failure,
            "user": None if job.user is None else self.user(job.user),
            "runner": self.runner(job),
            "artifacts_file": {"filename": None, "size": None},
            "environment": None,
        }

    def label(self, name: str) -> Body:
        """A label of an issue."""
        return {"id": 700 + len(name), "title": name, "color": "#6699cc", "type": "GroupLabel"}
