"""GitHub's webhooks (push, workflow_run, workflow_job, ping) to rows. Pure.

Shapes: octokit/webhooks, payload-examples. The rows of runs, jobs and repositories are those of the API (``rows``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dashlib.sources.github import rows as made
from dashlib.sources.github.rows import SOURCE
from dashlib.sources.gitlab.events import push_data, push_list
from dashlib.sources.gitlab.shapes import number, stable_id, text, thing, things
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, whole
from dashlib.sources.tables import COMMITS, EVENTS, JOBS, PIPELINES, PROJECTS, PUSH_LISTS, USERS


def kind_of(_: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    """``X-GitHub-Event``: the body does not name its kind."""
    return headers.get("x-github-event", "").strip() or None


def shape(kind: str, hook: Hook) -> Shaped | None:
    """The rows of a delivery; None for a kind that no table is made for. Raises Unshapeable."""
    function = _SHAPES.get(kind)
    return None if function is None else function(hook)


def push(hook: Hook) -> Shaped:
    """A push to a branch or a tag: one event, and its commits. Its time is that of its arrival."""
    body = thing(hook.payload)
    if not text(body.get("ref")):
        raise Unshapeable("the push names no ref")
    project_id, path, rows = _repository(body, None)
    told = push_data({**body, "total_commits_count": None})
    sender, pusher = thing(body.get("sender")), thing(body.get("pusher"))
    login = text(sender.get("login")) or text(pusher.get("name"))
    action = {"created": "pushed new", "removed": "deleted"}.get(told["action"], "pushed to")
    parts = [told["ref_type"], told["ref"], told["commit_from"], told["commit_to"]]
    row = dict.fromkeys(EVENTS.groups["event"].columns) | {
        "source": SOURCE,
        "id": stable_id(["hook", SOURCE, project_id, login, *parts, *([hook.turn] if hook.turn else [])]),
        "project_id": project_id,
        "action_name": action,
        "author_id": number(sender.get("id")),
        "author_username": login,
        "author_name": login,
        "created_at": hook.received_at,
        "push_action": told["action"],
        "by_hook": True,
        **{name: told[name] for name in ("ref_type", "ref", "commit_from", "commit_to", "commit_count")},
        "commit_title": told["commit_title"],
    }
    rows.add(EVENTS, row)
    rows.add(PUSH_LISTS, push_list(project_id, body))
    commits = (commit for commit in things(body.get("commits")) if commit.get("id"))
    rows.add(COMMITS, *(made.pushed_commit_row(project_id, commit) for commit in commits))
    rows.add(USERS, *made.user_rows(sender))
    subject = f"push:{':'.join(part or '' for part in parts)}"
    return Shaped(rows.changes(), project_id, path, subject)


def workflow_run(hook: Hook) -> Shaped:
    """A run of a workflow: a pipeline."""
    body = thing(hook.payload)
    run = thing(body.get("workflow_run"))
    whole(run, "id", "the workflow run")
    updated = made.run_version(run)
    project_id, path, rows = _repository(body, updated)
    row = made.run_row(project_id, run, by_api=False, workflow=text(thing(body.get("workflow")).get("name")))
    rows.add(PIPELINES, row)
    rows.add(USERS, *made.user_rows(thing(run.get("actor")), made.run_actor(run), thing(body.get("sender"))))
    return Shaped(rows.changes(), project_id, path, f"pipeline:{row['id']}", updated)


def workflow_job(hook: Hook) -> Shaped:
    """A job of a workflow run; whoever is named as the sender started it."""
    body = thing(hook.payload)
    job = thing(body.get("workflow_job"))
    for name in ("id", "run_id"):
        whole(job, name, "the workflow job")
    at, sender = made.job_version(job), thing(body.get("sender"))
    project_id, path, rows = _repository(body, at)
    row = made.job_row(project_id, job, number(sender.get("id")), text(sender.get("login")), by_api=False)
    rows.add(JOBS, row)
    rows.add(USERS, *made.user_rows(sender))
    return Shaped(rows.changes(), project_id, path, f"job:{row['id']}", at)


def ping(hook: Hook) -> Shaped | None:
    """The first delivery of a new webhook: it tells the repository, or (an organisation's) nothing."""
    body = thing(hook.payload)
    if number(thing(body.get("repository")).get("id")) is None:
        return None
    project_id, path, rows = _repository(body, None)
    rows.add(USERS, *made.user_rows(thing(body.get("sender"))))
    return Shaped(rows.changes(), project_id, path, "ping")


def _repository(body: Mapping[str, Any], as_of: datetime | None) -> tuple[int, str, Rows]:
    """The repository's id here, its path, and its row, begun. Raises Unshapeable where none is named."""
    said = thing(body.get("repository"))
    native, path = number(said.get("id")), text(said.get("full_name"))
    if native is None or not path:
        raise Unshapeable("it names no repository")
    row = made.repository_row({**said, "id": native, "full_name": path}, as_of)
    rows = Rows()
    rows.add(PROJECTS, row)
    return int(row["id"]), path, rows


_SHAPES: dict[str, Callable[[Hook], Shaped | None]] = {
    "push": push,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
    "ping": ping,
}
