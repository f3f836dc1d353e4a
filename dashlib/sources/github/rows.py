"""GitHub's repositories, runs, jobs, commits and accounts to rows, for its API and its webhooks alike. Pure.

Shapes: the REST API's documents (docs.github.com/rest) and octokit/webhooks' payload-examples, which agree in these
objects. Ids are hashes of (``github``, GitHub's own id), so that they never meet GitLab's; accounts keep their number,
since private commit addresses carry it. A re-run keeps its id and raises ``run_attempt``: it is the same pipeline that
runs again, with new jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dashlib.model import Row
from dashlib.sources.github import status as words
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import co_authors, git_name
from dashlib.sources.gitlab.shapes import number, text, texts, thing, things, truth
from dashlib.sources.gitlab.status import rank
from dashlib.sources.hook import foreign_id
from dashlib.sources.projects import called
from dashlib.sources.tables import USERS

SOURCE = "github"
_WAITING = ("created", "pending", "waiting_for_resource", "skipped")


def repository_row(json: Mapping[str, Any], as_of: datetime | None) -> Row:
    """One repository; ``as_of`` is when its name was so (UTC). Raises KeyError without ``id`` and ``full_name``."""
    name, address = text(json.get("name")), text(json.get("html_url"))
    return called(SOURCE, json["id"], str(json["full_name"]), name, address, as_of) | {
        "id": foreign_id(SOURCE, json["id"]),
        "description": text(json.get("description")),
        "default_branch": text(json.get("default_branch")),
        "visibility": text(json.get("visibility")) or ("private" if truth(json.get("private")) else "public"),
        "archived": truth(json.get("archived")),
        "topics": texts(json.get("topics")),
        "builds_enabled": None,
        "issues_enabled": truth(json.get("has_issues")),
        "namespace_id": None,
        "created_at": moment(json.get("created_at")),
        "updated_at": moment(json.get("updated_at")),
        "last_activity_at": moment(json.get("pushed_at")),
    }


def run_row(project_id: int, json: Mapping[str, Any], *, by_api: bool, workflow: str | None = None) -> Row:
    """A run of a workflow: a pipeline. ``workflow`` is the workflow's name where the run itself has none."""
    created, began = stamps.utc(json.get("created_at")), stamps.utc(json.get("run_started_at"))
    updated = run_version(json)
    state = words.status(text(json.get("status")), text(json.get("conclusion")))
    ended = updated if json.get("status") == "completed" else None
    actor = run_actor(json)
    changed, place = stamps.second(updated), rank(state)
    return {
        "project_id": project_id,
        "id": foreign_id(SOURCE, json["id"]),
        "iid": number(json.get("run_number")),
        "source": words.source(text(json.get("event"))),
        "ref": text(json.get("head_branch")),
        "sha": text(json.get("head_sha")),
        "name": text(json.get("name")) or workflow,
        "web_url": text(json.get("html_url")),
        "created_at": created,
        "by_api": by_api,
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


def run_detail(row: Row, json: Mapping[str, Any]) -> Row:
    """What the API alone says of a run: when its present attempt began (a run that waits has not, whatever it says)."""
    began = stamps.utc(json.get("run_started_at")) if row["status"] not in _WAITING else None
    return {
        **row,
        "yaml_errors": None,
        "coverage": None,
        "detail_started_at": began,
        "detail_at": row["updated_at"],
    }


def run_version(json: Mapping[str, Any]) -> datetime | None:
    """The greatest time stamp of a run (UTC)."""
    return stamps.newest(*(stamps.utc(json.get(name)) for name in ("updated_at", "run_started_at", "created_at")))


def run_actor(json: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who started the present attempt of a run; of a scheduled one, who last edited its cron line."""
    return thing(json.get("triggering_actor")) or thing(json.get("actor"))


def job_row(
    project_id: int, json: Mapping[str, Any], user_id: int | None, username: str | None, *, by_api: bool = True
) -> Row:
    """A job of a workflow run; each attempt has an id of its own. Its stage is the workflow.

    A job does not say who started it: ``user_id`` and ``username`` come from beside it. A hook tells all that the API
    tells of a job, so that only ``by_api`` says which of them it was.
    """
    created, began, ended = (stamps.utc(json.get(name)) for name in ("created_at", "started_at", "completed_at"))
    conclusion = text(json.get("conclusion"))
    state = words.status(text(json.get("status")), conclusion)
    # GitHub tells a "start" of a job that still waits.
    ran = began if state not in _WAITING else None
    return {
        "project_id": project_id,
        "id": foreign_id(SOURCE, json["id"]),
        "pipeline_id": foreign_id(SOURCE, json["run_id"]),
        "kind": "build",
        "name": text(json.get("name")),
        "stage": text(json.get("workflow_name")),
        "status": state,
        "allow_failure": False,
        "failure_reason": words.failure_reason(conclusion) if state == "failed" else None,
        "created_at": created,
        "started_at": ran,
        "finished_at": ended,
        "duration": (ended - ran).total_seconds() if ended and ran and ended >= ran else None,
        "queued_duration": (ran - created).total_seconds() if ran and created and ran >= created else None,
        "user_id": user_id,
        "username": username,
        "runner_id": number(json.get("runner_id")),
        "runner_description": text(json.get("runner_name")),
        "runner_type": text(json.get("runner_group_name")),
        "changed_at": stamps.second(job_version(json)),
        "state_rank": rank(state),
        "ref": text(json.get("head_branch")),
        "tag": None,
        "sha": text(json.get("head_sha")),
        "coverage": None,
        "tag_list": texts(json.get("labels")),
        "erased_at": None,
        "web_url": text(json.get("html_url")),
        "run_attempt": number(json.get("run_attempt")),
        "by_api": by_api,
    }


def job_version(json: Mapping[str, Any]) -> datetime | None:
    """The greatest time stamp of a job (UTC)."""
    return stamps.newest(*(stamps.utc(json.get(name)) for name in ("created_at", "started_at", "completed_at")))


def pushed_commit_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """A commit as a push tells it: no parents, no lines; its committer where the push names one."""
    author, committer = thing(json.get("author")), thing(json.get("committer"))
    row = _commit(project_id, json, author, json.get("timestamp"))
    return {**row, **_committer(committer)} if committer else row


def commit_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """A commit of ``GET /repos/…/commits``: times in UTC whatever the author's clock said, and no lines."""
    git = thing(json.get("commit"))
    author, committer = thing(git.get("author")), thing(git.get("committer"))
    told = {"id": json["sha"], "message": git.get("message"), "url": json.get("html_url")}
    return {
        **_commit(project_id, told, author, committer.get("date") or author.get("date")),
        "authored_at": stamps.utc(author.get("date")),
        "author_utc_offset": None,
        **_committer(committer),
        "parent_ids": [sha for parent in things(json.get("parents")) if (sha := text(parent.get("sha")))],
        "additions": number(thing(json.get("stats")).get("additions")),
        "deletions": number(thing(json.get("stats")).get("deletions")),
    }


def graph_commit_row(project_id: int, json: Mapping[str, Any]) -> Row:
    """A commit of GraphQL's ``history``: a hundred a call with their lines, and times with their author's offset."""
    author, committer = thing(json.get("author")), thing(json.get("committer"))
    told = {"id": json["oid"], "message": json.get("message"), "url": json.get("url")}
    authored = author.get("date") or json.get("authoredDate")
    return {
        **_commit(project_id, told, author, json.get("committedDate")),
        "authored_at": stamps.utc(authored),
        "author_utc_offset": stamps.offset_minutes(authored),
        **_committer(committer),
        "parent_ids": [oid for one in things(thing(json.get("parents")).get("nodes")) if (oid := text(one.get("oid")))],
        "additions": number(json.get("additions")),
        "deletions": number(json.get("deletions")),
    }


def _committer(told: Mapping[str, Any]) -> Row:
    return {"committer_name": git_name(told.get("name")), "committer_email": text(told.get("email"))}


def _commit(project_id: int, told: Mapping[str, Any], author: Mapping[str, Any], committed: Any) -> Row:
    message = text(told.get("message")) or ""
    return {
        "project_id": project_id,
        "id": text(told["id"]),
        "title": message.partition("\n")[0],
        "message": message,
        "author_name": git_name(author.get("name")),
        "author_email": text(author.get("email")),
        "committed_at": stamps.utc(committed),
        "co_authors": co_authors(message),
        "web_url": text(told.get("url")),
    }


def user_rows(*users: Mapping[str, Any]) -> list[Row]:
    """Accounts with GitHub's own number; those without one or without a name are left out."""
    found: dict[int, Row] = {}
    for user in users:
        ident, login = number(user.get("id")), text(user.get("login"))
        if ident is not None and login is not None:
            found[ident] = dict.fromkeys(USERS.groups["user"].columns) | {
                "source": SOURCE,
                "id": ident,
                "username": login,
                "name": text(user.get("name")),
                "bot": user.get("type") == "Bot",
                "avatar_url": text(user.get("avatar_url")),
                "web_url": text(user.get("html_url")),
            }
    return list(found.values())


def graph_user(user: Any) -> Mapping[str, Any]:
    """An account of GraphQL in the words of the REST API; of a commit's author there is one only if GitHub knows it."""
    told = thing(user)
    return {
        "id": told.get("databaseId"),
        "login": told.get("login"),
        "name": told.get("name"),
        "avatar_url": told.get("avatarUrl"),
        "html_url": told.get("url"),
    }


def moment(value: Any) -> datetime | None:
    """Pushes tell the times of their repository in Unix seconds, everything else in ISO 8601; naive UTC."""
    seconds = number(value)
    if seconds is None:
        return stamps.utc(value)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
