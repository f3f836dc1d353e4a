"""The world is the same every time, consistent in itself, and as large as it was asked for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from dashlib.demo import READ_TOKEN, World, create_app, truth
from dashlib.demo.company import ARCHIVED, CI_OFF, EMPTY, HOST
from dashlib.demo.cron import fires
from dashlib.demo.days import story_commits
from dashlib.demo.model import Project

from .conftest import END

_PATHS = (
    "/projects?per_page=100&statistics=true",
    "/events?scope=all&per_page=100",
    "/projects/12/jobs?per_page=100",
    "/projects/61/pipelines?per_page=100",
    "/projects/61/pipeline_schedules",
    "/projects/12/repository/commits?all=true&with_stats=true&trailers=true&per_page=100",
    "/projects/12/issues",
    "/users?per_page=100",
)


def _everything(seed: int) -> list[bytes]:
    client = TestClient(create_app(World(seed, END, 10, 15)), headers={"PRIVATE-TOKEN": READ_TOKEN})
    answers = [client.get(f"/api/v4{path}") for path in _PATHS]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content for answer in answers]


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    first, again, other = _everything(5), _everything(5), _everything(6)
    assert first == again
    differing = [path for path, one, two in zip(_PATHS, first, other, strict=True) if one != two]
    assert set(differing) >= {path for path in _PATHS if not path.startswith("/users")}


def test_logs_are_the_same_every_time() -> None:
    one, two = World(5, END, 8, 14), World(5, END, 8, 14)
    from dashlib.demo.logs import render_log

    assert [render_log(job) for job in one.jobs()] == [render_log(job) for job in two.jobs()]


def test_ids_rise_with_time_and_are_unique(world: World) -> None:
    pipelines = sorted(world.pipelines(), key=lambda each: each.id)
    assert [each.created_at for each in pipelines] == sorted(each.created_at for each in pipelines)
    jobs = sorted([*world.jobs(), *(each for p in world.projects for each in p.bridges)], key=lambda each: each.id)
    assert [each.created_at for each in jobs] == sorted(each.created_at for each in jobs)
    assert len({each.id for each in pipelines}) == len(pipelines)
    assert len({each.id for each in jobs}) == len(jobs)
    assert [each.id for each in world.events] == sorted({each.id for each in world.events})
    for project in world.projects:
        assert [each.iid for each in project.pipelines] == list(range(1, len(project.pipelines) + 1))


def test_every_commit_has_its_parents_and_every_pipeline_its_commit(world: World) -> None:
    merges = 0
    for project in world.projects:
        for commit in project.commits.values():
            assert set(commit.parents) <= set(project.commits)
            merges += len(commit.parents) == 2
        assert {each.sha for each in project.pipelines} <= set(project.commits)
        assert {each.head for each in project.branches.values()} <= set(project.commits)
    assert merges > 50


def test_jobs_keep_the_order_of_time(world: World) -> None:
    for job in world.jobs():
        if job.started_at:
            assert job.created_at <= job.started_at
        if job.finished_at and job.started_at:
            assert job.started_at <= job.finished_at <= world.end
        assert (job.failure_reason is None) == (job.status != "failed")


def test_a_pipeline_has_the_status_of_its_jobs(world: World) -> None:
    for pipeline in world.pipelines():
        bad = [job for job in pipeline.jobs if job.status == "failed" and not job.allow_failure and not job.retried]
        if pipeline.status in {"success", "failed"}:
            assert (pipeline.status == "failed") == bool(bad), pipeline.id


def test_a_retried_job_has_a_later_attempt(world: World) -> None:
    retried = [job for job in world.jobs() if job.retried]
    assert retried
    for job in retried:
        assert any(other.name == job.name and other.id > job.id for other in job.pipeline.jobs)


@pytest.mark.parametrize(("repos", "days"), [(8, 14), (12, 20), (60, 14), (205, 14)])
def test_worlds_of_any_size(repos: int, days: int) -> None:
    world = World(1, END, repos, days)
    assert len({project.path for project in world.projects}) == repos
    assert sum(project.story for project in world.projects) == 8
    assert set(world.story_commits) == {p.path for p in world.projects if _planned(world, p)}


def _planned(world: World, project: Project) -> bool:
    return bool(story_commits(project, world.nights, world.users_by_name))


def test_the_odd_repositories(world: World) -> None:
    empty, off, archived = world.project(EMPTY), world.project(CI_OFF), world.project(ARCHIVED)
    assert empty.default_branch is None
    assert not empty.commits
    assert off.commits
    assert not off.pipelines
    assert not off.ci
    assert archived.archived
    assert archived.pipelines
    assert not archived.schedules


def test_the_company(world: World) -> None:
    humans = [user for user in world.users.values() if not user.bot and not user.deleted]
    assert len(humans) == 25
    assert sum(user.state == "blocked" for user in humans) == 1
    assert sum(user.bot for user in world.users.values()) >= 4
    mails = {commit.author_email for project in world.projects for commit in project.commits.values()}
    ilka = world.user("ivarnsdot")
    assert len(mails & set(ilka.emails)) >= 2
    assert any(key == "Co-authored-by" for p in world.projects for c in p.commits.values() for key, _ in c.trailers)
    # Nobody real: invented domains, and the simulated GitLab itself.
    assert {mail.rpartition("@")[2] for mail in mails if not mail.endswith(".example")} <= {f"noreply.{HOST}"}
    offsets = {commit.committed.utcoffset() for p in world.projects for commit in p.commits.values()}
    assert timedelta(hours=3) in offsets


def test_some_commits_are_pushed_days_after_they_were_made(world: World) -> None:
    late = [c for p in world.projects for c in p.commits.values()
            if c.pushed_at and c.pushed_at - c.committed > timedelta(days=1)]  # fmt: skip
    assert late


def test_sources_and_statuses_are_mixed(world: World) -> None:
    sources = Counter(each.source for each in world.pipelines())
    assert set(sources) == {"push", "schedule", "merge_request_event", "web", "trigger", "parent_pipeline"}
    assert {job.status for job in world.jobs()} >= {"success", "failed", "canceled", "skipped", "manual"}


def test_ordinary_nights_are_red_about_one_time_in_ten() -> None:
    world = World(1, END)
    plain = {p.id for p in world.projects if not p.story and not p.calm}
    nights = [
        slot.pipeline
        for slot in truth.slots(world)
        if slot.pipeline
        and slot.night != 8
        and slot.schedule.description == "Nightly"
        and slot.schedule.project_id in plain
    ]
    red = sum(each.status == "failed" for each in nights) / len(nights)
    assert 0.06 < red < 0.14


def test_a_world_that_ends_in_the_middle_of_the_night_has_running_jobs() -> None:
    world = World(2, datetime(2026, 11, 21, 1, 10, tzinfo=UTC), 22, 14)
    statuses = Counter(job.status for job in world.jobs())
    assert statuses["running"]
    assert statuses["created"]
    assert all(job.finished_at is None for job in world.jobs() if job.status in {"running", "created", "pending"})
    assert any(pipeline.status == "running" and pipeline.duration is None for pipeline in world.pipelines())


def test_cron_follows_the_zone_over_the_change_of_the_clocks() -> None:
    start, end = datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)
    hours = [moment.hour for moment in fires("30 4 * * *", "Europe/Berlin", start, end)]
    assert hours == [2, 2, 3, 3]
    pacific = next(fires("5 23 * * *", "Pacific Time (US & Canada)", start, end))
    assert pacific == datetime(2026, 10, 23, 6, 5, tzinfo=UTC)
    assert [m.weekday() for m in fires("20 3 * * 6", "UTC", start, end)] == [5]


def test_a_world_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(1, datetime(2026, 11, 21))
