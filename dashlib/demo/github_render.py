"""The company's repositories as GitHub would tell them: its JSON, in the shapes of the REST API's documents.

What GitHub has not is left out (child pipelines, trigger jobs); what it says otherwise is said its way: a status and a
conclusion, attempts, cron lines in workflow files, a log's lines behind time stamps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dashlib.demo.cron import RAILS_ZONES
from dashlib.demo.logs import render_log
from dashlib.demo.model import Commit, Job, Pipeline, Project, Schedule, User

FOLDER = ".github/workflows"
_UNDER_WAY = {
    "created": "requested", "pending": "queued", "waiting_for_resource": "waiting", "preparing": "queued",
    "scheduled": "waiting", "running": "in_progress", "canceling": "in_progress",
}  # fmt: skip
_ENDED = {
    "success": "success", "failed": "failure", "canceled": "cancelled", "skipped": "skipped",
    "manual": "action_required",
}  # fmt: skip
_EVENTS = {"web": "workflow_dispatch", "trigger": "repository_dispatch", "merge_request_event": "pull_request"}
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][+ ]", re.MULTILINE)
_SECTION = re.compile(r"section_(start|end):\d+:[\w.\-]+(?:\[[^\]\n]*\])?\r?|\x1b\[0K")


def full_name(project: Project) -> str:
    """``owner/name``: GitHub has no groups within groups."""
    owner, _, rest = project.path.partition("/")
    return f"{owner}/{rest.replace('/', '-')}"


def stamp(moment: datetime | None) -> str | None:
    """A time as the REST API writes it: whole seconds, UTC."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def user(found: User | None, web: str) -> dict[str, Any] | None:
    """An account in its short form."""
    if found is None:
        return None
    return {
        "login": found.username, "id": found.id, "type": "Bot" if found.bot else "User", "site_admin": False,
        "avatar_url": f"{web}/avatars/{found.id}", "html_url": f"{web}/{found.username}",
    }  # fmt: skip


def repository(project: Project, web: str) -> dict[str, Any]:
    """A repository as its lists tell it; ``pushed_at`` is when something was pushed last."""
    name = full_name(project)
    owner = name.partition("/")[0]
    pushed = max((at for at, _ in project.heads), default=project.created_at)
    return {
        "id": project.id, "name": name.partition("/")[2], "full_name": name, "private": project.visibility != "public",
        "visibility": "public" if project.visibility == "public" else "private", "fork": False,
        "owner": {"login": owner, "id": 9000 + len(owner), "type": "Organization", "html_url": f"{web}/{owner}"},
        "html_url": f"{web}/{name}", "description": project.description, "archived": project.archived,
        "disabled": False, "has_issues": True, "topics": list(project.topics),
        "default_branch": project.default_branch or "main", "created_at": stamp(project.created_at),
        "updated_at": stamp(project.updated_at), "pushed_at": stamp(pushed),
    }  # fmt: skip


def workflow(project: Project, schedule: Schedule | None, web: str) -> dict[str, Any]:
    """A workflow: one for each schedule, and one for everything else."""
    ident = workflow_id(project, schedule)
    path = f"{FOLDER}/{'ci' if schedule is None else f'nightly-{schedule.id}'}.yml"
    made = project.created_at if schedule is None else schedule.created_at
    moved = made if schedule is None else schedule.updated_at
    state = "active" if schedule is None or schedule.active else "disabled_manually"
    return {
        "id": ident, "name": "CI" if schedule is None else schedule.description, "path": path, "state": state,
        "created_at": stamp(made), "updated_at": stamp(moved),
        "html_url": f"{web}/{full_name(project)}/blob/main/{path}",
    }  # fmt: skip


def workflow_id(project: Project, schedule: Schedule | None) -> int:
    """The number of a workflow."""
    return 10_000_000 + project.id if schedule is None else 20_000_000 + schedule.id


def workflow_file(schedule: Schedule | None) -> str:
    """The text of a workflow file; a zone other than UTC stands beside the cron line."""
    if schedule is None:
        return "name: CI\non: [push, pull_request]\njobs:\n  build:\n    runs-on: ubuntu-latest\n"
    zone = RAILS_ZONES.get(schedule.cron_timezone, schedule.cron_timezone)
    said = "" if zone == "UTC" else f"\n      timezone: {zone}"
    return (
        f"name: {schedule.description!r}\non:\n  workflow_dispatch:\n  schedule:\n    - cron: '{schedule.cron}'{said}\n"
        "jobs:\n  build:\n    runs-on: ubuntu-latest\n"
    )


def attempts(pipeline: Pipeline) -> dict[int, int]:
    """Which attempt each job (by id) belongs to: the second job of a name is of the second attempt."""
    seen: dict[str, int] = {}
    found = {}
    for job in sorted(pipeline.jobs, key=lambda each: each.id):
        seen[job.name] = found[job.id] = seen.get(job.name, 0) + 1
    return found


def run(pipeline: Pipeline, web: str) -> dict[str, Any]:
    """A workflow run: a pipeline."""
    project, name = pipeline.project, full_name(pipeline.project)
    began = pipeline.started_at or pipeline.created_at
    updated = max(filter(None, (pipeline.updated_at, began, pipeline.created_at)))
    person = user(pipeline.user, web)
    made = workflow(project, pipeline.schedule, web)
    return {
        "id": pipeline.id, "name": made["name"], "head_branch": pipeline.ref, "head_sha": pipeline.sha,
        "path": made["path"], "display_title": made["name"], "run_number": pipeline.iid,
        "run_attempt": max(attempts(pipeline).values(), default=1),
        "event": _EVENTS.get(pipeline.source, pipeline.source), **_state(pipeline.status),
        "workflow_id": made["id"], "html_url": f"{web}/{name}/actions/runs/{pipeline.id}", "pull_requests": [],
        "created_at": stamp(pipeline.created_at), "updated_at": stamp(updated), "run_started_at": stamp(began),
        "actor": person, "triggering_actor": person,
    }  # fmt: skip


def job(found: Job, attempt: int, web: str) -> dict[str, Any]:
    """A job of a run; one that waits has a "start" all the same."""
    pipeline, name = found.pipeline, full_name(found.project)
    return {
        "id": found.id, "run_id": pipeline.id, "run_attempt": attempt, "name": found.name,
        "workflow_name": workflow(found.project, pipeline.schedule, web)["name"], "head_branch": pipeline.ref,
        "head_sha": pipeline.sha, **_state(found.status), "created_at": stamp(found.created_at),
        "started_at": stamp(found.started_at or found.created_at), "completed_at": stamp(found.finished_at),
        "labels": ["ubuntu-latest"], "runner_id": found.runner, "steps": [],
        "runner_name": None if found.runner is None else f"runner-{found.runner}",
        "runner_group_name": None if found.runner is None else "Default",
        "html_url": f"{web}/{name}/actions/runs/{pipeline.id}/job/{found.id}",
    }  # fmt: skip


def _state(status: str) -> dict[str, str | None]:
    if status in _ENDED:
        return {"status": "completed", "conclusion": _ENDED[status]}
    return {"status": _UNDER_WAY.get(status, "queued"), "conclusion": None}


def log(found: Job) -> bytes:
    """A job's log: every line behind a time stamp of seven digits, commands in groups, the end marked as an error."""
    told = render_log(found).decode("utf-8", "replace").replace("\r\n", "\n")
    if not told:
        return b""
    lines = _SECTION.sub("", _STAMP.sub("", told)).split("\n")
    body = ["##[group]Run make nightly", "make nightly", "##[endgroup]", *lines]
    body.append("##[error]Process completed with exit code 1." if found.status == "failed" else "Cleaning up")
    return ("\ufeff" + "\n".join(_stamped(body, found.started_at or found.created_at)) + "\n").encode()


def _stamped(lines: list[str], began: datetime) -> Iterator[str]:
    began = began.astimezone(UTC).replace(tzinfo=None)
    for place, line in enumerate(lines):
        # A huge log has a hundred thousand: strftime takes ten times as long.
        yield f"{(began + timedelta(milliseconds=37 * place)).isoformat(timespec='microseconds')}0Z {line}"


def commit(found: Commit, project: Project, web: str, known: dict[str, User]) -> dict[str, Any]:
    """A commit of REST's list: UTC, no lines, and the account that GitHub knows by the address."""
    return {
        "sha": found.id, "html_url": f"{web}/{full_name(project)}/commit/{found.id}",
        "commit": {
            "message": found.message,
            "author": {"name": found.author_name, "email": found.author_email, "date": stamp(found.authored)},
            "committer": {
                "name": found.committer_name, "email": found.committer_email, "date": stamp(found.committed),
            },
        },
        "author": user(known.get(found.author_email.lower()), web),
        "parents": [{"sha": parent} for parent in found.parents],
    }  # fmt: skip


def graph_commit(found: Commit, project: Project, web: str, known: dict[str, User]) -> dict[str, Any]:
    """A commit of GraphQL's history: with its lines, and its author's own clock."""
    person = known.get(found.author_email.lower())
    return {
        "oid": found.id, "message": found.message, "url": f"{web}/{full_name(project)}/commit/{found.id}",
        "committedDate": stamp(found.committed), "authoredDate": stamp(found.authored),
        "additions": found.additions, "deletions": found.deletions,
        "author": {
            "name": found.author_name, "email": found.author_email,
            "date": found.authored.isoformat(timespec="seconds"),
            "user": None if person is None else {
                "databaseId": person.id, "login": person.username, "name": person.name,
                "avatarUrl": f"{web}/avatars/{person.id}", "url": f"{web}/{person.username}",
            },
        },
        "committer": {"name": found.committer_name, "email": found.committer_email},
        "parents": {"nodes": [{"oid": parent} for parent in found.parents]},
    }  # fmt: skip
