"""People, projects and commits as GitLab's JSON; what never changes is rendered once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from dashlib.demo.dice import hexes
from dashlib.demo.model import Branch, Commit, Member, Project, User

dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def stamp(moment: datetime | None) -> str | None:
    """A time as GitLab writes it, `2026-01-02T03:04:05.678Z`."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def git_stamp(moment: datetime) -> str:
    """A commit's time in its author's zone, `2026-01-02T03:04:05.000+03:00`."""
    return moment.isoformat(timespec="milliseconds")


def splice(flat: Mapping[str, object], **fragments: str) -> str:
    """The object `flat` as JSON, with further members whose JSON is there already."""
    tail = "".join(f',"{name}":{fragment}' for name, fragment in fragments.items())
    return f"{dump(flat)[:-1]}{tail}}}"


class BaseRenderer:
    """Renders for one base URL. Users, commits and runners are kept; everything Live can change is not."""

    def __init__(self, base_url: str, users: Mapping[int, User]) -> None:
        self.base = base_url
        self._users = {user.id: dump(self.user_row(user)) for user in users.values()}
        self._commits: dict[str, str] = {}

    def user_row(self, user: User) -> dict[str, object]:
        """A user as other objects show it."""
        return {
            "id": user.id,
            "username": user.username,
            "public_email": user.public_email or "",
            "name": user.name,
            "state": user.state,
            "locked": False,
            "avatar_url": f"{self.base}/uploads/-/system/user/avatar/{user.id}/avatar.png",
            "web_url": f"{self.base}/{user.username}",
        }

    def user(self, user: User | None) -> str:
        """A user's JSON; null for none and for a deleted account."""
        return "null" if user is None or user.deleted else self._users[user.id]

    def full_user(self, user: User) -> str:
        """`GET /users/:id`."""
        return dump(
            {
                **self.user_row(user),
                "bot": user.bot,
                "created_at": "2019-04-01T09:00:00.000Z",
                "bio": "",
                "organization": "Ostrelune",
                "job_title": "",
                "location": "",
            }
        )

    def member(self, member: Member) -> str:
        """A row of a members list."""
        extra = {
            "access_level": member.access_level,
            "created_at": stamp(member.created_at),
            "expires_at": None,
            "membership_state": "active",
        }
        return dump({**self.user_row(member.user), **extra})

    def project_url(self, project: Project) -> str:
        """The web page of a project."""
        return f"{self.base}/{project.path}"

    def namespace_row(self, path: str) -> dict[str, object]:
        """A group as a project's namespace."""
        parent = path.rpartition("/")[0]
        return {
            "id": group_id(path),
            "name": path.rpartition("/")[2].replace("-", " ").title(),
            "path": path.rpartition("/")[2],
            "kind": "group",
            "full_path": path,
            "parent_id": group_id(parent) if parent else None,
            "avatar_url": None,
            "web_url": f"{self.base}/groups/{path}",
        }

    def group(self, path: str) -> str:
        """`GET /groups`."""
        row = self.namespace_row(path)
        row |= {
            "full_name": path.replace("/", " / ").title(),
            "description": "",
            "visibility": "internal",
            "created_at": "2019-04-01T09:00:00.000Z",
            "archived": False,
        }
        return dump(row)

    def simple_project(self, project: Project) -> dict[str, object]:
        """The short form of a project (`simple=true`)."""
        url = self.project_url(project)
        return {
            "id": project.id,
            "description": project.description,
            "name": project.name,
            "name_with_namespace": f"{project.namespace.replace('/', ' / ').title()} / {project.name}",
            "path": project.slug,
            "path_with_namespace": project.path,
            "created_at": stamp(project.created_at),
            "default_branch": project.default_branch,
            "tag_list": list(project.topics),
            "topics": list(project.topics),
            "ssh_url_to_repo": f"git@gitlab.ostrelune.example:{project.path}.git",
            "http_url_to_repo": f"{url}.git",
            "web_url": url,
            "readme_url": f"{url}/-/blob/{project.default_branch}/README.md" if project.default_branch else None,
            "forks_count": 0,
            "avatar_url": None,
            "star_count": project.id % 5,
            "last_activity_at": stamp(project.last_activity_at),
            "visibility": project.visibility,
            "namespace": self.namespace_row(project.namespace),
        }

    def project(self, project: Project, *, simple: bool = False, statistics: bool = False) -> str:
        """A project of the list, or alone."""
        row = self.simple_project(project)
        if simple:
            return dump(row)
        row |= {
            "updated_at": stamp(project.updated_at),
            "archived": project.archived,
            "empty_repo": project.default_branch is None,
            "creator_id": project.team[0].id if project.team else None,
            "issues_enabled": True,
            "merge_requests_enabled": True,
            "jobs_enabled": project.ci,
            "builds_access_level": "private" if project.ci else "disabled",
            "issues_access_level": "enabled",
            "open_issues_count": sum(issue.state == "opened" for issue in project.issues),
            "marked_for_deletion_on": None,
            "import_status": "none",
            "permissions": {
                "project_access": None,
                "group_access": {"access_level": 20} if project.token_member else None,
            },
        }
        if statistics:
            row["statistics"] = {
                "commit_count": len(project.commits),
                "storage_size": 4096 * (len(project.commits) + len(project.jobs)),
                "repository_size": 4096 * len(project.commits),
                "job_artifacts_size": 4096 * len(project.jobs),
                "pipeline_artifacts_size": 0,
            }
        return dump(row)

    def branch(self, branch: Branch, project: Project) -> str:
        """A branch with its tip."""
        row = {
            "name": branch.name,
            "merged": branch.merged,
            "protected": branch.protected,
            "default": branch.name == project.default_branch,
            "can_push": False,
            "web_url": f"{self.project_url(project)}/-/tree/{branch.name}",
        }
        return splice(row, commit=self.commit(project.commits[branch.head], project))

    def commit_row(self, commit: Commit, project: Project) -> dict[str, object]:
        """A commit; dates keep their author's offset (GITLAB.md 2.2)."""
        return {
            "id": commit.id,
            "short_id": commit.id[:8],
            "created_at": git_stamp(commit.committed),
            "parent_ids": list(commit.parents),
            "title": commit.title,
            "message": commit.message,
            "author_name": commit.author_name,
            "author_email": commit.author_email,
            "authored_date": git_stamp(commit.authored),
            "committer_name": commit.committer_name,
            "committer_email": commit.committer_email,
            "committed_date": git_stamp(commit.committed),
            "trailers": {},
            "extended_trailers": {},
            "web_url": f"{self.project_url(project)}/-/commit/{commit.id}",
        }

    def commit(self, commit: Commit, project: Project) -> str:
        """A commit as lists and jobs show it."""
        found = self._commits.get(commit.id)
        if found is None:
            found = self._commits[commit.id] = dump(self.commit_row(commit, project))
        return found

    def rich_commit(self, commit: Commit, project: Project, *, stats: bool, trailers: bool) -> str:
        """A commit with what was asked for besides."""
        row = self.commit_row(commit, project)
        if trailers:
            row["trailers"] = dict(commit.trailers)
            extended: dict[str, list[str]] = {}
            for key, value in commit.trailers:
                extended.setdefault(key, []).append(value)
            row["extended_trailers"] = extended
        if stats:
            row["stats"] = {
                "additions": commit.additions,
                "deletions": commit.deletions,
                "total": commit.additions + commit.deletions,
            }
        return dump(row)


def group_id(path: str) -> int:
    """A group's id, made from its path."""
    return int(hexes(5, "group", path), 16)
