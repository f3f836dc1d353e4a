"""GitHub's webhooks (push, workflow_run, workflow_job, ping) to rows. Pure.

Shapes: octokit/webhooks, payload-examples. Ids are hashes of (``github``, GitHub's own id), so that they never meet
GitLab's. A re-run keeps its id and raises ``run_attempt``: it is the same pipeline that runs again, with new jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.github import status as words
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import co_authors
from dashlib.sources.gitlab.events import push_data
from dashlib.sources.gitlab.shapes import number, stable_id, text, texts, thing, things, truth
from dashlib.sources.gitlab.status import rank
from dashlib.sources.hook import Hook, Rows, Shaped, Unshapeable, foreign_id
from dashlib.sources.tables import COMMITS, EVENTS, JOBS, PIPELINES, PROJECTS, USERS

SOURCE = "github"


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
        "id": stable_id(["hook", SOURCE, project_id, login, *parts]),
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
    rows.add(COMMITS, *(_commit(project_id, commit) for commit in things(body.get("commits")) if commit.get("id")))
    _add_users(rows, sender)
    subject = f"push:{':'.join(part or '' for part in parts)}"
    return Shaped(rows.changes(), project_id, path, subject)


def workflow_run(hook: Hook) -> Shaped:
    """A run of a workflow: a pipeline."""
    body = thing(hook.payload)
    run = thing(body.get("workflow_run"))
    if number(run.get("id")) is None:
        raise Unshapeable("the workflow run has no id")
    created, began = stamps.utc(run.get("created_at")), stamps.utc(run.get("run_started_at"))
    updated = stamps.newest(stamps.utc(run.get("updated_at")), began, created)
    project_id, path, rows = _repository(body, updated)
    state = words.status(text(run.get("status")), text(run.get("conclusion")))
    ended = updated if run.get("status") == "completed" else None
    actor = thing(run.get("triggering_actor")) or thing(run.get("actor"))
    changed, place = stamps.second(updated), rank(state)
    row: Row = {
        "project_id": project_id,
        "id": foreign_id(SOURCE, run["id"]),
        "iid": number(run.get("run_number")),
        "source": words.source(text(run.get("event"))),
        "ref": text(run.get("head_branch")),
        "sha": text(run.get("head_sha")),
        "name": text(run.get("name")) or text(thing(body.get("workflow")).get("name")),
        "web_url": text(run.get("html_url")),
        "created_at": created,
        "by_api": False,
        "identified_at": updated,
        "status": state,
        "updated_at": updated,
        "changed_at": changed,
        "state_rank": place,
        "tag": None,
        "before_sha": None,
        "queued_duration": None,
        "detail_finished_at": ended,
        "detail_duration": (ended - began).total_seconds() if ended and began else None,
        "detail_user_id": number(actor.get("id")),
        "detail_username": text(actor.get("login")),
        "run_at": changed,
        "run_rank": place,
    }
    rows.add(PIPELINES, row)
    _add_users(rows, thing(run.get("actor")), actor, thing(body.get("sender")))
    return Shaped(rows.changes(), project_id, path, f"pipeline:{row['id']}", updated)


def workflow_job(hook: Hook) -> Shaped:
    """A job of a workflow run; each attempt has an id of its own. Its stage is the workflow."""
    body = thing(hook.payload)
    job = thing(body.get("workflow_job"))
    if number(job.get("id")) is None or number(job.get("run_id")) is None:
        raise Unshapeable("the workflow job has no id or no run_id")
    created, began, ended = (stamps.utc(job.get(name)) for name in ("created_at", "started_at", "completed_at"))
    at = stamps.newest(created, began, ended)
    project_id, path, rows = _repository(body, at)
    conclusion = text(job.get("conclusion"))
    state = words.status(text(job.get("status")), conclusion)
    # GitHub tells a "start" of a job that still waits.
    ran = began if state not in ("created", "pending", "waiting_for_resource", "skipped") else None
    row: Row = {
        "project_id": project_id,
        "id": foreign_id(SOURCE, job["id"]),
        "pipeline_id": foreign_id(SOURCE, job["run_id"]),
        "kind": "build",
        "name": text(job.get("name")),
        "stage": text(job.get("workflow_name")),
        "status": state,
        "allow_failure": False,
        "failure_reason": words.failure_reason(conclusion) if state == "failed" else None,
        "created_at": created,
        "started_at": ran,
        "finished_at": ended,
        "duration": (ended - ran).total_seconds() if ended and ran and ended >= ran else None,
        "queued_duration": (ran - created).total_seconds() if ran and created and ran >= created else None,
        "user_id": number(thing(body.get("sender")).get("id")),
        "username": text(thing(body.get("sender")).get("login")),
        "runner_id": number(job.get("runner_id")),
        "runner_description": text(job.get("runner_name")),
        "runner_type": text(job.get("runner_group_name")),
        "changed_at": stamps.second(at),
        "state_rank": rank(state),
        "ref": text(job.get("head_branch")),
        "tag": None,
        "sha": text(job.get("head_sha")),
        "coverage": None,
        "tag_list": texts(job.get("labels")),
        "erased_at": None,
        "web_url": text(job.get("html_url")),
        "run_attempt": number(job.get("run_attempt")),
    }
    rows.add(JOBS, row)
    _add_users(rows, thing(body.get("sender")))
    return Shaped(rows.changes(), project_id, path, f"job:{row['id']}", at)


def ping(hook: Hook) -> Shaped | None:
    """The first delivery of a new webhook: it tells the repository, or (an organisation's) nothing."""
    body = thing(hook.payload)
    if number(thing(body.get("repository")).get("id")) is None:
        return None
    project_id, path, rows = _repository(body, None)
    _add_users(rows, thing(body.get("sender")))
    return Shaped(rows.changes(), project_id, path, "ping")


def _repository(body: Mapping[str, Any], as_of: datetime | None) -> tuple[int, str, Rows]:
    """The repository's id here, its path, and its row, begun. Raises Unshapeable where none is named."""
    said = thing(body.get("repository"))
    native, path = number(said.get("id")), text(said.get("full_name"))
    if native is None or not path:
        raise Unshapeable("it names no repository")
    ident = foreign_id(SOURCE, native)
    row = dict.fromkeys(PROJECTS.groups["list"].columns) | {
        "id": ident,
        "source": SOURCE,
        "native_id": str(native),
        "path_with_namespace": path,
        "name": text(said.get("name")) or path.rpartition("/")[2],
        "namespace": path.rpartition("/")[0],
        "web_url": text(said.get("html_url")),
        "changed_at": as_of,
        "description": text(said.get("description")),
        "default_branch": text(said.get("default_branch")),
        "visibility": text(said.get("visibility")) or ("private" if truth(said.get("private")) else "public"),
        "archived": truth(said.get("archived")),
        "topics": texts(said.get("topics")),
        "issues_enabled": truth(said.get("has_issues")),
        "created_at": _moment(said.get("created_at")),
        "updated_at": _moment(said.get("updated_at")),
        "last_activity_at": _moment(said.get("pushed_at")),
    }
    rows = Rows()
    rows.add(PROJECTS, row)
    return ident, path, rows


def _commit(project_id: int, json: Mapping[str, Any]) -> Row:
    author = thing(json.get("author"))
    message = text(json.get("message")) or ""
    return {
        "project_id": project_id,
        "id": text(json["id"]),
        "title": message.partition("\n")[0],
        "message": message,
        "author_name": text(author.get("name")),
        "author_email": text(author.get("email")),
        "committed_at": stamps.utc(json.get("timestamp")),
        "co_authors": co_authors(message),
        "web_url": text(json.get("url")),
    }


def _add_users(rows: Rows, *users: Mapping[str, Any]) -> None:
    """Accounts with GitHub's own number: private commit addresses carry it."""
    for user in users:
        ident, login = number(user.get("id")), text(user.get("login"))
        if ident is not None and login is not None:
            known = dict.fromkeys(USERS.groups["user"].columns)
            rows.add(USERS, {
                **known, "source": SOURCE, "id": ident, "username": login, "name": text(user.get("name")),
                "bot": user.get("type") == "Bot", "avatar_url": text(user.get("avatar_url")),
                "web_url": text(user.get("html_url")),
            })  # fmt: skip


def _moment(value: Any) -> datetime | None:
    """Pushes tell the times of their repository in Unix seconds, everything else in ISO 8601."""
    seconds = number(value)
    if seconds is None:
        return stamps.utc(value)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


_SHAPES: dict[str, Callable[[Hook], Shaped | None]] = {
    "push": push,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
    "ping": ping,
}
