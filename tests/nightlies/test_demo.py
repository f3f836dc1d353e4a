"""The ledger of the invented company, synced over HTTP: the planted nights are missing, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.demo import World, story, truth
from dashlib.demo.decided import decide
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.demo.stories import OUTAGE_NIGHT, STORIES
from dashlib.failures.analyse import analyse
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


def test_exactly_the_jobs_of_the_stories_failed_in_their_repositories(world: World, built: Builder) -> None:
    """Which jobs, on which nights, allowed or not, whether new and since when; on the night of the outage see below."""
    told, over = set(), set()
    for path in sorted({path for one in STORIES for path in one.projects}):
        nights = ended_nights(world, path)
        over |= {(path, day) for _, day in nights}
        for one in STORIES:
            if one.job is None or path not in one.projects:
                continue
            state = "warned" if one.name == "ignored_allow_failure" else "failed"
            since = None
            for number, day in nights:
                if number == OUTAGE_NIGHT:
                    continue
                red = number in one.nights_of(path)
                since = (since or day) if red else None
                if red:
                    told.add((path, day, one.job, state, since == day, since))
    found = asked(
        built,
        "select path_with_namespace, night, job_name, state, is_new, red_since from nightly_job_nights"
        " where is_failed and list_contains($paths, path_with_namespace) and schedule_description = 'Nightly'",
        paths=sorted({path for path, *_ in told}),
    )
    outage = outage_day(world)
    # A night that still runs may have a failed job already.
    ended = [each for each in found if (each["path_with_namespace"], each["night"]) in over]
    assert {tuple(each.values()) for each in ended if each["night"] != outage} == told
    assert {job for _, _, job, *_ in told} == {one.job for one in STORIES if one.job is not None}


def test_exactly_the_nightlies_of_the_stories_changed(world: World, built: Builder) -> None:
    """New, still red, recovered: since when and for how many nights, worked out from the stories night by night."""
    told = []
    paths = sorted({path for one in STORIES if one.job is not None for path in one.projects})
    for path in paths:
        red = {
            night
            for one in STORIES
            if one.name != "ignored_allow_failure" and (not one.projects or path in one.projects)
            for night in one.nights_of(path)
        }
        since, count = None, 0
        for number, day in ended_nights(world, path):
            if number in red:
                told.append((path, day, "still_red" if since else "new", since or day, count + 1))
                since, count = since or day, count + 1
            elif since:
                told.append((path, day, "recovered", since, count))
                since, count = None, 0
    found = asked(
        built,
        "select path_with_namespace, night, change, red_since, nights_red from nightly_changes"
        " where change is not null and list_contains($paths, path_with_namespace)"
        " and schedule_description = 'Nightly' order by path_with_namespace, night",
        paths=paths,
    )
    assert [tuple(each.values()) for each in found] == told


def test_on_the_night_of_the_outage_exactly_what_ran_failed_for_want_of_a_runner(world: World, built: Builder) -> None:
    ran = {
        (slot.schedule.project_id, slot.schedule.id)
        for slot in truth.slots(world)
        if slot.night == OUTAGE_NIGHT and slot.pipeline is not None
    }
    day = outage_day(world)
    found = asked(built, "select project_id, schedule_id, state from nightly_cells where night = $day", day=day)
    assert {(one["project_id"], one["schedule_id"]) for one in found if one["state"] == "failed"} == ran
    assert {one["state"] for one in found} <= {"failed", "off"}
    reasons = asked(built, "select distinct failure_reason from nightly_failures where night = $day", day=day)
    assert [one["failure_reason"] for one in reasons] == [story("runner_outage").failure_reason]


def test_the_owner_who_left_leaves_a_gap_that_grows(world: World, built: Builder) -> None:
    found = built.rows(
        "select path_with_namespace, night, missing_since, nights_missing, owner_username from nightly_changes"
        " where state = 'missing' order by night"
    )
    first = found[0]["night"]
    [path] = story("owner_left").projects
    assert [tuple(one.values()) for one in found] == [
        (path, first + timedelta(days=place), first, place + 1, "taldane") for place in range(len(found))
    ]
    days = {slot.night: slot.day for slot in truth.nights_missing(world)}
    assert first == days[story("owner_left").first_night]


def test_somebody_has_the_bug_that_came_back(built: Builder) -> None:
    analyse(built.store)
    assert decide(built.store)
    [path] = story("fix_came_back").projects
    found = built.rows(
        "select distinct path_with_namespace, job_name, issue_title from nightly_changes where assignee is not null"
    )
    assert [tuple(one.values()) for one in found] == [
        (path, "test:integration", "NullPointerException in StationLoader")
    ]


def asked(built: Builder, sql: str, **values: Any) -> list[dict[str, Any]]:
    with built.store.reader() as reader:
        found = reader.execute(sql, values)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ended_nights(world: World, path: str) -> list[tuple[int, date]]:
    """Number and day of every night on which a repository's daily nightly came to an end, oldest first.

    A night that is still going on goes on as the last one was told: its number is that one's.
    """
    daily = world.project(path).schedules[0]
    return sorted(
        ((max(0, slot.night), slot.day) for slot in truth.slots(world) if slot.schedule is daily and _ended(slot)),
        key=lambda one: one[1],
    )


def _ended(slot: truth.Slot) -> bool:
    return slot.pipeline is not None and slot.pipeline.status in ("success", "failed")


def outage_day(world: World) -> date:
    """The day of the night on which the runners were gone."""
    [day] = {slot.day for slot in truth.slots(world) if slot.night == OUTAGE_NIGHT}
    return day


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
