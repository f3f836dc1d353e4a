"""A simulated GitHub with the same company behind it, laid out as an Enterprise Server (``/api/v3``, ``/api/graphql``).

Its traps are GitHub's: ``Link`` headers and no page numbers, ETags and 304, rate limits that are 403, a list of runs
that a filter cuts at a thousand, logs behind a redirect to another host that must not see the token, GraphQL that is
200 whatever went wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashlib.demo import github_render as render
from dashlib.demo.calls import Reply, json_reply
from dashlib.demo.company import mailmap
from dashlib.demo.graph import log
from dashlib.demo.model import Commit, Pipeline, Project, Schedule
from dashlib.demo.staged import Asked, Staged
from dashlib.demo.world import World

TOKEN = "ghp_" + "demo" * 9
_API, _GRAPH, _STORE = "/api/v3", "/api/graphql", "/store/"
_MOST = 1000


def primary_limit(seconds: float, status: int = 403) -> Reply:
    """The refusal when the hour's calls are used up; its end is told by the clock."""
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Resource": "core"} | {
        "X-RateLimit-Reset": str(int(time.time() + seconds))
    }
    return Reply(status, b'{"message":"API rate limit exceeded for user ID 1."}', headers=headers)


def secondary_limit(retry_after: int | None) -> Reply:
    """The refusal of too many calls at once."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Reply(403, b'{"message":"You have exceeded a secondary rate limit. Please wait."}', headers=headers)


@dataclass
class GitHub(Staged):
    """The server. ``hidden_graph``: GraphQL is not for this token; ``dear_commits``: more than so many a page fail."""

    world: World | None = None
    hidden_graph: bool = False
    dear_commits: int | None = None
    remaining: int = 5000
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        assert self.world is not None
        self._repositories = {render.full_name(project).lower(): project for project in self.world.projects}
        self._known = {email.lower(): user for user in self.world.users.values() for email in user.emails[:1]}
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
            (template, re.compile("^" + re.sub(r":\w+", "([^/]+)", template) + "$"), handler)
            for template, handler in (
                ("/user", self._user),
                ("/user/repos", self._mine),
                ("/orgs/:org/repos", self._of_owner),
                ("/users/:user/repos", self._of_nobody),
                ("/repos/:owner/:repo", self._repository),
                ("/repos/:owner/:repo/commits", self._commits),
                ("/repos/:owner/:repo/actions/workflows", self._workflows),
                ("/repos/:owner/:repo/actions/runs", self._runs),
                ("/repos/:owner/:repo/actions/runs/:id", self._run),
                ("/repos/:owner/:repo/actions/runs/:id/jobs", self._jobs),
                ("/repos/:owner/:repo/actions/jobs/:id/logs", self._log),
            )
        ]

    def headers(self) -> dict[str, str]:
        """The hour's budget."""
        return {
            "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(self.remaining), "X-RateLimit-Resource": "core",
            "X-RateLimit-Reset": str(int(time.time()) + 1800), "X-OAuth-Scopes": "repo",
        }  # fmt: skip

    def answer(self, asked: Asked) -> tuple[str, Reply]:
        """Storage asks for no token, everything else for this one."""
        if asked.path.startswith(_STORE):
            return _STORE, self._stored(asked)
        if asked.headers.get("authorization") not in (f"token {TOKEN}", f"Bearer {TOKEN}"):
            return "", json_reply({"message": "Bad credentials"}, 401)
        if asked.path == _GRAPH and asked.method == "POST":
            return self._graph(asked)
        for template, pattern, handler in self._routes:
            match = pattern.match(asked.path.removeprefix(_API))
            if match and asked.path.startswith(_API):
                try:
                    return template, _with_etag(asked, handler(asked, *match.groups()))
                except LookupError:
                    return template, json_reply({"message": "Not Found"}, 404)
        return "", json_reply({"message": "Not Found"}, 404)

    def _user(self, _: Asked) -> Reply:
        return json_reply({"login": "ida", "id": 1, "type": "User"})

    def _mine(self, asked: Asked) -> Reply:
        assert self.world is not None
        return _paged(asked, self.world.member_projects(), lambda one: render.repository(one, asked.base))

    def _of_owner(self, asked: Asked, owner: str) -> Reply:
        found = [one for name, one in self._repositories.items() if name.startswith(f"{owner.lower()}/")]
        if not found:
            raise LookupError(owner)
        return _paged(asked, found, lambda one: render.repository(one, asked.base))

    def _of_nobody(self, _: Asked, user: str) -> Reply:
        raise LookupError(user)

    def _project(self, owner: str, name: str) -> Project:
        return self._repositories[f"{owner}/{name}".lower()]

    def _repository(self, asked: Asked, owner: str, name: str) -> Reply:
        return json_reply(render.repository(self._project(owner, name), asked.base))

    def _commits(self, asked: Asked, owner: str, name: str) -> Reply:
        project = self._project(owner, name)
        if project.default_branch is None:
            return json_reply({"message": "Git Repository is empty."}, 409)
        found = self._history(project, asked.query.get("since"))
        return _paged(asked, found, lambda one: render.commit(one, project, asked.base, self._known))

    def _workflows(self, asked: Asked, owner: str, name: str) -> Reply:
        project = self._project(owner, name)
        made: list[Schedule | None] = [None, *project.schedules] if project.ci else []
        return _paged(asked, made, lambda one: render.workflow(project, one, asked.base), "workflows")

    def _shown(self, project: Project) -> list[Pipeline]:
        assert self.world is not None
        runs = [one for one in project.pipelines if not one.is_child and one.created_at <= self.world.now]
        return sorted(runs, key=lambda one: (one.created_at, one.id), reverse=True)

    def _runs(self, asked: Asked, owner: str, name: str) -> Reply:
        found = self._shown(self._project(owner, name))
        if {"created", "event", "status", "branch", "actor", "head_sha"} & set(asked.query):
            found = found[:_MOST]
        return _paged(asked, found, lambda one: render.run(one, asked.base), "workflow_runs")

    def _run(self, asked: Asked, owner: str, name: str, ident: str) -> Reply:
        return json_reply(render.run(self._project(owner, name).pipeline_by_id[int(ident)], asked.base))

    def _jobs(self, asked: Asked, owner: str, name: str, ident: str) -> Reply:
        pipeline = self._project(owner, name).pipeline_by_id[int(ident)]
        attempts = render.attempts(pipeline)
        jobs = [one for one in pipeline.jobs if asked.query.get("filter") == "all" or not one.retried]
        return _paged(asked, jobs, lambda one: render.job(one, attempts[one.id], asked.base), "jobs")

    def _log(self, asked: Asked, owner: str, name: str, ident: str) -> Reply:
        job = self._project(owner, name).job_by_id[int(ident)]
        if job.trace == "missing" or job.finished_at is None:
            return json_reply({"message": "Not Found"}, 410 if job.trace == "missing" else 404)
        elsewhere = asked.base.replace("127.0.0.1", "localhost")
        place = f"{elsewhere}{_STORE}{owner}/{name}/{ident}?sig=demo"
        return Reply(302, b"", "text/plain", {"Location": place})

    def _stored(self, asked: Asked) -> Reply:
        owner, name, ident = asked.path.removeprefix(_STORE).split("/")
        return Reply(200, render.log(self._project(owner, name).job_by_id[int(ident)]), "text/plain")

    def _history(self, project: Project, since: str | None) -> list[Commit]:
        head = project.branches.get(project.default_branch or "")
        if head is None:
            return []
        after = datetime.fromisoformat(since) if since else None
        return [one for one in log(project.commits, [head.head]) if after is None or one.committed >= after]

    def _graph(self, asked: Asked) -> tuple[str, Reply]:
        question = json.loads(asked.body)
        name = re.match(r"query (\w+)", question["query"])
        template = f"graphql {name.group(1) if name else ''}"
        told = question.get("variables") or {}
        try:
            project = self._project(told["owner"], told["name"])
        except KeyError:
            return template, _graph_error("NOT_FOUND", "Could not resolve to a Repository")
        if self.hidden_graph:
            return template, _graph_error("FORBIDDEN", "Resource not accessible by personal access token")
        if template.endswith("Mailmap"):
            return template, json_reply({"data": {"repository": self._mailmap(project)}})
        if template.endswith("Files"):
            return template, json_reply({"data": {"repository": {"object": self._folder(project)}}})
        return template, self._graph_commits(asked, project, told)

    def _folder(self, project: Project) -> dict[str, Any] | None:
        if not project.ci or project.default_branch is None:
            return None
        entries = []
        for schedule in (None, *project.schedules):
            name = render.workflow(project, schedule, "")["path"].rpartition("/")[2]
            text = self.files.get(name, render.workflow_file(schedule))
            entries.append({"name": name, "object": {"text": text, "isTruncated": False}})
        return {"entries": entries}

    def _mailmap(self, project: Project) -> dict[str, Any]:
        assert self.world is not None
        history = self._history(project, None)
        text = self.files.get(".mailmap") or mailmap(project.path, self.world.users.values())
        return {
            "defaultBranchRef": {"target": {"oid": history[0].id}} if history else None,
            "object": None if text is None else {"text": text, "isTruncated": False},
        }

    def _graph_commits(self, asked: Asked, project: Project, told: dict[str, Any]) -> Reply:
        if project.default_branch is None:
            return json_reply({"data": {"repository": {"defaultBranchRef": None}}})
        size = int(told["first"])
        if self.dear_commits is not None and size > self.dear_commits:
            return Reply(502, b'{"message":"We couldn\'t respond to your request in time."}')
        found = self._history(project, told.get("since"))
        start = int(str(told["after"]).rpartition(" ")[2]) + 1 if told.get("after") else 0
        part = found[start : start + size]
        history = {
            "pageInfo": {"hasNextPage": start + size < len(found), "endCursor": f"cursor {start + len(part) - 1}"},
            "nodes": [render.graph_commit(one, project, asked.base, self._known) for one in part],
        }
        return json_reply({"data": {"repository": {"defaultBranchRef": {"target": {"history": history}}}}})


def _graph_error(kind: str, message: str) -> Reply:
    return json_reply({"data": {"repository": None}, "errors": [{"type": kind, "message": message}]})


def _paged(asked: Asked, rows: Sequence[Any], shown: Callable[[Any], Any], name: str | None = None) -> Reply:
    """One page, beside a count or alone; where there is more, a Link says so."""
    page, size = int(asked.query.get("page", 1)), min(100, int(asked.query.get("per_page", 30)))
    part = [shown(one) for one in rows[(page - 1) * size : page * size]]
    reply = json_reply(part if name is None else {"total_count": len(rows), name: part})
    if page * size < len(rows):
        query = "&".join(f"{key}={value}" for key, value in {**asked.query, "page": page + 1}.items())
        reply.headers["Link"] = f'<{asked.base}{asked.path}?{query}>; rel="next"'
    return reply


def _with_etag(asked: Asked, reply: Reply) -> Reply:
    if reply.status != 200:
        return reply
    etag = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
    if asked.headers.get("if-none-match") == etag:
        return Reply(304, b"", headers={"ETag": etag})
    reply.headers["ETag"] = etag
    return reply
