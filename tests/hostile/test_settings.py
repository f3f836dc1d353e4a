"""Which projects, which events, which logs; and what is kept of a log."""

from __future__ import annotations

import json
from collections import Counter

import duckdb
import pytest

from tests.hostile.company import logs, odd_events, small
from tests.hostile.conftest import Start
from tests.hostile.dialect import Dialect
from tests.hostile.measure import company
from tests.hostile.truth import same, since_of, stored
from tests.hostile.world import World


def test_membership_by_default(start: Start) -> None:
    world = small(4)
    server, loader = start(world, DASH_PROJECTS="")
    server.member_of = set(list(world.repos)[1:3])
    loader.sync()
    same(loader.database, world, repos=[world.repos[ident] for ident in server.member_of])
    rows = {ident for ident, *_ in stored(loader.database, ["projects"])["projects"]}
    assert rows == server.member_of


@pytest.mark.parametrize("user_namespace", [False, True])
def test_globs(start: Start, user_namespace: bool) -> None:
    world = small(3)
    inside = world.repo("other/deep/er/thing")
    _, loader = start(world, Dialect(user_namespace=user_namespace), DASH_PROJECTS="TEAM/repo-1 other/*")
    loader.sync()
    wanted = [r for r in world.repos.values() if r.path == "team/repo-1" or r is inside]
    same(loader.database, world, repos=wanted)
    assert len(stored(loader.database, ["projects"])["projects"]) == 2


def test_all_three_events_endpoints(start: Start) -> None:
    world = small(2)
    repo = odd_events(world)
    repo.hidden_events.clear()
    _, loader = start(world, DASH_EVENTS="own?scope=all,user:alice,project,project?action=reopened")
    ran = loader.sync()
    assert not ran.errors
    same(loader.database, world)
    with duckdb.connect(str(loader.database), read_only=True) as connection:
        found = connection.execute("select action_name, asked_action from events where asked_action is not null")
        assert found.fetchall() == [("opened", "reopened")]


def test_what_is_kept_of_a_log(start: Start) -> None:
    world = World()
    repo = logs(world)
    _, loader = start(world)
    loader.sync()
    ran = loader.run("sql", "select job_id, bytes, omitted_bytes, text from traces", "--format", "json")
    kept = {row["job_id"]: row for row in json.loads(ran.out)}
    for ident, body in repo.traces.items():
        if not body:
            assert ident not in kept
            continue
        assert kept[ident]["bytes"] == len(body)
        if len(body) < 4_000_000:
            assert kept[ident]["text"] == body.decode("utf-8", "replace").replace("\0", "\ufffd")
        else:
            assert kept[ident]["text"].startswith("x" * 99)
            assert kept[ident]["text"].endswith("exit code 1\n")
            assert kept[ident]["omitted_bytes"] > 0


@pytest.mark.parametrize("choice", ["all", "none"])
def test_which_logs(start: Start, choice: str) -> None:
    world = small(1)
    repo = next(iter(world.repos.values()))
    side = repo.pipeline(world.ago(2), "push", "failed", ref="topic")
    repo.job(side, "x", "failed")
    _, loader = start(world, DASH_LOGS=choice)
    loader.sync()
    since = since_of(world, 10)
    failed = {(repo.id, j.id) for j in repo.jobs if j.status == "failed" and j.pipeline.created_at >= since}
    assert {row[:2] for row in stored(loader.database, ["traces"])["traces"]} == (failed if choice == "all" else set())


def test_the_second_sync_is_cheap(start: Start) -> None:
    world = company(20, 12)
    server, loader = start(world)
    loader.sync()
    first = Counter(server.wire.calls)
    server.wire.reset_counts()
    loader.sync()
    assert sum(server.wire.calls.values()) <= sum(first.values()) / 10, dict(server.wire.calls)
    world.now = world.now.replace(microsecond=0)
    for repo in world.repos.values():
        line = repo.pipeline(world.now, "schedule", "failed", schedule=repo.schedules[0].id)
        repo.job(line, "job 9", "failed", run=0)
    server.wire.reset_counts()
    loader.sync()
    same(loader.database, world)
    most = len(world.repos) * 4 + 10  # its pipelines, jobs, schedule and log
    assert sum(server.wire.calls.values()) <= most, dict(server.wire.calls)
