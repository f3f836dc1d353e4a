"""World objects as GitLab's JSON, with web_url's of the server that is asked."""

from __future__ import annotations

from dashlib.demo.model import Event, Issue, Note, Project
from dashlib.demo.render_base import splice, stamp
from dashlib.demo.render_ci import CiRenderer


class Renderer(CiRenderer):
    """Renders everything for one base URL: besides people, code and CI/CD also issues and events."""

    def issue(self, issue: Issue, project: Project) -> str:
        """An issue of the list, or alone."""
        row = {
            "id": issue.id,
            "iid": issue.iid,
            "project_id": issue.project_id,
            "title": issue.title,
            "description": issue.description,
            "state": issue.state,
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at),
            "labels": list(issue.labels),
            "milestone": None,
            "type": issue.issue_type.upper(),
            "issue_type": issue.issue_type,
            "user_notes_count": len(issue.notes),
            "merge_requests_count": 0,
            "upvotes": 0,
            "downvotes": 0,
            "due_date": issue.due_date,
            "confidential": issue.confidential,
            "discussion_locked": None,
            "web_url": f"{self.project_url(project)}/-/issues/{issue.iid}",
            "references": {
                "short": f"#{issue.iid}",
                "relative": f"#{issue.iid}",
                "full": f"{project.path}#{issue.iid}",
            },
            "task_completion_status": {"count": 0, "completed_count": 0},
            "moved_to_id": None,
        }
        people = ",".join(self.user(user) for user in issue.assignees)
        first = self.user(issue.assignees[0]) if issue.assignees else "null"
        return splice(
            row,
            author=self.user(issue.author),
            closed_by=self.user(issue.closed_by),
            assignees=f"[{people}]",
            assignee=first,
        )

    def note(self, note: Note) -> str:
        """A comment."""
        row = {
            "id": note.id,
            "body": note.body,
            "attachment": None,
            "system": note.system,
            "noteable_id": note.noteable_id,
            "noteable_type": note.noteable_type,
            "noteable_iid": note.noteable_iid,
            "resolvable": False,
            "created_at": stamp(note.created_at),
            "updated_at": stamp(note.created_at),
        }
        return splice(row, author=self.user(note.author))

    def event(self, event: Event) -> str:
        """A row of an events list; the author is absent once the account is deleted (GITLAB.md 1)."""
        row: dict[str, object] = {
            "id": event.id,
            "project_id": event.project_id,
            "action_name": event.action_name,
            "target_id": event.target_id,
            "target_iid": event.target_iid,
            "target_type": event.target_type,
            "author_id": event.author.id,
            "target_title": event.target_title,
            "created_at": stamp(event.created_at),
            "imported": False,
            "imported_from": "none",
        }
        if event.push is not None:
            row["push_data"] = dict(event.push)
        if event.data is not None:
            row["data"] = dict(event.data)
        parts = {} if event.note is None else {"note": self.note(event.note)}
        if not event.author.deleted:
            parts["author"] = self.user(event.author)
            row["author_username"] = event.author.username
        return splice(row, **parts)
