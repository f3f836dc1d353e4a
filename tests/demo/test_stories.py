"""Every story can be seen through the API exactly as stories.py tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dashlib.demo import STORIES, World, story, truth

from .conftest import Client

Row = dict[str, Any]


def _nights(http: Client, world: World, path: str) -> dict[int, Row]:
    """The scheduled pipelines of a repository's nightly by night, as the API lists them."""
    project = world.project(path)
    schedule = project.schedules[0]
    rows = http.all(f"/projects/{project.id}/pipeline_schedules/{schedule.id}/pipelines")
    return {world.nights.number(datetime.fromisoformat(row["created_at"])): row for row in rows}


def _jobs(http: Client, row: Row, name: str) -> list[Row]:
    """All attempts of a job, oldest first."""
    rows = http.all(f"/projects/{row['project_id']}/pipelines/{row['id']}/jobs", include_retried=True)
    return [job for job in reversed(rows) if job["name"] == name]


def test_the_flaky_job(http: Client, world: World) -> None:
    told = story("flaky_job")
    nights = _nights(http, world, told.projects[0])
    for night, row in nights.items():
        if night > 12 or night == 8:
            continue
        attempts = [job["status"] for job in _jobs(http, row, told.job or "")]
        wanted = (
            ["failed", "failed"] if night in told.nights else ["failed", "success"] if night % 3 == 0 else ["success"]
        )
        assert attempts == wanted, night
        assert (row["status"] == "failed") == (night in told.nights)


def test_the_regression_spreads(http: Client, world: World) -> None:
    told = story("regression_spreads")
    for path in told.projects:
        nights = _nights(http, world, path)
        red = {night for night, row in nights.items() if row["status"] == "failed"}
        assert red == {*told.nights_of(path), 8}, path
        for night in told.nights_of(path):
            assert _jobs(http, nights[night], "test:unit")[-1]["failure_reason"] == "script_failure"
    units = _nights(http, world, told.projects[0])
    project = world.project(told.projects[0])
    commits = world.story_commits[told.projects[0]]
    between = http.all(f"/projects/{project.id}/repository/commits", ref_name=f"{units[7]['sha']}..{units[6]['sha']}")
    assert commits["regression"] in {row["id"] for row in between}
    station = world.project("ostrelune/platform/station-api")
    bump = http.get(f"/projects/{station.id}/repository/commits/{world.story_commits[station.path]['bump']}").json()
    assert bump["author_name"] == "Dependency Bot"
    assert "tide-units" in bump["title"]


def test_the_runner_outage(http: Client, world: World) -> None:
    night = story("runner_outage").first_night
    day = world.nights.midnight(night).isoformat()
    end = world.nights.midnight(night - 1).isoformat()
    seen = 0
    for project in world.projects:
        if not project.schedules:
            continue
        rows = http.all(f"/projects/{project.id}/pipelines", source="schedule", created_after=day, created_before=end)
        for row in rows:
            jobs = http.all(f"/projects/{project.id}/pipelines/{row['id']}/jobs")
            if world.project_by_id[project.id].pipeline_by_id[row["id"]].slot is None:
                continue
            seen += 1
            assert row["status"] == "failed"
            reasons = {job["failure_reason"] for job in jobs if job["status"] == "failed"}
            assert reasons == {"runner_system_failure"}
    assert seen >= 18


def test_the_creeping_timeout(http: Client, world: World) -> None:
    told = story("creeping_timeout")
    nights = _nights(http, world, told.projects[0])
    lengths = {}
    for night, row in nights.items():
        job = _jobs(http, row, told.job or "")[-1]
        if night == 8:
            continue
        lengths[night] = job["duration"]
        assert (job.get("failure_reason") == "job_execution_timeout") == (night in told.nights), night
    assert lengths[max(lengths)] < 2400 < 3300 < lengths[4] < 3600
    assert lengths[20] < lengths[12] < lengths[5]


def test_the_owner_left(http: Client, world: World) -> None:
    told = story("owner_left")
    nights = _nights(http, world, told.projects[0])
    assert set(nights) == set(range(6, 30))
    missing = truth.nights_missing(world)
    assert [(slot.schedule.project_id, slot.night) for slot in missing] == [
        (world.project(told.projects[0]).id, night) for night in told.nights
    ]
    schedule = http.get(f"/projects/{missing[0].schedule.project_id}/pipeline_schedules").json()[0]
    assert schedule["active"] is True
    assert schedule["owner"]["state"] == "blocked"


def test_the_ignored_warning(http: Client, world: World) -> None:
    told = story("ignored_allow_failure")
    nights = _nights(http, world, told.projects[0])
    for night in told.nights:
        job = _jobs(http, nights[night], told.job or "")[-1]
        assert (job["status"], job["allow_failure"]) == ("failed", True)
    assert nights[5]["status"] == "success"
    full = http.get(f"/projects/{nights[5]['project_id']}/pipelines/{nights[5]['id']}").json()
    assert full["detailed_status"]["label"] == "passed with warnings"
    assert _jobs(http, nights[14], told.job or "")[-1]["status"] == "success"


def test_the_fix_that_came_back(http: Client, world: World) -> None:
    told = story("fix_came_back")
    nights = _nights(http, world, told.projects[0])
    assert {night for night, row in nights.items() if row["status"] == "failed"} == {*told.nights, 8}
    project = world.project(told.projects[0]).id
    reopened = http.all(f"/projects/{project}/events", action="reopened", target_type="issue")
    assert "NullPointerException in StationLoader" in {row["target_title"] for row in reopened}


def test_calm_repositories_fail_in_the_outage_only(http: Client, world: World) -> None:
    nights = _nights(http, world, "ostrelune/docs/public-site")
    assert {night for night, row in nights.items() if row["status"] == "failed"} == {8}


@pytest.mark.parametrize("days", [14, 60])
def test_stories_exist_in_every_window(days: int) -> None:
    world = World(11, datetime(2026, 3, 30, 12, tzinfo=UTC), 8, days)
    for told in STORIES:
        shown = truth.story_pipelines(world, told.name)
        if told.name == "owner_left":
            assert shown == []
            assert {slot.night for slot in truth.nights_missing(world)} == set(told.nights)
            continue
        assert {world.nights.number(each.created_at) for each in shown} == set(told.nights), told.name
        for pipeline in shown:
            failed = [job for job in pipeline.jobs if job.cause == told.cause and job.status == "failed"]
            assert failed, (told.name, pipeline.id)
            assert {job.failure_reason for job in failed} == {told.failure_reason}


def test_story_by_name() -> None:
    assert story("flaky_job").job == "e2e:browser"
    with pytest.raises(KeyError, match="regression_spreads"):
        story("happy_end")


def test_stories_can_be_read_over_http(http: Client) -> None:
    rows = http.session.get(f"{http.url}/-/demo/stories", timeout=5).json()
    assert [row["name"] for row in rows] == [told.name for told in STORIES]
