"""The invented company, synced over HTTP: its flaky job and its runner outage are found, regressions are neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashlib.demo import World, story, truth
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.demo.stories import FLAKY_RECOVERED
from dashlib.failures.analyse import analyse
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.sync.run import Request, sync
from tests.queries.build import Builder

DAYS = 14
WORKDAY = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # Eight nights before it was no weekend: most repositories ran.


@pytest.fixture(scope="module")
def world() -> World:
    """A company whose present is ours: what is flaky is so as of now."""
    return World(7, datetime.now(UTC), repos=12, days=DAYS)


@pytest.fixture(scope="module")
def built(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with synced(world, tmp_path_factory.mktemp("attempts")) as builder:
        yield builder


@contextmanager
def synced(world: World, folder: Path) -> Iterator[Builder]:
    """All of a company, loaded over HTTP, its failures explained."""
    path = folder / "demo.duckdb"
    with serving(create_app(world, faults=Faults())) as url, open_store(path) as store:
        settings = Settings(gitlab_url=url, gitlab_token=READ_TOKEN, database=path, projects=("*",))
        sync(settings, store, Request(since=(world.end - timedelta(days=DAYS)).date()))
        analyse(store)
        yield Builder(store)


def test_the_flaky_job_is_the_flakiest(world: World, built: Builder) -> None:
    told = story("flaky_job")
    [row] = built.rows("select * from flaky_jobs where state = 'flaky' order by flaky_share desc, job_name limit 1")
    assert (row["path_with_namespace"], row["job_name"]) == (told.projects[0], told.job)
    assert row["evidence"] == "proven"
    flakes = built.rows(
        "select team_day(failed_at) as day, proof from flaky_failures"
        f" where job_name = '{told.job}' and path_with_namespace = '{told.projects[0]}'"
    )
    # On every third night the retry passed; on those of the story the next night did, where no commit came between.
    nights = {world.nights.number(datetime.combine(one["day"], datetime.min.time(), UTC)) for one in flakes}
    sha = {night: each.sha for night in range(13) if (each := truth.nightly(world, told.projects[0], night))}
    unchanged = {night for night in told.nights if sha[night] == sha[night - 1]}
    assert unchanged and nights - {-1} >= (set(FLAKY_RECOVERED) | unchanged) - {0}
    assert not nights & (set(told.nights) - unchanged)
    assert {one["proof"] for one in flakes} == {"retry", "re-run"}


@pytest.mark.parametrize("name", ["regression_spreads", "fix_came_back", "ignored_allow_failure", "creeping_timeout"])
def test_what_is_really_broken_is_not_called_flaky(built: Builder, name: str) -> None:
    told = story(name)
    for path in told.projects:
        of_it = f"path_with_namespace = '{path}' and job_name = '{told.job}'"
        assert built.rows(f"select * from flaky_failures where pipeline_source = 'schedule' and {of_it}") == []
        [row] = built.rows(f"select * from flaky_jobs where {of_it}")
        assert (row["state"] == "broken") is (0 in told.nights_of(path))
        assert row["evidence"] != "suspected"


def test_the_outage_of_the_runners_is_the_only_one(tmp_path: Path) -> None:
    world = World(7, WORKDAY, repos=12, days=DAYS)
    with synced(world, tmp_path) as built:
        [row] = built.rows("select * from runner_outages")
        ends = [
            each["ended_at"]
            for each in built.rows("select ended_at from job_attempts where failure_reason = 'runner_system_failure'")
        ]
    [night] = story("runner_outage").nights
    assert row["runner"] is None
    assert {world.nights.number(row[end].replace(tzinfo=UTC)) for end in ("began_at", "ended_at")} == {night}
    assert (row["category"], row["failure_reason"]) == ("runner_system", "runner_system_failure")
    assert row["failures"] >= 0.6 * row["jobs"] and row["repositories"] >= 8
    assert (row["began_at"], row["ended_at"]) == (min(ends), max(ends)) and row["failures"] >= len(ends)
