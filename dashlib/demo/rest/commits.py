"""Commits and branches (GITLAB.md 2.2)."""

from __future__ import annotations

from dashlib.demo.calls import Call, Handler, Reply, not_found, text_reply
from dashlib.demo.graph import log
from dashlib.demo.model import Branch, Commit, Project
from dashlib.demo.paging import page

_SHORTEST = 7


def _resolve(project: Project, ref: str) -> str:
    """The sha a branch, a sha or a short sha stands for."""
    ref = ref.removeprefix("refs/heads/")
    branch = project.branches.get(ref)
    if branch is not None:
        return branch.head
    if ref in project.commits:
        return ref
    if len(ref) >= _SHORTEST:
        for sha in project.commits:
            if sha.startswith(ref):
                return sha
    raise not_found("Commit")


def _walk(call: Call, project: Project) -> list[Commit]:
    ref = call.get("ref_name") or project.default_branch or "main"
    if call.flag("all"):
        return log(project.commits, [branch.head for branch in project.branches.values()])
    if ".." in ref:
        left, _, right = ref.partition("..")
        return log(project.commits, [_resolve(project, right.lstrip("."))], [_resolve(project, left)])
    return log(project.commits, [_resolve(project, ref)])


def commits(call: Call) -> Reply:
    """`GET …/repository/commits`: since and until look at the committer date; never a total."""
    project = call.project()
    if project.default_branch is None:
        raise not_found("Repository")
    rows = _walk(call, project)
    if call.flag("first_parent") and rows:
        line, sha = [], rows[0].id
        while sha in project.commits:
            line.append(project.commits[sha])
            sha = line[-1].parents[0] if line[-1].parents else ""
        rows = line
    since, until = call.moment("since"), call.moment("until")
    author, path = (call.get("author") or "").lower(), call.get("path")
    rows = [
        commit
        for commit in rows
        if (since is None or commit.committed >= since)
        and (until is None or commit.committed <= until)
        and (not author or author in f"{commit.author_name} <{commit.author_email}>".lower())
        and (not path or any(name.startswith(path) for name in commit.files))
    ]
    stats, trailers = call.flag("with_stats"), call.flag("trailers")

    def render(commit: Commit) -> str:
        if stats or trailers:
            return call.render.rich_commit(commit, project, stats=stats, trailers=trailers)
        return call.render.commit(commit, project)

    return page(call, rows, render, counted=False)


def commit(call: Call) -> Reply:
    """`GET …/repository/commits/:sha`."""
    project = call.project()
    found = project.commits[_resolve(project, call.args["sha"])]
    row = call.render.rich_commit(found, project, stats=True, trailers=True)
    last = next((each for each in reversed(project.pipelines) if each.sha == found.id), None)
    shown = "null" if last is None else call.render.pipeline(last)
    status = "null" if last is None else f'"{last.status}"'
    return text_reply(f'{row[:-1]},"status":{status},"project_id":{project.id},"last_pipeline":{shown}}}')


def branches(call: Call) -> Reply:
    """`GET …/repository/branches`, by `search`."""
    project = call.project()
    search = call.get("search") or ""
    rows = sorted((branch for branch in project.branches.values() if search in branch.name), key=lambda each: each.name)
    return page(call, rows, lambda branch: call.render.branch(branch, project))


def branch(call: Call) -> Reply:
    """`GET …/repository/branches/:branch`."""
    project = call.project()
    found: Branch | None = project.branches.get(call.args["branch"])
    if found is None:
        raise not_found("Branch")
    return text_reply(call.render.branch(found, project))


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects/:id/repository/commits", commits),
    ("GET", "/projects/:id/repository/commits/:sha", commit),
    ("GET", "/projects/:id/repository/branches", branches),
    ("GET", "/projects/:id/repository/branches/:branch", branch),
)
