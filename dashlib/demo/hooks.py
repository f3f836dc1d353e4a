"""The bodies of webhooks as GitLab sends them, from world objects (GITLAB.md 6.4); sender.py delivers them."""

from __future__ import annotations

from collections.abc import Sequence

from dashlib.demo.hook_parts import Body, HookParts
from dashlib.demo.model import ZERO_SHA, Commit, Issue, Job, MergeRequest, Note, Pipeline, Project, User
from dashlib.demo.render_base import stamp
from dashlib.demo.render_ci import pipeline_label

_COMMITS_SENT = 20


class Hooks(HookParts):
    """Builds bodies for one base URL."""

    def push(
        self,
        project: Project,
        user: User,
        ref: str,
        *,
        before: str | None,
        after: str | None,
        commits: Sequence[Commit] = (),
    ) -> Body:
        """A push: `commits` oldest first, all of them; the newest 20 are sent. `ref` in full, tags give a tag_push."""
        kind = "tag_push" if ref.startswith("refs/tags/") else "push"
        files: Body = {"added": [], "removed": []}
        return {
            "object_kind": kind,
            "event_name": kind,
            "before": before or ZERO_SHA,
            "after": after or ZERO_SHA,
            "ref": ref,
            "ref_protected": ref == f"refs/heads/{project.default_branch}",
            "checkout_sha": after,
            "message": None,
            "user_id": user.id,
            "user_name": user.name,
            "user_username": user.username,
            "user_email": user.public_email or "",
            "user_avatar": self.user(user)["avatar_url"],
            "project_id": project.id,
            "project": self.project(project),
            "commits": [
                {**self.commit(each, project), **files, "modified": list(each.files)}
                for each in commits[-_COMMITS_SENT:]
            ],
            "total_commits_count": len(commits),
            "push_options": {},
            "repository": self.repository(project),
        }

    def pipeline(self, pipeline: Pipeline) -> Body:
        """A pipeline with the latest attempt of each job; trigger jobs are left out."""
        project = pipeline.project
        builds = [job for job in pipeline.jobs if not job.retried]
        commit = project.commits.get(pipeline.sha)
        body: Body = {
            "object_kind": "pipeline",
            "object_attributes": {
                "id": pipeline.id,
                "iid": pipeline.iid,
                "name": pipeline.name,
                "ref": pipeline.ref,
                "tag": pipeline.tag,
                "sha": pipeline.sha,
                "before_sha": pipeline.before_sha,
                "source": pipeline.source,
                "status": pipeline.status,
                "detailed_status": pipeline_label(pipeline),
                "stages": list(dict.fromkeys(job.stage for job in builds)),
                "created_at": self.time(pipeline.created_at),
                "finished_at": self.time(pipeline.finished_at),
                "duration": pipeline.duration,
                "queued_duration": pipeline.queued_duration,
                "protected_ref": pipeline.ref == project.default_branch,
                "variables": [],
                "url": f"{self.base}/{project.path}/-/pipelines/{pipeline.id}",
            },
            "merge_request": None,
            "user": None if pipeline.user is None else self.user(pipeline.user),
            "project": self.project(project),
            "commit": None if commit is None else self.commit(commit, project),
            "builds": [self.build(job) for job in builds],
        }
        if pipeline.parent is not None:
            above = pipeline.parent.pipeline
            source = {"id": project.id, "web_url": f"{self.base}/{project.path}", "path_with_namespace": project.path}
            body["source_pipeline"] = {"project": source, "pipeline_id": above.id, "job_id": pipeline.parent.id}
        return body

    def job(self, job: Job) -> Body:
        """A job; `build_failure_reason` is `unknown_failure` even where nothing failed, as GitLab does."""
        project, pipeline = job.project, job.pipeline
        commit = project.commits.get(pipeline.sha)
        times = {
            f"build_{name}": self.time(moment)
            for name, moment in (
                ("created_at", job.created_at),
                ("started_at", job.started_at),
                ("finished_at", job.finished_at),
            )
        }
        iso = {
            f"build_{name}_iso": stamp(moment)
            for name, moment in (
                ("created_at", job.created_at),
                ("started_at", job.started_at),
                ("finished_at", job.finished_at),
            )
        }
        return {
            "object_kind": "build",
            "ref": pipeline.ref,
            "tag": pipeline.tag,
            "before_sha": pipeline.before_sha,
            "sha": pipeline.sha,
            "retries_count": sum(other.name == job.name and other.id < job.id for other in pipeline.jobs),
            "build_id": job.id,
            "build_name": job.name,
            "build_stage": job.stage,
            "build_status": job.status,
            **times,
            **iso,
            "build_duration": job.duration,
            "build_queued_duration": job.queued,
            "build_allow_failure": job.allow_failure,
            "build_failure_reason": job.failure_reason or "unknown_failure",
            "pipeline_id": pipeline.id,
            "runner": self.runner(job),
            "project_id": project.id,
            "project_name": f"{project.namespace.replace('/', ' / ').title()} / {project.name}",
            "user": None if job.user is None else self.user(job.user),
            "commit": {
                "id": pipeline.id,
                "name": pipeline.name,
                "sha": pipeline.sha,
                "message": commit.message if commit else None,
                "author_name": commit.author_name if commit else None,
                "author_email": "[REDACTED]",
                "author_url": None,
                "status": pipeline.status,
                "duration": pipeline.duration,
                "started_at": self.time(pipeline.started_at),
                "started_at_iso": stamp(pipeline.started_at),
                "finished_at": self.time(pipeline.finished_at),
                "finished_at_iso": stamp(pipeline.finished_at),
            },
            "repository": self.repository(project),
            "project": self.project(project),
            "environment": None,
        }

    def issue(self, issue: Issue, project: Project, user: User, action: str) -> Body:
        """An issue; `action` is open, close, reopen or update."""
        return {
            "object_kind": "issue",
            "event_type": "confidential_issue" if issue.confidential else "issue",
            "user": self.user(user),
            "project": self.project(project),
            "object_attributes": {
                "id": issue.id,
                "iid": issue.iid,
                "title": issue.title,
                "description": issue.description,
                "author_id": issue.author.id,
                "project_id": issue.project_id,
                "created_at": self.time(issue.created_at),
                "updated_at": self.time(issue.updated_at),
                "closed_at": self.time(issue.closed_at),
                "state": issue.state,
                "state_id": 1 if issue.state == "opened" else 2,
                "confidential": issue.confidential,
                "type": "Issue",
                "severity": "unknown",
                "labels": [self.label(name) for name in issue.labels],
                "assignee_ids": [each.id for each in issue.assignees],
                "milestone_id": None,
                "url": f"{self.base}/{project.path}/-/issues/{issue.iid}",
                "action": action,
            },
            "labels": [self.label(name) for name in issue.labels],
            "changes": {},
            "assignees": [self.user(each) for each in issue.assignees],
            "repository": self.repository(project),
        }

    def merge_request(self, request: MergeRequest, project: Project, user: User, action: str) -> Body:
        """A merge request; `action` is open, close, reopen, update, approved or merge."""
        head = project.commits.get(request.head or "")
        part = self.project(project)
        return {
            "object_kind": "merge_request",
            "event_type": "merge_request",
            "user": self.user(user),
            "project": part,
            "object_attributes": {
                "id": request.id,
                "iid": request.iid,
                "target_branch": request.target_branch,
                "source_branch": request.source_branch,
                "source_project_id": project.id,
                "target_project_id": project.id,
                "author_id": request.author.id,
                "assignee_ids": [],
                "reviewer_ids": [],
                "title": request.title,
                "created_at": self.time(request.created_at),
                "updated_at": self.time(request.updated_at),
                "state": request.state,
                "state_id": {"opened": 1, "closed": 2, "merged": 3}[request.state],
                "draft": False,
                "merge_status": "can_be_merged",
                "detailed_merge_status": "mergeable",
                "merge_commit_sha": request.merge_commit,
                "url": f"{self.base}/{project.path}/-/merge_requests/{request.iid}",
                "source": part,
                "target": part,
                "last_commit": None if head is None else self.commit(head, project),
                "labels": [],
                "action": action,
                "system": False,
                "system_action": None,
            },
            "labels": [],
            "changes": {},
            "assignees": [],
            "reviewers": [],
            "repository": self.repository(project),
        }

    def note(self, note: Note, project: Project, target: Issue | None = None) -> Body:
        """A comment, with the issue it is on; one on a confidential issue is confidential."""
        body: Body = {
            "object_kind": "note",
            "event_type": "confidential_note" if target is not None and target.confidential else "note",
            "user": self.user(note.author),
            "project_id": project.id,
            "project": self.project(project),
            "object_attributes": {
                "id": note.id,
                "note": note.body,
                "noteable_type": note.noteable_type,
                "noteable_id": note.noteable_id,
                "commit_id": None,
                "project_id": project.id,
                "author_id": note.author.id,
                "created_at": self.time(note.created_at),
                "updated_at": self.time(note.created_at),
                "system": note.system,
                "internal": False,
                "action": "create",
                "url": f"{self.base}/{project.path}/-/issues/{note.noteable_iid}#note_{note.id}",
            },
            "repository": self.repository(project),
        }
        if target is not None:
            body["issue"] = self.issue(target, project, note.author, "update")["object_attributes"]
        return body
