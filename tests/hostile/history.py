"""What people do: commits, issues, members and events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.hostile.filters import between
from tests.hostile.instance import Instance
from tests.hostile.wire import Answer, Asked, as_json
from tests.hostile.world import Json, Repo


@dataclass
class History(Instance):
    """Commits keep their authors' zones; issues come by project and by group; events in three ways."""

    def _commits(self, asked: Asked, repo: Repo) -> Answer:
        if repo.commits_answer == "404":
            return as_json({"message": "404 Repository Not Found"}, 404)
        if (asked.one("all") or "").lower() in ("true", "1"):
            heads = list(repo.branches.values())
        else:
            name = asked.one("ref_name") or repo.default_branch or ""
            if name not in repo.branches and name not in repo.commits:
                return as_json({"message": "404 Commit Not Found"}, 404) if repo.branches else as_json([])
            heads = [repo.branches.get(name, name)]
        found = [c for c in repo.reachable(heads) if between(asked, "", c.committed_at)]
        found.sort(key=lambda c: (c.committed_at, c.sha), reverse=True)
        stats = (asked.one("with_stats") or "").lower() in ("true", "1")
        return self._list(asked, [self._commit(repo, c, stats) for c in found], total=False)

    def _commit(self, repo: Repo, c: Any, stats: bool) -> Json:
        made = {
            "id": c.sha,
            "short_id": c.sha[:8],
            "created_at": _local(c.committed_at, c.offset),
            "parent_ids": c.parents,
            "title": c.title,
            "message": c.message,
            "author_name": c.author_name,
            "author_email": c.author_email,
            "authored_date": _local(c.authored_at, c.offset),
            "committer_name": c.author_name,
            "committer_email": c.author_email,
            "committed_date": _local(c.committed_at, c.offset),
            "trailers": {},
            "extended_trailers": {},
            "web_url": f"{repo.web_url}/-/commit/{c.sha}",
        }
        if stats:
            made["stats"] = {"additions": c.additions, "deletions": c.deletions, "total": c.additions + c.deletions}
        return made

    def _one_commit(self, asked: Asked, repo: Repo, sha: str) -> Answer:
        found = repo.commits.get(unquote(sha)) or repo.commits.get(repo.branches.get(unquote(sha), ""))
        if found is None:
            return as_json({"message": "404 Commit Not Found"}, 404)
        return as_json(self._dress(self._commit(repo, found, True) | {"status": None, "last_pipeline": None}))

    def _issues(self, asked: Asked, repo: Repo) -> Answer:
        return self._issues_of(asked, repo.issues)

    def _group_issues(self, asked: Asked, ident: str) -> Answer:
        name = unquote(ident).lower() + "/"
        found = [r for r in self._visible(asked) if r.path.lower().startswith(name)]
        if not self.dialect.group_issues or self.dialect.user_namespace or not found:
            return as_json({"message": "404 Group Not Found"}, 404)
        if (asked.one("non_archived") or "true").lower() in ("true", "1"):
            found = [r for r in found if not r.archived]
        readable = [r for r in found if r.issues_on and "issues" not in r.refuse]
        return self._issues_of(asked, [issue for r in readable for issue in r.issues])

    def _issues_of(self, asked: Asked, issues: list[Json]) -> Answer:
        found = [
            i for i in issues if between(asked, "updated", i["_updated"]) and between(asked, "created", i["_created"])
        ]
        state = asked.one("state", "all")
        found = [i for i in found if state in ("all", i["state"])]
        key = "_updated" if asked.one("order_by") == "updated_at" else "_created"
        found.sort(key=lambda i: (i[key], i["id"]), reverse=asked.one("sort", "desc") != "asc")
        return self._list(asked, found)

    def _members_all(self, asked: Asked, repo: Repo) -> Answer:
        return self._list(asked, [self._member(name, level) for name, level in repo.members.items()])

    def _member(self, name: str, level: int) -> Json:
        return self.world.users[name] | {
            "access_level": level,
            "expires_at": None,
            "created_at": None,
            "membership_state": "active",
        }

    def _project_events(self, asked: Asked, repo: Repo) -> Answer:
        return self._events(asked, repo.events, lambda e: e.get("_key") not in repo.hidden_events)

    def _user_events(self, asked: Asked, name: str) -> Answer:
        wanted = self.world.users.get(unquote(name))
        ident = wanted["id"] if wanted else int(name) if name.isdecimal() else None
        everything = [e for repo in self.world.repos.values() for e in repo.events if e["author_id"] == ident]
        return self._events(asked, everything, lambda _: True)

    def _own_events(self, asked: Asked) -> Answer:
        everything = [e for repo in self.world.repos.values() for e in repo.events]
        return self._events(asked, everything, lambda _: True)

    def _events(self, asked: Asked, events: list[Json], keep: Callable[[Json], bool]) -> Answer:
        """``before`` and ``after`` are days and exclude themselves; rows are paged first, filtered afterwards."""
        found = events
        if after := asked.one("after"):
            edge = datetime.fromisoformat(after[:10]) + timedelta(days=1)
            found = [e for e in found if e["_at"] is None or e["_at"] >= edge]
        if before := asked.one("before"):
            edge = datetime.fromisoformat(before[:10])
            found = [e for e in found if e["_at"] is None or e["_at"] < edge]
        if action := asked.one("action"):
            words = {
                "pushed": ("pushed to", "pushed new", "deleted", "pushed"),
                "commented": ("commented on",),
                "merged": ("accepted",),
            }
            found = [e for e in found if e["action_name"] in words.get(action, (action,)) or e.get("_really") == action]
        found = sorted(
            found, key=lambda e: e["_order"] if "_order" in e else e["id"], reverse=asked.one("sort", "desc") != "asc"
        )
        return self._list(asked, found, keep=keep)


def _local(moment: datetime, offset: int) -> str:
    """A git date: with the author's offset."""
    there = moment + timedelta(minutes=offset)
    sign, minutes = ("-", -offset) if offset < 0 else ("+", offset)
    return there.strftime("%Y-%m-%dT%H:%M:%S.000") + f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
