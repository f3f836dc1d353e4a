"""The instance, and its projects alone or by group."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote

from tests.hostile.pages import KEYSET_OFF, Pages
from tests.hostile.wire import Answer, Asked, as_json
from tests.hostile.world import Json, Repo, iso


@dataclass
class Instance(Pages):
    """``member_of``: the ids of the projects that the token's user is a member of; None: all."""

    member_of: set[int] | None = field(default=None, kw_only=True)

    def _version(self, asked: Asked) -> Answer:
        return as_json({"version": "18.5.0-ee", "revision": "abc"})

    def _user(self, asked: Asked) -> Answer:
        return as_json(self.world.user("alice"))

    def _self(self, asked: Asked) -> Answer:
        return as_json(
            {"id": 1, "name": "t", "scopes": ["read_api"], "active": True, "revoked": False, "expires_at": None}
        )

    def _visible(self, asked: Asked) -> list[Repo]:
        repos = [r for r in self.world.repos.values() if not r.gone]
        if (asked.one("membership") or "").lower() in ("true", "1") and self.member_of is not None:
            repos = [r for r in repos if r.id in self.member_of]
        if (asked.one("archived") or "").lower() == "false":
            repos = [r for r in repos if not r.archived]
        return repos

    def _projects(self, asked: Asked) -> Answer:
        items = self._visible(asked)
        if asked.one("pagination") == "keyset" and self.dialect.keyset != "ignored":
            if self.dialect.keyset == "405" or asked.one("order_by") != "id":
                return as_json(KEYSET_OFF, 405)
            return self._keyset(asked, items, "id", self._project)
        items.sort(key=lambda item: item.id, reverse=asked.one("sort", "desc") != "asc")
        return self._list(asked, items, render=self._project)

    def _group_projects(self, asked: Asked, ident: str) -> Answer:
        name = unquote(ident).lower() + "/"
        found = [r for r in self._visible(asked) if r.path.lower().startswith(name)]
        if self.dialect.user_namespace or not found:
            return as_json({"message": "404 Group Not Found"}, 404)
        if (asked.one("include_subgroups") or "").lower() not in ("true", "1"):
            found = [r for r in found if "/" not in r.path[len(name) :]]
        return self._list(asked, [self._project(repo) for repo in found])

    def _one_project(self, asked: Asked, repo: Repo) -> Answer:
        return as_json(self._dress(self._project(repo)))

    def _project(self, repo: Repo) -> Json:
        made: Json = {
            "id": repo.id,
            "name": repo.name,
            "name_with_namespace": f"Group / {repo.name}",
            "path": repo.path.rpartition("/")[2],
            "path_with_namespace": repo.path,
            "description": None,
            "default_branch": repo.default_branch,
            "visibility": "private",
            "created_at": iso(self.world.now - timedelta(days=700), repo.style),
            "last_activity_at": iso(repo.last_activity_at, repo.style),
            "web_url": repo.web_url,
            "namespace": {
                "id": 9,
                "name": "g",
                "path": "g",
                "kind": "group",
                "full_path": repo.path.rpartition("/")[0],
            },
            "archived": repo.archived,
            "topics": [],
            "permissions": None,
            "star_count": 0,
            "empty_repo": not repo.branches,
        }
        if not self.dialect.old_projects:
            made["updated_at"] = iso(repo.updated_at, repo.style)
            if repo.says_feature_flags:
                made |= {"jobs_enabled": repo.builds, "builds_access_level": "enabled" if repo.builds else "disabled"}
                made |= {
                    "issues_enabled": repo.issues_on,
                    "issues_access_level": "enabled" if repo.issues_on else "disabled",
                }
        if repo.issues_on and self.dialect.says_open_issues:
            made["open_issues_count"] = sum(issue["state"] == "opened" for issue in repo.issues)
        return made
