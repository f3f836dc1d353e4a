"""What must stand in the tables, from what the server knows; and what stands there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.hostile.world import Json, Repo, World

Rows = Counter[tuple[Any, ...]]

COLUMNS = {
    "projects": "id, source, native_id, path_with_namespace, name, archived, default_branch",
    "schedules": "project_id, id, description, ref, cron, cron_timezone, active, owner_username",
    "pipelines": "project_id, id, iid, source, schedule_id, ref, sha, status, username, created_at, updated_at,"
    " started_at, finished_at, web_url",
    "jobs": "project_id, id, pipeline_id, name, stage, status, allow_failure, retried, failure_reason, created_at,"
    " started_at, finished_at, duration, queued_duration, username, runner_id, web_url",
    "traces": "project_id, job_id, bytes, if(omitted_bytes = 0, md5(text), null)",
    "commits": "project_id, id, author_name, author_email, authored_at, committed_at, parent_ids, title, message,"
    " additions, deletions, author_utc_offset, committer_name, committer_email,"
    " list_transform(co_authors, lambda one: one.name || ' <' || one.email || '>')",
    "events": "source, project_id, id, action_name, target_type, author_username, created_at, push_action, ref_type,"
    " ref, commit_count, ref_count, commit_from, commit_to, target_id, target_iid, target_title, note_id, note_body,"
    " commit_title",
    "issues": "project_id, iid, id, title, state, created_at, updated_at, closed_at, labels, description,"
    " author_username, assignee_usernames, web_url",
    "members": "project_id, user_id, username, access_level",
}
EXTRA = {"jobs": "where kind = 'build'", "schedules": "where deleted is not true"}
OVER = ("success", "failed", "canceled", "skipped")


def stored(database: Path, tables: Iterable[str] = COLUMNS) -> dict[str, Rows]:
    """The tables' rows, lists as tuples."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {
            table: Counter(
                tuple(tuple(v) if isinstance(v, list) else v for v in row)
                for row in connection.execute(f"select {COLUMNS[table]} from {table} {EXTRA.get(table, '')}").fetchall()
            )
            for table in tables
        }


def everything(database: Path) -> dict[str, Rows]:
    """All tables of schema main, whole, except the book of loads."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'main' and table_name <> 'loads' order by 1"
            ).fetchall()
        ]
        return {name: Counter((repr(row),) for row in connection.execute(f"from {name}").fetchall()) for name in names}


def difference(have: dict[str, Rows], want: dict[str, Rows], most: int = 4) -> str:
    """Readable: per table what is missing, too much, or doubled."""
    told = []
    for table, expected in want.items():
        lost, extra = expected - have[table], have[table] - expected
        if lost or extra:
            told.append(
                f"{table}: {sum(lost.values())} missing, {sum(extra.values())} too many of {sum(expected.values())}"
            )
            told += [f"   missing {row}" for row in list(lost)[:most]]
            told += [f"   extra   {row}" for row in list(extra)[:most]]
    return "\n".join(told)


def same(database: Path, world: World, days: int = 10, repos: Iterable[Repo] | None = None) -> None:
    """The tables hold what the server knows, exactly."""
    have = stored(database)
    if repos is not None:
        repos = list(repos)
        ids = {repo.id for repo in repos}
        have = {
            table: Counter({row: n for row, n in rows.items() if row[1 if table == "events" else 0] in ids})
            for table, rows in have.items()
        }
    if told := difference(have, truth(world, since_of(world, days), repos)):
        pytest.fail(told, pytrace=False)


def _as_git(name: str) -> str:
    """Git counts no blanks at a name's end."""
    return name.rstrip(" \t\n\r")


def since_of(world: World, days: int) -> datetime:
    """The first midnight (UTC) of the window."""
    return world.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def truth(world: World, since: datetime, repos: Iterable[Repo] | None = None) -> dict[str, Rows]:
    """Every row of the window, of repositories that can be read."""
    want: dict[str, Rows] = {table: Counter() for table in COLUMNS}
    for repo in world.repos.values() if repos is None else repos:
        _truth_of(repo, since, want)
    return want


def _truth_of(repo: Repo, since: datetime, want: dict[str, Rows]) -> None:
    def add(table: str, *values: Any) -> None:
        want[table][tuple(_clean(v) for v in values)] += 1

    def allowed(resource: str) -> bool:
        return resource not in repo.refuse

    add("projects", repo.id, "gitlab", str(repo.id), repo.path, repo.name, repo.archived, repo.default_branch)
    if allowed("members"):
        for name, level in repo.members.items():
            add("members", repo.id, repo.world.users[name]["id"], name, level)
    if repo.builds and allowed("pipelines"):
        _ci_truth(repo, since, add)
    if allowed("commits") and repo.commits_answer == "list":
        for c in repo.reachable(list(repo.branches.values())):
            if c.committed_at >= since:
                add(
                    "commits", repo.id, c.sha, _as_git(c.author_name), c.author_email, c.authored_at, c.committed_at,
                    tuple(c.parents), c.title, c.message, c.additions, c.deletions, c.offset, _as_git(c.author_name),
                    c.author_email, c.co_authors,
                )  # fmt: skip
    if allowed("events"):
        for e in repo.events:
            if (e["_at"] is None or e["_at"] >= since) and e.get("_key") not in repo.hidden_events:
                add("events", "gitlab", repo.id, *_event_truth(e))
    if allowed("issues") and repo.issues_on:
        for i in repo.issues:
            if i["_updated"] >= since or i["state"] == "opened":
                closed = i["_updated"] if i["closed_at"] else None
                add(
                    "issues", repo.id, i["iid"], i["id"], i["title"], i["state"], i["_created"], i["_updated"],
                    closed, tuple(i["labels"]), i["description"], i["author"]["username"],
                    tuple(one["username"] for one in i["assignees"]), i["web_url"],
                )  # fmt: skip


def _ci_truth(repo: Repo, since: datetime, add: Any) -> None:
    known = {schedule.id for schedule in repo.schedules}
    if "schedules" not in repo.refuse:
        for s in repo.schedules:
            add("schedules", repo.id, s.id, s.description, s.ref, s.cron, s.zone, s.active, s.owner)
    for p in repo.pipelines:
        if p.created_at < since:
            continue
        jobs = [j for j in repo.jobs_of(p) if not j.bridge]
        started = min((j.started_at for j in jobs if j.started_at), default=None)
        ended = max((j.finished_at for j in jobs if j.finished_at), default=None) if p.status in OVER else None
        add(
            "pipelines", repo.id, p.id, p.iid, p.source, p.schedule if p.schedule in known else None, p.ref, p.sha,
            p.status, p.user if jobs or p.yaml_errors else None, p.created_at, p.updated_at, started, ended,
            f"{repo.web_url}/-/pipelines/{p.id}",
        )  # fmt: skip
        parent = next((q for q in repo.pipelines if q.id == p.parent), None)
        mainline = p.source == "schedule" or (p.ref == repo.default_branch and not p.tag)
        mainline = mainline or (parent is not None and parent.source == "schedule")
        for j in jobs:
            add(
                "jobs", repo.id, j.id, p.id, j.name, j.stage, j.status, j.allow_failure, repo.retried(j),
                j.failure_reason if j.status == "failed" else None, j.created_at, j.started_at, j.finished_at,
                (j.finished_at - j.started_at).total_seconds() if j.started_at and j.finished_at else None,
                (j.started_at - j.created_at).total_seconds() if j.started_at else None, j.user, j.runner,
                f"{repo.web_url}/-/jobs/{j.id}",
            )  # fmt: skip
            if j.status == "failed" and mainline and repo.traces.get(j.id):
                add("traces", repo.id, j.id, *_log_truth(repo.traces[j.id] or b""))


def _log_truth(log: bytes) -> tuple[Any, ...]:
    """Its size and, where it is kept whole, its text: what is no UTF-8 and what is NUL is one replacement character."""
    text = log.decode("utf-8", "replace").replace("\x00", "\ufffd")
    whole = len(log) <= 4 * 1024 * 1024
    return len(log), hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() if whole else None


def _event_truth(e: Json) -> tuple[Any, ...]:
    if "_want" in e:
        return tuple(e["_want"])
    push, note = e.get("push_data") or {}, e.get("note") or {}
    return (
        e["id"], e["action_name"] if e["action_name"] != "pushed" else "pushed to", e["target_type"],
        e["author_username"], e["_at"], push.get("action"), push.get("ref_type"), push.get("ref"),
        push.get("commit_count"), push.get("ref_count"), push.get("commit_from"), push.get("commit_to"),
        e["target_id"], e["target_iid"], e["target_title"], note.get("id"), note.get("body"), push.get("commit_title"),
    )  # fmt: skip


def _clean(value: Any) -> Any:
    """Half a surrogate pair cannot be stored: any replacement will do, ours is ``?``."""
    if isinstance(value, tuple):
        return tuple(_clean(part) for part in value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
