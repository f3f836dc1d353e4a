"""What truth.py says is what a patient client finds, also while the world moves."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, Live, World, create_app, serving, truth
from dashlib.demo.graph import log

from .conftest import END, Client


def test_a_full_load_finds_exactly_what_is_there(http: Client, world: World) -> None:
    found = dict.fromkeys(truth.counts(world), 0)
    for project in http.all("/projects"):
        base = f"/projects/{project['id']}"
        found["projects"] += 1
        found["members"] += len(http.all(f"{base}/members/all"))
        found["events"] += len(http.all(f"{base}/events"))
        found["issues"] += len(http.all(f"{base}/issues"))
        if project["default_branch"]:
            found["commits"] += len({row["id"] for row in http.all(f"{base}/repository/commits", all="True")})
        if project["jobs_enabled"]:
            found["schedules"] += len(http.all(f"{base}/pipeline_schedules"))
            found["pipelines"] += len(http.all(f"{base}/pipelines"))
            found["pipelines"] += len(http.all(f"{base}/pipelines", source="parent_pipeline"))
            found["jobs"] += len(http.all(f"{base}/jobs", pagination="keyset", order_by="id", sort="desc"))
    found["bridges"] = sum(
        len(http.all(f"/projects/{pipeline.project.id}/pipelines/{pipeline.id}/bridges"))
        for pipeline in world.pipelines()
        if pipeline.bridges
    )
    assert found == truth.counts(world)


def test_every_commit_is_on_a_branch(world: World) -> None:
    for project in world.projects:
        reached = log(project.commits, [branch.head for branch in project.branches.values()])
        assert {commit.id for commit in reached} == set(project.commits)


def test_failures_are_what_the_api_lists_as_failed(http: Client, world: World) -> None:
    jobs: set[int] = set()
    nights: set[int] = set()
    for project in world.projects:
        if project.ci:
            jobs |= {row["id"] for row in http.all(f"/projects/{project.id}/jobs?scope[]=failed")}
            rows = http.all(f"/projects/{project.id}/pipelines", source="schedule", status="failed")
            nights |= {row["id"] for row in rows}
    assert jobs == {job.id for job in truth.failed_jobs(world)}
    assert nights == {pipeline.id for pipeline in truth.nightlies_failed(world)}


def test_scheduled_pipelines_and_slots_agree(world: World) -> None:
    ran = {slot.pipeline.id for slot in truth.slots(world) if slot.pipeline}
    by_hand = {each.id for each in truth.scheduled(world) if each.slot is None}
    assert ran | by_hand == {each.id for each in truth.scheduled(world)}
    assert by_hand
    for slot in truth.slots(world):
        if slot.pipeline:
            assert timedelta(0) < slot.pipeline.created_at - slot.expected_at < timedelta(seconds=15)


def test_readers_and_live_do_not_disturb_each_other() -> None:
    world = World(6, END, 10, 14)
    app = create_app(world)
    live = Live(world)
    with serving(app) as url, ThreadPoolExecutor(4) as pool:
        live.start(0.002)
        paths = [
            f"/projects/{project.id}/{part}" for project in world.projects[:6] for part in ("jobs", "events", "issues")
        ]
        answers = list(pool.map(lambda path: Client(url).get(path, per_page=100), paths * 3))
        live.stop()
    assert {answer.status_code for answer in answers} == {200}
    assert all(isinstance(answer.json(), list) for answer in answers)
    assert world.now > END


def test_latency_is_added_to_every_call(world: World) -> None:
    client = TestClient(create_app(world, latency=0.1), headers={"PRIVATE-TOKEN": READ_TOKEN})
    start = time.perf_counter()
    assert client.get("/api/v4/version").status_code == 200
    assert time.perf_counter() - start >= 0.1
