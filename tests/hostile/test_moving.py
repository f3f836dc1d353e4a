"""The world does not stand still while it is read, and is not always what it was."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import duckdb
import pytest

from tests.hostile.company import many, small
from tests.hostile.conftest import Start
from tests.hostile.dialect import Dialect
from tests.hostile.truth import same
from tests.hostile.wire import Asked, Drip
from tests.hostile.world import Pipeline, World, iso


def test_pipelines_come_and_go_while_they_are_paged(start: Start) -> None:
    """New ones push the others to the next page; a deleted one pulls them to the one before."""
    world = World()
    repo = many(world)
    server, loader = start(world, Dialect(keyset="405"))
    seen: Counter[str] = Counter()

    def before(asked: Asked) -> None:
        if asked.path.endswith("/pipelines") and asked.one("page") == "2":
            seen["pipelines"] += 1
            if seen["pipelines"] == 1:
                for _ in range(3):
                    repo.job(repo.pipeline(world.now, "push"), "new", run=1)
        if asked.path.endswith("/jobs") and asked.one("page") in ("2", "5"):
            seen["jobs"] += 1
            repo.job(repo.pipelines[-1], f"added {seen['jobs']}", created_at=world.now, run=1)
            repo.pipelines[-1].updated_at = world.now + timedelta(seconds=seen["jobs"] + 60)

    server.before = before
    loader.sync()
    server.before = lambda _: None
    loader.sync()
    same(loader.database, world)


def test_a_pipeline_is_deleted_while_they_are_paged(start: Start) -> None:
    """What was on top of page two is now at the end of page one, which was read before."""
    world = World()
    repo = many(world)
    server, loader = start(world)
    gone: list[Pipeline] = []

    def before(asked: Asked) -> None:
        if asked.path.endswith("/pipelines") and asked.one("page") == "2" and not gone:
            gone.append(repo.pipelines.pop())
            repo.jobs = [job for job in repo.jobs if job.pipeline is not gone[0]]

    server.before = before
    loader.sync()
    server.before = lambda _: None
    loader.sync()
    with duckdb.connect(str(loader.database)) as connection:  # it was read on page one: it may stay
        connection.execute("delete from pipelines where id = $1", [gone[0].id])
    same(loader.database, world)


def test_a_project_goes_in_the_middle(start: Start) -> None:
    world = small(3)
    lost = list(world.repos.values())[1]
    server, loader = start(world)

    def before(asked: Asked) -> None:
        if asked.path.endswith(f"/{lost.id}/pipeline_schedules"):
            lost.gone = True

    server.before = before
    ran = loader.sync(code=1)
    assert {error.split(":")[0] for error in ran.errors} == {lost.path}
    same(loader.database, world, repos=[repo for repo in world.repos.values() if repo is not lost])
    server.before = lambda _: None
    ran = loader.sync(code=0)
    lost.gone = False
    loader.sync()
    same(loader.database, world)


def test_a_project_that_goes_before_its_groups_issues_are_read_has_them_when_it_is_back(start: Start) -> None:
    world = small(3)
    lost = list(world.repos.values())[1]
    server, loader = start(world)

    def before(asked: Asked) -> None:
        if "/groups/" in asked.path:
            lost.gone = True

    server.before = before
    loader.sync(code=1)
    server.before = lambda _: None
    loader.sync()
    lost.gone = False
    loader.sync()
    same(loader.database, world)


def test_chosen_projects_that_are_moved_or_gone_are_named(start: Start) -> None:
    world = small(3)
    first, second, _ = world.repos.values()
    first.moved_from.append("team/before")
    _, loader = start(world, DASH_PROJECTS=f"team/before,{second.path},team/never-was")
    ran = loader.sync(code=1)
    assert any("team/never-was" in error for error in ran.errors), ran.errors
    assert any("team/before" in error for error in ran.errors), ran.errors
    same(loader.database, world, repos=[second])


def test_a_drip_has_an_end(start: Start) -> None:
    """An answer with a length, a byte at a time: each byte comes within the time-out, the whole does not."""
    world = small(1)
    server, loader = start(world, DASH_TIMEOUT_SECONDS="0.2")
    dripped: set[str] = set()

    def before(asked: Asked) -> None:
        if asked.path not in dripped and asked.path.endswith(("/pipeline_schedules", "/members/all", "/trace")):
            dripped.add(asked.path)
            raise Drip

    server.before = before
    ran = loader.sync(limit=100)
    assert not ran.errors
    same(loader.database, world)


def test_members_leave_and_schedules_go_when_read_in_full(start: Start) -> None:
    world = small(2)
    repo = next(iter(world.repos.values()))
    extra = repo.schedule("short-lived")
    _, loader = start(world)
    loader.sync()
    repo.schedules.remove(extra)
    del repo.members["bob"]
    loader.sync("--full")
    same(loader.database, world)


def test_an_earlier_since_reaches_back(start: Start) -> None:
    world = small(2, days=25)
    _, loader = start(world)
    loader.sync()
    loader.sync("--since", (world.now - timedelta(days=20)).date().isoformat())
    same(loader.database, world, days=20)


@pytest.mark.parametrize("hours", [-2, 2])
def test_the_servers_clock_is_two_hours_off(start: Start, hours: int) -> None:
    world = small(2)
    today = world.now.date()
    world.now += timedelta(hours=hours)
    # The window opens with our day, whatever day it is there.
    days = 10 + (world.now.date() - today).days
    server, loader = start(world)
    server.wire.skew = hours * 3600
    loader.sync()
    repo = next(iter(world.repos.values()))
    world.now += timedelta(seconds=30)
    line = repo.pipeline(world.now, "schedule", "failed", schedule=repo.schedules[0].id)
    repo.job(line, "x", "failed", run=1)
    child = repo.pipeline(world.now, "parent_pipeline", sha=line.sha, parent=line.id)
    repo.job(child, "y", run=1)
    commit = repo.commit(world.now.replace(microsecond=0))
    repo.push_event(world.now, [commit])
    repo.last_activity_at = world.now
    issue = repo.issues[0]
    issue.update(title="new", updated_at=iso(world.now), _updated=world.now)
    server.wire.skew += 31
    loader.sync()
    same(loader.database, world, days=days)
    schedule = repo.schedules[0]
    schedule.description = "edited"
    loader.sync("--full")
    same(loader.database, world, days=days)


def test_child_pipelines_without_a_job_are_found_by_the_gap_in_the_numbers(start: Start) -> None:
    world = small(2, days=5)
    repo = next(iter(world.repos.values()))
    server, loader = start(world)

    heard: list[Asked] = []
    server.before = heard.append

    def with_child(hours: int) -> None:
        parent = repo.pipeline(world.ago(0, hours=hours), "push")
        repo.job(parent, "x", run=1)
        repo.pipeline(world.ago(0, hours=hours), "parent_pipeline", "skipped", sha=parent.sha)

    def next_run(hours: int) -> None:
        repo.job(repo.pipeline(world.ago(0, hours=hours), "push"), "x", run=1)

    with_child(5)
    next_run(4)
    loader.sync()
    same(loader.database, world)
    assert sum(asked.one("source") == "parent_pipeline" for asked in heard) == 1, "only where a number is missing"
    with_child(3)
    next_run(2)
    loader.sync()
    same(loader.database, world)


def test_a_bad_token_is_one_sentence(start: Start) -> None:
    world = small(12)
    _, loader = start(world)
    ran = loader.sync(code=1, GITLAB_ACCESS_TOKEN="glpat-wrong")
    assert len(ran.errors) <= 2, ran.errors
    assert "token" in " ".join(ran.errors)
    assert "glpat-wrong" not in ran.out + ran.err
