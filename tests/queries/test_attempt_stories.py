"""The invented company, synced over HTTP: its flaky job and its runner outage are found, regressions are neither."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
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


@pytest.fixture(scope="module")
def world() -> World:
    """A company whose present is ours: what is flaky is so as of now."""
    return World(7, datetime.now(UTC), repos=12, days=DAYS)


@pytest.fixture(scope="module")
def built(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    path: Path = tmp_path_factory.mktemp("attempts") / "demo.duckdb"
    with serving(create_app(world, faults=Faults())) as url, open_store(path) as store:
        settings = Settings(gitlab_url=url, gitlab_token=READ_TOKEN, database=path, projects=("*",), window_days=DAYS)
        sync(settings, store, Request())
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


def test_the_outage_of_the_runners_is_the_only_one(world: World, built: Builder) -> None:
    [row] = built.rows("select * from runner_outages")
    [night] = story("runner_outage").nights
    assert row["runner"] is None
    assert {world.nights.number(row[end].replace(tzinfo=UTC)) for end in ("began_at", "ended_at")} == {night}
    assert (row["category"], row["failure_reason"]) == ("runner_system", "runner_system_failure")
    assert row["failures"] >= 0.6 * row["jobs"] and row["repositories"] >= 8
    [sums] = built.rows("select count(*) as failures from job_attempts where failure_reason = 'runner_system_failure'")
    assert row["failures"] == sums["failures"]
