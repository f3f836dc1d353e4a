"""Live makes things happen: deterministic by tick, shown by REST at once, sent as hooks."""

from __future__ import annotations

import threading
from datetime import timedelta

from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, Live, World, create_app, story
from dashlib.demo.cron import fires

from .conftest import END


def _lived(ticks: int) -> tuple[World, list[str]]:
    world = World(4, END, 12, 14)
    live = Live(world)
    return world, [live.tick(END + timedelta(seconds=5 * number)) for number in range(1, ticks + 1)]


def test_the_same_ticks_do_the_same() -> None:
    (one, did), (two, again) = _lived(60), _lived(60)
    assert did == again
    assert {"push", "comment", "retry"} <= set(did)
    assert {"close", "reopen"} & set(did)

    def shape(world: World) -> list[tuple[int, str, str]]:
        return [(job.id, job.name, job.status) for job in world.jobs()]

    assert shape(one) == shape(two)


def test_a_push_becomes_a_pipeline_that_ends() -> None:
    world, did = _lived(80)
    fresh = [each for each in world.pipelines() if each.created_at > END]
    assert len(fresh) == did.count("push")
    ended = [each for each in fresh if each.status in {"success", "failed"}]
    assert len(ended) > len(fresh) / 2
    assert "failed" in {job.status for pipeline in ended for job in pipeline.jobs}
    for pipeline in ended:
        assert pipeline.finished_at
        assert pipeline.duration is not None
        assert all(job.status in {"success", "failed", "skipped", "manual"} for job in pipeline.jobs)
    for job in world.jobs():
        assert (job.failure_reason is None) == (job.status != "failed")


def test_schedules_that_fall_due_run_once_each_and_planted_gaps_stay() -> None:
    world = World(4, END, 12, 14)
    live = Live(world)
    known = {each.id for each in world.pipelines()}
    for number in range(1, 24 * 60):
        live.tick(END + timedelta(minutes=number))
    for _ in range(30):
        live.tick(world.now + timedelta(seconds=30))
    fresh = [each for each in world.pipelines() if each.id not in known and each.source == "schedule"]
    expected = {
        (schedule.id, slot)
        for schedule in world.schedules()
        if schedule.active and schedule.stops_at is None
        for slot in fires(schedule.cron, schedule.cron_timezone, END, world.now)
    }
    assert {(each.schedule.id, each.slot) for each in fresh if each.schedule} == expected and expected
    assert len(fresh) == len(expected)
    assert all(each.slot and each.created_at - each.slot <= timedelta(minutes=1) for each in fresh)
    assert {each.status for each in fresh} == {"success", "failed"}
    left = set(story("owner_left").projects)
    assert not left & {each.project.path for each in fresh}
    [relay] = [each for each in fresh if each.project.path == "ostrelune/platform/alert-relay"]
    assert [job.name for job in relay.jobs if job.status == "failed"] == ["test:unit"]
    assert relay.schedule is not None and relay in relay.schedule.pipelines


def test_rest_shows_it_at_once() -> None:
    world = World(4, END, 12, 14)
    client = TestClient(create_app(world), headers={"PRIVATE-TOKEN": READ_TOKEN})
    live, now = Live(world), END
    done = ""
    while done != "push":
        now += timedelta(hours=2)
        done = live.tick(now)
    event = client.get("/api/v4/events", params={"scope": "all", "per_page": 1}).json()[0]
    base = f"/api/v4/projects/{event['project_id']}"
    project = client.get(base).json()
    assert project["last_activity_at"] == event["created_at"] == now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    newest = client.get(f"{base}/pipelines").json()[0]
    assert newest["sha"] == event["push_data"]["commit_to"]
    assert newest["status"] == "pending"
    assert client.get(f"{base}/repository/commits").json()[0]["id"] == newest["sha"]
    live.tick(now + timedelta(seconds=5))
    after = client.get(f"{base}/pipelines/{newest['id']}").json()
    assert after["status"] == "running"
    assert after["updated_at"] > newest["updated_at"]


def test_live_finishes_what_was_under_way_at_the_end() -> None:
    world = World(2, END.replace(hour=1, minute=10), 22, 14)
    running = [each for each in world.pipelines() if each.status in {"running", "pending"}]
    assert running
    live = Live(world)
    for number in range(1, 60):
        live.tick(world.end + timedelta(seconds=30 * number))
    assert {each.status for each in running} <= {"success", "failed"}


def test_the_thread_ticks_by_itself() -> None:
    world = World(4, END, 8, 14)
    live = Live(world)
    before = len(world.events) + sum(len(project.pipelines) for project in world.projects)
    live.start(0.01)
    deadline = threading.Event()
    deadline.wait(0.3)
    live.stop()
    assert len(world.events) + sum(len(project.pipelines) for project in world.projects) > before
