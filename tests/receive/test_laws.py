"""The law with the real tables: any order and repetition of hooks and API pages ends in one state, the true one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Row, Table, Upsert
from dashlib.sources.gitlab import hooks
from dashlib.sources.gitlab.commits import issue_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.gitlab.pipelines import job_row, pipeline_detail_row, pipeline_row
from dashlib.sources.hook import Hook
from dashlib.sources.tables import EVENTS, ISSUES, JOBS, PIPELINES, SIGNALS
from dashlib.store import schema
from dashlib.store.database import TABLES
from tests.receive.payloads import RECEIVED, payload, rows, shaped
from tests.store.test_law import after, same_everywhere

BEGIN = datetime(2026, 3, 11, 1, 15, 2, 481000)
Changes = list[tuple[Table, Row]]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


@dataclass(frozen=True)
class Job:
    id: int
    name: str
    status: str
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True)
class Step:
    """A pipeline at one moment, as GitLab itself knows it."""

    at: datetime
    status: str
    finished: datetime | None
    jobs: tuple[Job, ...]


def api(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def hooked(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


WAITS = st.sampled_from([0, 1, 300, 519, 700, 1500, 60_000])
ENDS = st.sampled_from(["success", "failed", "canceled"])


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """A pipeline of one job from its creation to its end, and perhaps round again; moments may share a second."""
    now, steps = BEGIN, [Step(BEGIN, "created", None, (Job(1, "test", "created", BEGIN, None, None),))]
    runs = draw(st.integers(1, 3))
    old: tuple[Job, ...] = ()
    finished: datetime | None = None
    for attempt in range(1, runs + 1):
        created = now
        for status in ("pending", "running", draw(ENDS)):
            now += timedelta(milliseconds=draw(WAITS))
            started = now if status == "running" else steps[-1].jobs[-1].started if status != "pending" else None
            ended = now if status not in ("pending", "running") else None
            finished = ended or finished
            job = Job(attempt, "test", status, created, started, ended)
            steps.append(Step(now, status, finished, (*old, job)))
        old = (*old, steps[-1].jobs[-1])
        # Nobody retries within the second in which it ended: there a hook could not tell the two apart.
        now += timedelta(milliseconds=1000 + draw(WAITS))
    return steps


def hook_of(step: Step, iid: int | None) -> dict[str, Any]:
    latest = step.jobs[-1]
    attributes = {
        "id": 9, "iid": iid, "ref": "develop", "sha": "aa", "source": "schedule", "status": step.status, "tag": False,
        "created_at": hooked(BEGIN), "finished_at": hooked(step.finished), "duration": None, "url": "https://g/p/9",
    }  # fmt: skip
    build = {
        "id": latest.id, "name": latest.name, "stage": "test", "status": latest.status, "allow_failure": False,
        "created_at": hooked(latest.created), "started_at": hooked(latest.started),
        "finished_at": hooked(latest.finished), "failure_reason": None, "user": None, "runner": None,
    }  # fmt: skip
    known: dict[str, Any] = payload("gitlab", "pipeline")
    return known | {"object_attributes": attributes, "builds": [build], "commit": None}


def api_pipeline(step: Step) -> dict[str, Any]:
    return {
        "id": 9, "iid": 3, "ref": "develop", "sha": "aa", "source": "schedule", "status": step.status,
        "created_at": api(BEGIN), "updated_at": api(step.at), "finished_at": api(step.finished), "name": "nightly",
        "web_url": "https://g/p/9",
    }  # fmt: skip


def api_job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "name": job.name, "stage": "test", "status": job.status, "created_at": api(job.created),
        "started_at": api(job.started), "finished_at": api(job.finished), "pipeline": {"id": 9, "sha": "aa"},
        "ref": "develop", "tag": False, "web_url": f"https://g/j/{job.id}",
    }  # fmt: skip


def told(step: Step, way: str) -> Changes:
    """What one way of hearing of a step says."""
    if way == "list":
        return [(PIPELINES, pipeline_row(15, api_pipeline(step)))]
    if way == "detail":
        return [(PIPELINES, pipeline_detail_row(15, api_pipeline(step)))]
    if way == "jobs":
        return [(JOBS, job_row(15, api_job(job))) for job in step.jobs]
    found = hooks.shape("pipeline", Hook(hook_of(step, None if way == "old hook" else 3), {}, RECEIVED))
    assert found is not None
    return [(change.table, row) for change in found.changes for row in change.rows if change.table in (PIPELINES, JOBS)]


WAYS = ("list", "detail", "jobs", "hook", "old hook")


@settings(max_examples=10, deadline=None, derandomize=True)
@given(history=histories(), data=st.data(), seed=st.integers(0, 2**20))
def test_pipelines_by_hook_and_api(
    connection: duckdb.DuckDBPyConnection, history: list[Step], data: st.DataObject, seed: int
) -> None:
    heard = data.draw(st.lists(st.tuples(st.sampled_from(history[:-1]), st.sampled_from(WAYS)), max_size=6))
    last = data.draw(st.sampled_from([way for way in WAYS if way != "jobs"]))
    changes = [change for step, way in [*heard, (history[-1], last)] for change in told(step, way)]
    random.Random(seed).shuffle(changes)
    state = same_everywhere(connection, changes, seed)
    [pipeline] = state["pipelines"]
    assert pipeline["status"] == history[-1].status, "an older state never wins, whichever way it came"
    if any(way in ("list", "detail") for _, way in [*heard, (history[-1], last)]):
        assert (pipeline["iid"], pipeline["name"], pipeline["by_api"]) == (3, "nightly", True), (
            "hooks leave facts alone"
        )
    for job in state.get("jobs", []):
        said = [row for table, row in changes if table is JOBS and row["id"] == job["id"]]
        newest = max((row["changed_at"], row["state_rank"]) for row in said)
        assert (job["changed_at"], job["state_rank"]) == newest


@settings(max_examples=5, deadline=None, derandomize=True)
@given(history=histories(), seed=st.integers(0, 2**20))
def test_the_api_s_last_page_leaves_nothing_of_the_hooks_behind(
    connection: duckdb.DuckDBPyConnection, history: list[Step], seed: int
) -> None:
    """API and hook of one thing agree: with the API's last word the state is what the API alone would have brought."""
    pages = [change for way in ("list", "detail", "jobs") for change in told(history[-1], way)]
    hooks_too = [change for step in history for way in ("hook", "old hook") for change in told(step, way)]
    alone = after(connection, [[Upsert(table, [row]) for table, row in pages]], [PIPELINES, JOBS])
    both = same_everywhere(connection, pages + hooks_too, seed)
    for name in ("status", "iid", "ref", "source", "name", "web_url", "created_at", "updated_at", "finished_at"):
        assert both["pipelines"][0][name] == alone["pipelines"][0][name], name
    jobs = {job["id"]: job for job in both["jobs"]}
    for job in alone["jobs"]:
        assert jobs[job["id"]] == job


def event_of_the_api(name: str, ident: int, seconds: int = 0) -> Row:
    """The same thing as a recorded hook tells it, as the events API does."""
    hook = rows("gitlab", name)["events"][0]
    push = {word: hook[word] for word in ("ref_type", "ref", "commit_from", "commit_to", "commit_count")}
    said = {
        "id": ident, "project_id": 15, "action_name": hook["action_name"], "author_id": hook["author_id"],
        "author": {"name": hook["author_name"]}, "target_type": hook["target_type"], "target_id": hook["target_id"],
        "author_username": hook["author_username"], "created_at": api(hook["created_at"] + timedelta(seconds=seconds)),
        "push_data": {**push, "action": hook["push_action"]} if hook["push_action"] else None,
        "note": {"id": hook["note_id"], "body": hook["note_body"]} if hook["note_id"] else None,
    }  # fmt: skip
    return event_row(said, 15)


EVENTFUL = (
    "push", "push_of_forty_commits", "push_of_a_new_branch", "push_that_deletes_a_branch", "tag_push", "issue",
    "issue_closed", "merge_request", "merge_request_merged", "note_on_issue", "note_on_merge_request",
)  # fmt: skip


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    by_hook=st.lists(st.sampled_from(EVENTFUL), min_size=1, max_size=6),
    by_api=st.lists(st.sampled_from(EVENTFUL), max_size=4, unique=True),
    late=st.integers(-500, 500),
    seed=st.integers(0, 2**20),
)
def test_nothing_that_someone_did_counts_twice(
    connection: duckdb.DuckDBPyConnection, by_hook: list[str], by_api: list[str], late: int, seed: int
) -> None:
    told_by_hook: Changes = [
        (EVENTS, row)
        for number, name in enumerate(by_hook)
        for row in rows("gitlab", name, received_at=later(number))["events"]
    ]
    told_by_api: Changes = [(EVENTS, event_of_the_api(name, ident, late)) for ident, name in enumerate(by_api, 1)]
    found = same_everywhere(connection, told_by_hook + told_by_api, seed)["events"]
    assert len(found) == len({*by_hook, *by_api})
    assert {row["id"] for row in found if not row["by_hook"]} == set(range(1, len(by_api) + 1))


def later(number: int) -> datetime:
    return RECEIVED + timedelta(seconds=number)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    names=st.lists(st.sampled_from(["issue", "issue_closed", "api"]), min_size=1, max_size=5), seed=st.integers(0, 99)
)
def test_issues_by_hook_and_api(connection: duckdb.DuckDBPyConnection, names: list[str], seed: int) -> None:
    listed = {
        "id": 501, "iid": 3, "title": "Low tide is read twice", "description": "Since Tuesday.", "state": "closed",
        "issue_type": "issue", "labels": ["bug", "nightly"], "author": {"username": "ivarnsdot"},
        "milestone": {"title": "2.0"}, "assignees": [{"username": "hbrastow"}], "due_date": "2026-03-20",
        "created_at": "2026-03-11T09:00:00.120Z", "updated_at": "2026-03-12T10:30:00.431Z",
        "closed_at": "2026-03-12T10:30:00.400Z", "web_url": "https://g/i/3",
    }  # fmt: skip
    changes: Changes = []
    for name in names:
        said = [issue_row(15, listed)] if name == "api" else rows("gitlab", name)["issues"]
        changes += [(ISSUES, row) for row in said]
    [issue] = same_everywhere(connection, changes, seed)["issues"]
    assert issue["state"] == ("opened" if set(names) == {"issue"} else "closed")
    if "api" in names:
        assert (issue["milestone"], issue["author_username"]) == ("2.0", "ivarnsdot")


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    names=st.lists(
        st.sampled_from(
            [("alertmanager", "firing"), ("alertmanager", "firing_repeated"), ("alertmanager", "resolved")]
            + [("kubernetes", "core_v1"), ("kubernetes", "core_v1_again"), ("cloudevents", "batch")]
        ),
        min_size=1, max_size=8,
    ),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_signals_repeat_and_resolve(
    connection: duckdb.DuckDBPyConnection, names: list[tuple[str, str]], seed: int
) -> None:
    changes: Changes = [(SIGNALS, row) for source, name in names for row in rows(source, name)["signals"]]
    found = {row["source"]: row for row in same_everywhere(connection, changes, seed)["signals"]}
    if ("alertmanager", "resolved") in names:
        assert found["alertmanager"]["status"] == "resolved"
    if ("kubernetes", "core_v1_again") in names:
        assert found["kubernetes"]["count"] == 4


@pytest.mark.parametrize(
    ("source", "undated"),
    [
        ("alertmanager", {"alerts": [{"labels": {"alertname": "A"}}]}),
        ("kubernetes", {"kind": "Event", "reason": "Killing", "metadata": {"uid": "u"}}),
        ("cloudevents", {"specversion": "1.0", "id": "1", "source": "/x", "type": "t"}),
    ],
)
def test_what_tells_no_time_began_when_it_first_came(
    connection: duckdb.DuckDBPyConnection, source: str, undated: dict[str, Any]
) -> None:
    name = {"alertmanager": "firing", "kubernetes": "core_v1", "cloudevents": "structured"}[source]
    told = {"payload": undated, "headers": {"content-type": "application/cloudevents+json"}}
    changes: Changes = [
        (SIGNALS, rows(source, name, received_at=later(seconds), **told)["signals"][0]) for seconds in (30, 0, 60)
    ]
    [found] = same_everywhere(connection, changes, 1)["signals"]
    assert found["started_at"] == later(0)


def test_a_retried_pipeline_runs_again_and_a_late_running_does_not(connection: duckdb.DuckDBPyConnection) -> None:
    """The two that look alike: what tells them apart is the newest moment in them."""
    second = timedelta(seconds=1)
    end = BEGIN + 60 * second
    first = Job(1, "test", "running", BEGIN, BEGIN + second, None)
    running = Step(BEGIN + second, "running", None, (first,))
    failed = Step(end, "failed", end, (Job(1, "test", "failed", BEGIN, BEGIN + second, end),))
    retried = Step(end + 5 * second, "running", end, (Job(2, "test", "pending", end + 5 * second, None, None),))
    for steps, status in (
        ([failed, running], "failed"),
        ([failed, retried], "running"),
        ([retried, failed], "running"),
    ):
        changes = [change for step in steps for change in told(step, "hook")]
        assert same_everywhere(connection, changes, 1)["pipelines"][0]["status"] == status


def test_resent_hooks_are_the_same_changes() -> None:
    """Group hook and project hook, and a delivery sent again by hand: the same rows."""
    for name in ("pipeline", "job", "issue", "merge_request", "note_on_issue", "user_add_to_team"):
        assert shaped("gitlab", name).changes == shaped("gitlab", name, received_at=later(60)).changes
