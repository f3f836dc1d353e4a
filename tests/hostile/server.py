"""GitLab's REST API over a ``World``, with the habits of several versions to choose from (``Dialect``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.hostile.ci import CI
from tests.hostile.history import History
from tests.hostile.wire import Answer, Asked, Faults, Wire, as_json
from tests.hostile.world import Repo

TOKEN = "glpat-hostile-0123456789"


@dataclass
class HostileGitLab(History, CI):
    """The server. ``before`` is called with every request (to move the world while it is paged)."""

    faults: Faults = field(default_factory=Faults)
    latency: float = 0.0
    before: Callable[[Asked], None] = lambda _: None

    def __post_init__(self) -> None:
        self.wire = Wire(self._answer, self.faults, self.latency)
        self.tokens: set[str] = set()

    @property
    def url(self) -> str:
        return self.wire.url + self.dialect.prefix

    # -- routing

    def _answer(self, asked: Asked) -> Answer:
        self.before(asked)
        if asked.method != "GET":
            return as_json({"error": "405 Not Allowed"}, 405, "write!")
        api = self.dialect.prefix + "/api/v4"
        if not asked.path.startswith(api):
            return Answer(404, b"<html>not here</html>", {}, "text/html", "outside")
        token = asked.headers.get("private-token") or asked.headers.get("authorization", "").removeprefix("Bearer ")
        self.tokens.add(token)
        if token != TOKEN:
            return as_json({"message": "401 Unauthorized"}, 401, "unauthorized")
        path = asked.path[len(api) :]
        for pattern, name in _ROUTES:
            if match := re.fullmatch(pattern, path):
                answer: Answer = getattr(self, name)(asked, *match.groups())
                if answer.label == "?":
                    answer.label = name.strip("_")
                return answer
        return as_json({"error": "404 Not Found"}, 404, "unknown route")

    def _repo(self, ident: str, rest: str) -> Repo | Answer:
        name = unquote(ident)
        for repo in self.world.repos.values():
            if repo.gone:
                continue
            if str(repo.id) == name or repo.path.lower() == name.lower():
                return repo
            if name in repo.moved_from:
                base = self.dialect.other_host or self.wire.url
                where = f"{base}{self.dialect.prefix}/api/v4/projects/{repo.id}{rest}"
                return as_json({"message": "Non GET methods are not allowed for moved projects"}, 301, Location=where)
        return as_json({"message": "404 Project Not Found"}, 404)

    def _of_repo(self, asked: Asked, ident: str, rest: str) -> Answer:
        repo = self._repo(ident, rest)
        if isinstance(repo, Answer):
            return repo
        for pattern, name, resource in _REPO_ROUTES:
            if match := re.fullmatch(pattern, rest):
                if resource in repo.refuse:
                    status = repo.refuse[resource]
                    return as_json(
                        {"message": f"{status} Forbidden" if status == 403 else f"{status}"}, status, label=resource
                    )
                answer: Answer = getattr(self, name)(asked, repo, *match.groups())
                if answer.label == "?":
                    answer.label = resource
                return answer
        return as_json({"error": "404 Not Found"}, 404, "unknown route")


_ROUTES = (
    (r"/version", "_version"),
    (r"/metadata", "_version"),
    (r"/user", "_user"),
    (r"/personal_access_tokens/self", "_self"),
    (r"/projects", "_projects"),
    (r"/groups/([^/]+)/projects", "_group_projects"),
    (r"/groups/([^/]+)/issues", "_group_issues"),
    (r"/events", "_own_events"),
    (r"/users/([^/]+)/events", "_user_events"),
    (r"/projects/([^/]+)(|/.*)", "_of_repo"),
)
_REPO_ROUTES = (
    ("", "_one_project", "project"),
    (r"/pipelines", "_pipelines", "pipelines"),
    (r"/pipelines/(\d+)", "_one_pipeline", "pipeline"),
    (r"/pipelines/(\d+)/jobs", "_pipeline_jobs", "pipeline jobs"),
    (r"/pipelines/(\d+)/bridges", "_bridges", "bridges"),
    (r"/jobs", "_jobs", "jobs"),
    (r"/jobs/(\d+)", "_one_job", "job"),
    (r"/jobs/(\d+)/trace", "_trace", "trace"),
    (r"/pipeline_schedules", "_schedules", "schedules"),
    (r"/pipeline_schedules/(\d+)", "_one_schedule", "schedule"),
    (r"/pipeline_schedules/(\d+)/pipelines", "_schedule_pipelines", "schedule pipelines"),
    (r"/repository/commits", "_commits", "commits"),
    (r"/repository/commits/([^/]+)", "_one_commit", "commit"),
    (r"/issues", "_issues", "issues"),
    (r"/events", "_project_events", "events"),
    (r"/members/all", "_members_all", "members"),
)
