"""Plain web pages, so that a click on a web_url leads somewhere: projects, pipelines, jobs, commits, issues, people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from urllib.parse import quote

from dashlib.demo.graph import log
from dashlib.demo.logs import render_log
from dashlib.demo.model import Issue, Job, Pipeline, Project, User
from dashlib.demo.render import Renderer
from dashlib.demo.render_base import stamp
from dashlib.demo.render_ci import pipeline_label
from dashlib.demo.webhooks import WebHook
from dashlib.demo.world import World

_ROWS = 30
_LOG_SHOWN = 400_000
_NOISE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|section_(?:start|end):\d+:[\w.\-]+(?:\[[^\]]*\])?\r?")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #fafafa }
header { background: #2e2447; color: #fff; padding: .6rem 1.5rem } header a { color: #fff } header b { color: #f6c177 }
main { padding: 1rem 1.5rem; max-width: 70rem } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #e5e5e5; vertical-align: top }
pre { background: #111; color: #ddd; padding: 1rem; overflow-x: auto; font-size: 13px; white-space: pre-wrap }
.failed { color: #c01c28 } .success { color: #1a7f37 } .running { color: #1f6feb } .canceled, .skipped { color: #777 }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · simulated GitLab</title><style>{style}</style></head>
<body><header><a href="/">Ostrelune</a> · <b>simulated GitLab</b>: an invented company, nothing here is real</header>
<main><h1>{title}</h1>
{body}
</main></body></html>
"""


def _page(title: str, *parts: str) -> str:
    return _PAGE.format(title=escape(title), style=_STYLE, body="\n".join(parts))


def _link(url: str, text: object) -> str:
    return f'<a href="{escape(quote(url, safe="/:#?=&"))}">{escape(str(text))}</a>'


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><tr>{top}</tr>\n{body}</table>"


def _status(status: str, label: str = "") -> str:
    return f'<span class="{escape(status)}">{escape(label or status)}</span>'


def missing() -> str:
    """The page for everything that is not there."""
    return _page("404", "<p>There is no such page.</p>")


def page(world: World, render: Renderer, path: str) -> str | None:
    """The page at a path (already decoded), or None."""
    name, _, rest = path.strip("/").partition("/-/")
    if not name:
        return _projects(world.projects, "Projects")
    if name.startswith("groups/"):
        return _group(world, name.removeprefix("groups/"), rest)
    project = world.project_by_path.get(name) or world.project_by_old_path.get(name)
    if project is None:
        user = world.users_by_name.get(name)
        return _user(user) if user is not None and not user.deleted else None
    if rest == "hooks":
        return _project_hooks(world, project)
    kind, _, key = rest.partition("/")
    if not kind or kind == "tree":
        return _project(project)
    part = _PARTS.get(kind)
    return part(project, key) if part is not None else None


def _projects(projects: Iterable[Project], title: str) -> str:
    rows = (
        (_link(f"/{each.path}", each.path), escape(each.description), stamp(each.last_activity_at) or "")
        for each in projects
    )
    return _page(title, _table(("Project", "", "Last activity"), rows))


def _group(world: World, group: str, rest: str) -> str:
    if rest == "hooks":
        return _hooks(world, world.web_hooks.of(group=group), f"Webhooks of {group}")
    return _projects([each for each in world.projects if each.path.startswith(f"{group}/")], group)


def _project_hooks(world: World, project: Project) -> str:
    above = project.path.partition("/")[0]
    more = f"<p>{_link(f'/groups/{above}/-/hooks', f'Webhooks of {above}')} hear of it, too.</p>"
    return _hooks(world, world.web_hooks.of(project_id=project.id), f"Webhooks of {project.path}", more)


def _hooks(world: World, hooks: Iterable[WebHook], title: str, *more: str) -> str:
    now = world.web_hooks.clock()
    rows = [
        (
            escape(hook.url),
            escape(", ".join(sorted(hook.flags))),
            _status(*_HOOK_STATUS[hook.alert_status(now)]),
            str(hook.recent_failures),
            stamp(hook.disabled_until) or "",
        )
        for hook in hooks
    ]
    table = _table(("URL", "Events", "Status", "Failures in a row", "Paused until"), rows)
    return _page(title, table if rows else "<p>There are none.</p>", *more)


def _user(user: User) -> str:
    return _page(user.name, f"<p>@{escape(user.username)} · {escape(user.state)}</p>")


def _pipelines(pipelines: Iterable[Pipeline]) -> str:
    rows = (
        (
            _link(f"/{each.project.path}/-/pipelines/{each.id}", f"#{each.id}"),
            _status(each.status, pipeline_label(each)),
            escape(each.source),
            escape(each.ref),
            stamp(each.created_at) or "",
        )
        for each in pipelines
    )
    return _table(("Pipeline", "Status", "Source", "Ref", "Created"), rows)


def _project(project: Project) -> str:
    tips = [branch.head for branch in project.branches.values()]
    commits = (
        (
            _link(f"/{project.path}/-/commit/{each.id}", each.id[:8]),
            escape(each.title),
            escape(each.author_name),
            escape(str(each.committed)),
        )
        for each in log(project.commits, tips)[:_ROWS]
    )
    issues = (
        (_link(f"/{project.path}/-/issues/{each.iid}", f"#{each.iid}"), escape(each.title), each.state)
        for each in reversed(project.issues)
    )
    plans = (
        (
            escape(each.description),
            each.cron,
            escape(each.cron_timezone),
            "active" if each.active else "inactive",
            escape(each.owner.name if each.owner else "nobody"),
        )
        for each in project.schedules
    )
    return _page(
        project.path,
        f"<p>{escape(project.description)}</p><h2>Pipelines</h2>",
        _pipelines(project.pipelines[: -_ROWS - 1 : -1]),
        "<h2>Schedules</h2>",
        _table(("Schedule", "Cron", "Zone", "", "Owner"), plans),
        "<h2>Commits</h2>",
        _table(("Commit", "Title", "Author", "Committed"), commits),
        "<h2>Issues</h2>",
        _table(("Issue", "Title", "State"), issues),
    )


def _number(key: str) -> int:
    return int(key) if key.isdigit() else -1


def _pipeline(project: Project, key: str) -> str | None:
    found = project.pipeline_by_id.get(_number(key))
    if found is None:
        return None if key else _page(f"Pipelines of {project.path}", _pipelines(project.pipelines[: -_ROWS - 1 : -1]))
    rows = (
        (
            _link(f"/{project.path}/-/jobs/{job.id}", job.name),
            escape(job.stage),
            _status(job.status, f"{job.status} (retried)" if job.retried else job.status),
            "may fail" if job.allow_failure else "",
            f"{job.duration:.0f} s" if job.duration is not None else "",
        )
        for job in sorted(found.jobs, key=lambda job: job.id)
    )
    below = [job.downstream for job in found.bridges if job.downstream is not None]
    return _page(
        f"Pipeline #{found.id}",
        f"<p>{_status(found.status, pipeline_label(found))} · {escape(found.source)} · {escape(found.ref)} · "
        f"{_link(f'/{project.path}/-/commit/{found.sha}', found.sha[:8])} ·"
        f" {_link(f'/{project.path}', project.path)}</p>",
        _table(("Job", "Stage", "Status", "", "Time"), rows),
        "<h2>Child pipelines</h2>" + _pipelines(below) if below else "",
    )


def _job(project: Project, key: str) -> str | None:
    found: Job | None = project.job_by_id.get(_number(key.partition("/")[0]))
    if found is None:
        return None
    log_text = b"" if found.trace == "missing" else render_log(found)[:_LOG_SHOWN]
    text = _NOISE.sub("", log_text.decode("utf-8", "replace")).replace("\r", "\n")
    above = found.pipeline.id
    return _page(
        f"Job {found.name}",
        f"<p>{_status(found.status)} · {escape(found.failure_reason or '')} · "
        f"{_link(f'/{project.path}/-/pipelines/{above}', f'pipeline #{above}')} ·"
        f" {_link(f'/{project.path}', project.path)}</p>",
        f"<pre>{escape(text)}</pre>" if text else "<p>This job has no log.</p>",
    )


def _commit(project: Project, key: str) -> str | None:
    found = project.commits.get(key)
    if found is None:
        return None
    parents = " ".join(_link(f"/{project.path}/-/commit/{sha}", sha[:8]) for sha in found.parents)
    return _page(
        found.title,
        f"<p>{escape(found.author_name)} &lt;{escape(found.author_email)}&gt; · {found.committed} ·"
        f" parents: {parents}</p>",
        f"<pre>{escape(found.message)}</pre><p>+{found.additions} −{found.deletions}</p>",
        _pipelines([each for each in project.pipelines if each.sha == found.id]),
    )


def _issue(project: Project, key: str) -> str | None:
    if key == "new":
        return _page(f"New issue in {project.path}", "<p>The simulated GitLab has no form: use the API.</p>")
    found: Issue | None = next((each for each in project.issues if str(each.iid) == key), None)
    if found is None:
        return None
    notes = ((escape(each.author.name), escape(each.body), stamp(each.created_at) or "") for each in found.notes)
    return _page(
        found.title,
        f"<p>#{found.iid} · {found.state} · {escape(', '.join(found.labels))} ·"
        f" {_link(f'/{project.path}', project.path)}</p>",
        f"<pre>{escape(found.description)}</pre>",
        _table(("Who", "Comment", "When"), notes),
    )


_HOOK_STATUS = {
    "executable": ("success", "Active"),
    "temporarily_disabled": ("running", "Temporarily disabled"),
    "disabled": ("failed", "Disabled"),
}
_PARTS: dict[str, Callable[[Project, str], str | None]] = {
    "pipelines": _pipeline,
    "jobs": _job,
    "commit": _commit,
    "issues": _issue,
}
