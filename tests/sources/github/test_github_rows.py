"""GitHub's objects to rows: what the API and a webhook say of one thing agrees, in whatever order it arrives."""

from __future__ import annotations

import copy
import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.model import Row, Table, Upsert
from dashlib.sources.github import hooks
from dashlib.sources.github.rows import (
    commit_row,
    graph_commit_row,
    graph_user,
    job_row,
    repository_row,
    run_actor,
    run_detail,
    run_row,
    user_rows,
)  # fmt: skip
from dashlib.sources.hook import Hook, foreign_id
from dashlib.sources.tables import COMMITS, JOBS, PIPELINES, PROJECTS
from dashlib.store import open_store
from tests.sources.payloads import recorded

NOW = datetime(2026, 3, 11, 9, 0, 5)
RUNS = ["workflow_run", "workflow_run_again", "workflow_run_of_2020"]
WORK = ["workflow_job", "workflow_job_waiting"]
SHA = "9d3f2e7c4a8157b4d2e3f4a5b6c7d8e9f0a1b2c3"


def hooked(kind: str, payload: Any, table: Table) -> Row:
    shaped = hooks.shape(kind, Hook(payload, {"x-github-event": kind}, NOW))
    assert shaped is not None
    [row] = next(change.rows for change in shaped.changes if change.table is table)
    return row


def pulled_run(payload: Any) -> Row:
    run = payload["workflow_run"]
    row = run_row(foreign_id("github", payload["repository"]["id"]), run, by_api=True)
    return run_detail(row, run)


def pulled_job(payload: Any) -> Row:
    """The API's job beside its run, whose actor is the hook's sender."""
    sender = payload["sender"]
    project = foreign_id("github", payload["repository"]["id"])
    return job_row(project, payload["workflow_job"], sender["id"], sender["login"])


@pytest.mark.parametrize("name", RUNS)
def test_hook_and_api_say_the_same_of_a_run(name: str) -> None:
    payload = recorded("github_hooks", name)
    told, read = hooked("workflow_run", payload, PIPELINES), pulled_run(payload)
    # Webhooks of 2020 name the workflow only beside the run; the API has always named it in the run.
    told = {**told, "name": payload["workflow_run"].get("name") or None}
    assert {key: value for key, value in read.items() if key in told} == {**told, "by_api": True}
    assert PIPELINES.groups_of(told) == ("identity", "state", "run")
    assert PIPELINES.groups_of(read) == ("identity", "state", "run", "detail")


@pytest.mark.parametrize("name", WORK)
def test_hook_and_api_say_the_same_of_a_job(name: str) -> None:
    payload = recorded("github_hooks", name)
    assert pulled_job(payload) == {**hooked("workflow_job", payload, JOBS), "by_api": True}
    assert hooked("workflow_job", payload, JOBS)["by_api"] is False


def test_hook_and_api_say_the_same_of_a_repository() -> None:
    """A push tells its repository's times in Unix seconds."""
    push, run = recorded("github_hooks", "push"), recorded("github_hooks", "workflow_run")
    told = hooked("push", push, PROJECTS)
    assert dict(told) == {**repository_row(run["repository"], None), "changed_at": None}


STATES = st.sampled_from(["requested", "queued", "in_progress", "waiting", "pending", "completed", "from_2030"])
ENDS = st.none() | st.sampled_from(["success", "failure", "cancelled", "timed_out", "skipped", "neutral", "from_2030"])
TIMES = st.none() | st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 3)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}")


@given(STATES, ENDS, TIMES, TIMES, TIMES, st.integers(1, 4))
def test_law_hook_is_pull(state: str, end: Any, created: Any, began: Any, updated: Any, attempt: int) -> None:
    run, job = recorded("github_hooks", "workflow_run"), recorded("github_hooks", "workflow_job")
    told = {"status": state, "conclusion": end, "created_at": created, "run_attempt": attempt}
    run["workflow_run"] |= told | {"run_started_at": began, "updated_at": updated}
    job["workflow_job"] |= told | {"started_at": began, "completed_at": updated}
    hook, api = hooked("workflow_run", run, PIPELINES), pulled_run(run)
    assert {**hook, "by_api": True} == {key: value for key, value in api.items() if key in hook}
    assert {**hooked("workflow_job", job, JOBS), "by_api": True} == pulled_job(job)


def test_hooks_and_api_in_any_order_end_in_one_state(tmp_path: Path) -> None:
    """A run that failed, was started again and is under way, told by both: whatever comes first."""
    first, again = (recorded("github_hooks", name) for name in ("workflow_run", "workflow_run_again"))
    rows = [f(p) for p in (first, again) for f in (pulled_run, lambda p: hooked("workflow_run", p, PIPELINES))]
    with open_store(tmp_path / "orders.duckdb") as store:
        orders = list(itertools.permutations(rows))
        for place, order in enumerate(orders):
            for row in order:
                store.write(Upsert(PIPELINES, [{**row, "project_id": place}]))
        told = store.reader().execute("select * exclude (project_id) from pipelines").fetchall()
    assert len(told) == len(orders)
    states = {repr(row) for row in told}
    [state] = states
    assert "'running'" in state


def test_when_a_run_began_is_not_told_of_one_that_waits() -> None:
    payload = recorded("github_hooks", "workflow_run")
    assert pulled_run(payload)["detail_started_at"] == datetime(2026, 3, 11, 2, 0, 10)
    payload["workflow_run"] |= {"status": "queued", "conclusion": None}
    assert pulled_run(payload)["detail_started_at"] is None


def test_a_commit_of_the_api() -> None:
    said = {
        "sha": SHA, "html_url": "https://github.com/ostrelune/tide-tables/commit/9d3f",
        "commit": {
            "message": "Add March\n\nCo-authored-by: Ines Duarte <ines@ostrelune.example>",
            "author": {"name": "Fadwa Telmarine", "email": "f@ostrelune.example", "date": "2026-03-11T09:11:35Z"},
            "committer": {"name": "GitHub", "email": "noreply@github.com", "date": "2026-03-11T09:12:00Z"},
        },
        "parents": [{"sha": "3b1f"}],
    }  # fmt: skip
    assert commit_row(1, said) == {
        "project_id": 1, "id": SHA, "title": "Add March", "message": said["commit"]["message"],  # type: ignore[index]
        "author_name": "Fadwa Telmarine", "author_email": "f@ostrelune.example",
        "committed_at": datetime(2026, 3, 11, 9, 12), "web_url": said["html_url"],
        "co_authors": [{"name": "Ines Duarte", "email": "ines@ostrelune.example"}],
        "authored_at": datetime(2026, 3, 11, 9, 11, 35), "author_utc_offset": None, "committer_name": "GitHub",
        "committer_email": "noreply@github.com", "parent_ids": ["3b1f"], "additions": None, "deletions": None,
    }  # fmt: skip


def test_a_commit_of_graphql_has_its_lines_and_its_author_s_clock() -> None:
    node = {
        "oid": SHA, "message": "Add March", "url": "https://github.com/c", "committedDate": "2026-03-11T09:12:00Z",
        "authoredDate": "2026-03-11T09:11:35Z", "additions": 31, "deletions": 2,
        "author": {
            "name": "Fadwa Telmarine", "email": "f@ostrelune.example", "date": "2026-03-11T10:11:35+01:00",
            "user": {"databaseId": 5501, "login": "tide-fan", "name": None, "avatarUrl": None, "url": None},
        },
        "committer": {"name": "GitHub", "email": "noreply@github.com"},
        "parents": {"nodes": [{"oid": "3b1f"}, {"oid": "77aa"}]},
    }  # fmt: skip
    row = graph_commit_row(1, node)
    assert COMMITS.groups_of(row) == ("commit", "committer", "detail")
    assert (row["authored_at"], row["author_utc_offset"]) == (datetime(2026, 3, 11, 9, 11, 35), 60)
    assert (row["additions"], row["deletions"], row["parent_ids"]) == (31, 2, ["3b1f", "77aa"])
    [user] = user_rows(graph_user(node["author"]["user"]))  # type: ignore[index]
    assert (user["id"], user["username"]) == (5501, "tide-fan")
    assert user_rows(graph_user(None)) == [], "GitHub does not know every author"


@pytest.mark.parametrize("said", [None, {}, {"name": "GitHub ", "email": "noreply@github.com", "username": "web-flow"}])
def test_the_committer_of_a_pushed_commit_is_known_where_it_is_named(said: Any) -> None:
    payload = recorded("github_hooks", "push")
    payload["commits"][0]["committer"] = said
    row = hooked("push", payload, COMMITS)
    assert COMMITS.groups_of(row) == (("commit", "committer") if said else ("commit",))
    assert (row.get("committer_name"), row.get("committer_email")) == (
        ("GitHub", "noreply@github.com") if said else (None, None)
    )


OBJECTS: dict[str, tuple[Any, Any, Table]] = {
    "run": (lambda json: run_detail(run_row(1, json, by_api=True), json), ("id",), PIPELINES),
    "job": (lambda json: job_row(1, json, None, None), ("id", "run_id"), JOBS),
    "repository": (lambda json: repository_row(json, None), ("id", "full_name"), PROJECTS),
    "commit": (lambda json: commit_row(1, json), ("sha",), COMMITS),
    "graph commit": (lambda json: graph_commit_row(1, json), ("oid",), COMMITS),
}
NAMES = [
    "status", "conclusion", "created_at", "updated_at", "run_started_at", "started_at", "completed_at", "actor",
    "commit", "author", "committer", "parents", "labels", "run_attempt", "event", "stats", "message", "topics", "date",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(NAMES), part, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", OBJECTS)
@given(said=st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_json_with_an_id_makes_a_row(name: str, said: dict[str, Any]) -> None:
    function, keys, table = OBJECTS[name]
    given_json = {**said, **dict.fromkeys(keys, "7")}
    before = copy.deepcopy(given_json)
    assert table.groups_of(function(given_json))
    assert given_json == before
    user_rows(run_actor(given_json))
