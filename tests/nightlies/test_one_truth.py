"""What became of a night is one thing, whichever view tells it: the cells, the nights, the failures, the jobs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from dashlib.model import Delete, Put
from dashlib.nightlies.tables import SCHEDULE_EDITIONS, SCHEDULE_SLOTS, SCHEDULES_READ
from dashlib.sources.tables import JOBS, PIPELINES
from dashlib.store import open_store
from tests.nightlies.rows import HOUR, MINUTE, expect
from tests.queries.build import MIDNIGHT, Builder

START = MIDNIGHT - HOUR
HOURS = {7: (1,), 8: (23,), 9: (0, 6, 12, 18), 10: (15,)}
"""At which hours each schedule runs; the line of the last one could not be read any more from some day on."""
UNREADABLE = 10
ZONES = ("UTC", "Pacific/Auckland", "Pacific/Honolulu", "Australia/Lord_Howe")
Told = dict[tuple[int | None, object], tuple[object, ...]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with open_store(tmp_path_factory.mktemp("truth") / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        for id in HOURS:
            built.schedule(id, description=f"s{id}", ref=f"r{id % 2}")
        named = {"project_id": 1, "schedule_id": UNREADABLE}
        store.write(Put(SCHEDULES_READ, [{**named, "problem": "no cron line"}]))
        yield built


def runs(built: Builder, chance: random.Random) -> None:
    """On time, late, by hand, before the first time, of unknown schedule: with one job that tells how it went."""
    for id, hours in HOURS.items():
        for day in range(chance.choice([0, 1]), 4):
            for hour in hours:
                at = START + timedelta(days=day, hours=hour)
                off = chance.choice([None, None, None, "schedule_off"])
                if id != UNREADABLE or day < 2:
                    expect(built, at, id=id, off=off)
                if chance.random() < 0.4:
                    run(built, chance, at + chance.choice([0, 3, 20, 200]) * MINUTE, chance.choice([id, id, id, None]))
    for _ in range(10):
        run(built, chance, START + chance.random() * timedelta(days=4), chance.choice([*HOURS, None]))
    named = {"project_id": 1, "schedule_id": UNREADABLE, "cron": "every night"}
    since = START + timedelta(days=1, hours=chance.randrange(48))
    built.store.write(Put(SCHEDULE_EDITIONS, [named | {"valid_from": since}]))


def run(built: Builder, chance: random.Random, at: datetime, schedule_id: int | None) -> None:
    failed = chance.random() < 0.5
    ref = f"r{(schedule_id or chance.randrange(2)) % 2}"
    made = built.pipeline(at, "failed" if failed else "success", schedule_id=schedule_id, ref=ref)
    built.job(made, "unit", "failed" if failed else "success", at)


def told(built: Builder, sql: str) -> Told:
    """By schedule and night: the other columns."""
    found = built.rows(f"select schedule_id, night, {sql}")
    by_night = {(one.pop("schedule_id"), one.pop("night")): tuple(one.values()) for one in found}
    assert len(by_night) == len(found)
    return by_night


@pytest.mark.parametrize("seed", range(12))
def test_cells_nights_failures_and_jobs_agree(company: Builder, seed: int) -> None:
    chance, built = random.Random(seed), company
    for table in (SCHEDULE_SLOTS, SCHEDULE_EDITIONS, PIPELINES, JOBS):
        built.store.write(Delete(table, built.rows(f"select {', '.join(table.key)} from {table.qualified}")))
    built.zone(chance.choice(ZONES))
    runs(built, chance)
    ran = told(built, "state, pipeline_id from nightly_cells where pipeline_id is not null")
    red = {night: decided[1:] for night, decided in ran.items() if decided[0] == "failed"}
    assert told(built, "state, pipeline_id from nightly_nights") == ran
    jobs = told(built, "state, pipeline_id from nightly_job_nights")
    assert jobs.items() <= ran.items() and jobs.keys() >= red.keys()
    assert told(built, "pipeline_id from nightly_failures where is_last") == red
    struck = told(built, "count(*) from nightly_failures where red_since is not null group by all")
    assert struck.keys() == red.keys()
    lost = told(built, "failed_runs, change from nightly_changes where pipeline_id is null and state <> 'off'")
    assert set(lost.values()) <= {(0, "missing")}
