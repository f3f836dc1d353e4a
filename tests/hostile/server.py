"""GitLab's REST API over a ``World``, with the habits of several versions to choose from (``Dialect``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from tests.hostile.wire import Answer, Asked, Faults, Wire, as_json
from tests.hostile.world import Job, Json, Pipeline, Repo, Schedule, World, iso

TOKEN = "glpat-hostile-0123456789"
KEYSET_OFF = {"error": "Keyset pagination is not yet available for this type of request"}


@dataclass
class Dialect:
    """What differs from version to version and from proxy to proxy."""

    prefix: str = ""
    other_host: str | None = None
    """The base of the URLs in Link headers and Location, where external_url differs from the URL in use."""
    links: str = "both"
    """Offset pages: ``both``, ``link`` only or ``xnext`` only."""
    keyset: str = "yes"
    """``yes``, ``405`` or ``ignored``."""
    strings: bool = False
    duplicates: bool = False
    extras: bool = True
    schedule_order: str = "asc"
    schedule_params: bool = False
    schedule_source: str = "schedule"
    trace_elsewhere: str | None = None
    long_refs: bool = True
    old_projects: bool = False
    """No updated_at and nothing about what is switched on (older versions, the short form)."""
    says_open_issues: bool = True
    retried_by_default: bool = False
    group_issues: bool = True
    downstream_project: bool = True
    """downstream_pipeline says whose it is."""
    user_namespace: bool = False
    """/groups/:id/projects answers 404."""


@dataclass
class HostileGitLab:
    """The server. ``before`` is called with every request (to move the world while it is paged)."""

    world: World
    dialect: Dialect = field(default_factory=Dialect)
    faults: Faults = field(default_factory=Faults)
    latency: float = 0.0
    before: Callable[[Asked], None] = lambda _: None
    member_of: set[int] | None = None

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

    # -- pages

    def _list(
        self,
        asked: Asked,
        items: Sequence[Any],
        total: bool = True,
        keep: Callable[[Any], bool] | None = None,
        render: Callable[[Any], Json] = lambda item: item,
    ) -> Answer:
        """Offset pages; ``keep`` is the visibility filter, which comes after the paging."""
        per = max(1, min(100, int(asked.one("per_page", "20") or 20)))
        page = max(1, int(asked.one("page", "1") or 1))
        shown = list(items[(page - 1) * per : page * per])
        more = len(items) > page * per
        if keep is not None:
            shown = [item for item in shown if keep(item)]
        headers = {"X-Page": str(page), "X-Per-Page": str(per), "X-Prev-Page": str(page - 1) if page > 1 else ""}
        links = []
        if more:
            links.append(f'<{self._again(asked, page=page + 1, per_page=per)}>; rel="next"')
        if page > 1:
            links.insert(0, f'<{self._again(asked, page=page - 1, per_page=per)}>; rel="prev"')
        links.append(f'<{self._again(asked, page=1, per_page=per)}>; rel="first"')
        if total and len(items) <= 10_000:
            headers["X-Total"], headers["X-Total-Pages"] = str(len(items)), str(max(1, -(-len(items) // per)))
            links.append(f'<{self._again(asked, page=max(1, -(-len(items) // per)), per_page=per)}>; rel="last"')
        if self.dialect.links != "link":
            headers["X-Next-Page"] = str(page + 1) if more else ""
        if self.dialect.links != "xnext":
            headers["Link"] = ", ".join(links)
        return self._page([render(item) for item in shown], headers)

    def _keyset(self, asked: Asked, items: list[Any], cursor: str, render: Callable[[Any], Json]) -> Answer:
        """Pages by id; only a Link, and none at the end."""
        per = max(1, min(100, int(asked.one("per_page", "20") or 20)))
        rising = asked.one("sort", "desc") == "asc"
        items = sorted(items, key=lambda item: item.id, reverse=not rising)
        name = ("id_after" if rising else "id_before") if cursor == "id" else "cursor"
        if after := asked.one(name):
            edge = int(after.removeprefix("eyJpZCI6")) if name == "cursor" else int(after)
            items = [item for item in items if (item.id > edge if rising else item.id < edge)]
        shown, headers = items[:per], {}
        if len(items) > per:
            value = f"eyJpZCI6{shown[-1].id}" if name == "cursor" else str(shown[-1].id)
            headers["Link"] = f'<{self._again(asked, **{name: value})}>; rel="next"'
        return self._page([render(item) for item in shown], headers)

    def _again(self, asked: Asked, **changes: Any) -> str:
        query = {name: values if name.endswith("[]") else values[-1] for name, values in asked.query.items()} | changes
        return f"{self.dialect.other_host or self.wire.url}{asked.path}?{urlencode(query, doseq=True)}"

    def _page(self, items: list[Json], headers: dict[str, str]) -> Answer:
        shown = [self._dress(item) for item in items]
        if self.dialect.duplicates and shown:
            shown.insert(len(shown) // 2, shown[-1])
        answer = as_json(shown)
        answer.headers = headers
        return answer

    def _dress(self, item: Json) -> Json:
        """Without our own notes; with fields from the future, and numbers as strings where the dialect has them."""
        dressed = {name: value for name, value in item.items() if not name.startswith("_")}
        if self.dialect.extras:
            dressed |= {"field_from_the_future": {"nested": [1, None, {"id": 5}]}, "_links": {"self": "x"}}
        return _strings(dressed) if self.dialect.strings else dressed

    # -- the instance

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

    def _group_issues(self, asked: Asked, ident: str) -> Answer:
        name = unquote(ident).lower() + "/"
        found = [r for r in self._visible(asked) if r.path.lower().startswith(name)]
        if not self.dialect.group_issues or self.dialect.user_namespace or not found:
            return as_json({"message": "404 Group Not Found"}, 404)
        if (asked.one("non_archived") or "true").lower() in ("true", "1"):
            found = [r for r in found if not r.archived]
        readable = [r for r in found if r.issues_on and "issues" not in r.refuse]
        return self._issues_of(asked, [issue for r in readable for issue in r.issues])

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

    # -- CI

    def _pipelines(self, asked: Asked, repo: Repo) -> Answer:
        wanted = asked.one("source")
        found = [p for p in repo.pipelines if p.source == wanted or (wanted is None and p.source != "parent_pipeline")]
        for name, field_of in (("updated", "updated_at"), ("created", "created_at")):
            found = [p for p in found if _between(asked, name, getattr(p, field_of))]
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
        p = _by_id(repo.pipelines, ident)
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
        p = _by_id(repo.pipelines, ident)
        if p is None:
            return as_json({"message": "404 Not found"}, 404)
        found = [j for j in repo.jobs_of(p) if not j.bridge]
        if (asked.one("include_retried") or "").lower() not in ("true", "1"):
            found = [j for j in found if not repo.retried(j)]
        return self._list(asked, [self._job(repo, j) for j in _scoped(asked, found)], total=False)

    def _bridges(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        p = _by_id(repo.pipelines, ident)
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
            if (found := _by_id(repo.pipelines, str(job.downstream))) is not None:
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
        job = _by_id(repo.jobs, ident)
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
        job = _by_id(repo.jobs, ident)
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
        s = _by_id(repo.schedules, ident)
        if s is None:
            return as_json({"message": "404 Pipeline schedule Not Found"}, 404)
        runs = [p for p in repo.pipelines if p.schedule == s.id]
        last = self._pipeline(repo, max(runs, key=lambda p: p.id)) if runs else None
        return as_json(self._dress(self._schedule(repo, s) | {"last_pipeline": last, "variables": [], "inputs": []}))

    def _schedule_pipelines(self, asked: Asked, repo: Repo, ident: str) -> Answer:
        s = _by_id(repo.schedules, ident)
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
            created = {item["id"]: _parsed(item["created_at"]) for item in found}
            found = [item for item in found if _between(asked, "created", created[item["id"]])]
            if asked.one("sort") == "desc":
                found.reverse()
        elif self.dialect.schedule_order == "desc":
            found.reverse()
        elif self.dialect.schedule_order == "shuffled":
            found.sort(key=lambda item: (item["id"] * 2654435761) % 2**32)
        return self._list(asked, found)

    # -- history

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
        found = [c for c in repo.reachable(heads) if _between(asked, "", c.committed_at)]
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

    def _issues_of(self, asked: Asked, issues: list[Json]) -> Answer:
        found = [
            i for i in issues if _between(asked, "updated", i["_updated"]) and _between(asked, "created", i["_created"])
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


def _by_id(things: Sequence[Any], ident: str) -> Any:
    return next((thing for thing in things if str(thing.id) == ident), None)


def _over(status: str) -> bool:
    return status in ("success", "failed", "canceled", "skipped")


def _scoped(asked: Asked, jobs: list[Job]) -> list[Job]:
    wanted = asked.query.get("scope[]") or asked.query.get("scope")
    return [j for j in reversed(jobs) if not wanted or j.status in wanted]


def _between(asked: Asked, name: str, moment: datetime) -> bool:
    low = asked.one(f"{name}_after") if name else asked.one("since")
    high = asked.one(f"{name}_before") if name else asked.one("until")
    return (not low or moment >= _parsed(low)) and (not high or moment <= _parsed(high))


def _parsed(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _local(moment: datetime, offset: int) -> str:
    """A git date: with the author's offset."""
    there = moment + timedelta(minutes=offset)
    sign, minutes = ("-", -offset) if offset < 0 else ("+", offset)
    return there.strftime("%Y-%m-%dT%H:%M:%S.000") + f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _strings(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_strings(part) for part in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
