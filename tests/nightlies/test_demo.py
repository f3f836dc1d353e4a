"""The ledger of the invented company, synced over HTTP: the planted nights are missing, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.demo import World, story, truth
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.nightlies import ledger
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.sync.run import Request, sync
from tests.queries.build import Builder

DAYS = 21


@pytest.fixture(scope="module")
def world() -> World:
    """A company whose present is ours: nights after its end would be missing, as they should."""
    return World(7, datetime.now(UTC), repos=12, days=DAYS)


@pytest.fixture(scope="module")
def built(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    path: Path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    with serving(create_app(world, faults=Faults())) as url, open_store(path) as store:
        settings = Settings(gitlab_url=url, gitlab_token=READ_TOKEN, database=path, projects=("*",), window_days=30)
        sync(settings, store, Request(since=(world.end - timedelta(days=DAYS + 9)).date()))
        ledger.refresh(store, settings)
        yield Builder(store)


def test_exactly_the_planted_nights_never_ran(world: World, built: Builder) -> None:
    planted = {
        (slot.schedule.project_id, slot.schedule.id, _plain(slot.expected_at)) for slot in truth.nights_missing(world)
    }
    assert planted
    found = built.rows(
        "select project_id, schedule_id, expected_at, state, cause from nightly_slots"
        " where state in ('missing', 'late')"
    )
    told = _plain(world.end) - timedelta(seconds=15)
    assert {_key(one) for one in found if one["expected_at"] <= told} == planted
    assert {one["cause"] for one in found if one["state"] == "missing"} == {"owner_blocked"}
    nights = {world.nights.number(one["expected_at"].replace(tzinfo=UTC)) for one in found if one["state"] == "missing"}
    assert nights - {-1, 0} == set(story("owner_left").nights) - {0}


def test_every_run_of_a_schedule_stands_at_its_own_time(world: World, built: Builder) -> None:
    """Paused schedules owe what they ran only: their other nights are off."""
    found = built.rows("select * from nightly_slots")
    real = {
        (slot.schedule.project_id, slot.schedule.id, _plain(slot.expected_at), slot.pipeline.id)
        for slot in truth.slots(world)
        if slot.pipeline is not None
    }
    assert {(*_key(one), one["pipeline_id"]) for one in found if one["pipeline_id"] and one["expected_at"]} == real
    extra = {one["pipeline_id"] for one in found if one["expected_at"] is None}
    assert extra == {pipeline.id for pipeline in truth.scheduled(world) if pipeline.slot is None}
    assert all(one["by_hand"] is (one["pipeline_id"] in extra) for one in found if one["pipeline_id"])
    off = {one["schedule_id"] for one in found if one["state"] == "off"}
    assert off == {schedule.id for schedule in world.schedules() if not schedule.active}


def test_the_stories_appear_as_told(world: World, built: Builder) -> None:
    for name in ("regression_spreads", "creeping_timeout", "fix_came_back", "runner_outage"):
        told = {pipeline.id for pipeline in truth.story_pipelines(world, name)}
        assert told
        found = built.rows("select pipeline_id from nightly_slots where state = 'failed'")
        assert told <= {one["pipeline_id"] for one in found}, name


def test_pages_and_ledger_agree_on_every_night_that_ran(built: Builder) -> None:
    """nightly_nights asks the same runs: one truth."""
    both = (
        "select project_id, schedule_id, night, {state}, pipeline_id, runs from {view} where pipeline_id is not null"
        " order by all"
    )
    assert built.rows(both.format(state="state", view="nightly_nights")) == built.rows(
        both.format(state="state", view="nightly_cells")
    )


def test_at_risk_is_the_owner_who_left(world: World, built: Builder) -> None:
    found = built.rows("select path_with_namespace, risk, owner_username, stopped from schedules_at_risk where stopped")
    assert [tuple(one.values()) for one in found] == [
        ("ostrelune/platform/ingest-gateway", "owner_blocked", "taldane", True)
    ]


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _key(one: dict[str, Any]) -> tuple[int, int, datetime]:
    return one["project_id"], one["schedule_id"], one["expected_at"]
