"""A law of the grid over several repositories and schedules: k lost runs are k cells that never ran, no more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Delete, Filters
from dashlib.nightlies import ledger
from dashlib.nightlies.firings import firings
from dashlib.queries import night_grid
from dashlib.queries.night_grid import Narrowed
from dashlib.settings import Settings
from dashlib.sources.tables import PIPELINES
from dashlib.store import Store, open_store
from tests.nightlies.rows import DAY, MINUTE, now
from tests.queries.build import Builder

BEGIN = now().replace(hour=0, minute=0) - 6 * DAY
SCHEDULES = (
    (1, 11, "0 1 * * *", "UTC"),
    (1, 12, "30 23 * * *", "Pacific Time (US & Canada)"),
    (2, 21, "15 3 * * 1-5", "Berlin"),
    (3, 31, "40 22 * * *", "Asia/Kolkata"),
)
"""Project, schedule, cron line and zone: two of one repository, one that runs on weekdays only."""
STATES = {"success": "passed", "failed": "failed", "canceled": "canceled", "running": "running"}
Cell = tuple[str, datetime]
Run = tuple[int, int, datetime]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grid-law") / "template.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        for project, schedule, cron, zone in SCHEDULES:
            built.project(project, f"acme/p{project}")
            told = {"cron": cron, "cron_timezone": zone, "created_at": BEGIN, "next_run_at": now() + DAY}
            built.schedule(schedule, project_id=project, description=f"s{schedule}", **told)
        built.pipeline(BEGIN - 30 * DAY, source="push")
        ledger.refresh(store, Settings(window_days=40))
    return path


def due() -> Iterator[Run]:
    """Every run that was to come by a quarter of an hour ago: project, schedule, time."""
    for project, schedule, cron, zone in SCHEDULES:
        for firing in firings(cron, zone, BEGIN, now() - 15 * MINUTE):
            yield project, schedule, firing.at


def cells(store: Store) -> dict[Cell, str]:
    """The states of the grid whose rows are schedules."""
    with store.reader() as reader:
        found = night_grid.grid(reader, Filters(), narrowed=Narrowed(now().date()), rows="schedule")
    return {(name, slot): state for name, slot, state in found[["name", "slot", "state"]].to_numpy()}


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lost_runs_are_as_many_cells_that_never_ran(company: Path, data: st.DataObject) -> None:
    path = company.with_name("case.duckdb")
    shutil.copyfile(company, path)
    runs = list(due())
    ends = data.draw(st.lists(st.sampled_from(sorted(STATES)), min_size=len(runs), max_size=len(runs)))
    lost = data.draw(st.sets(st.sampled_from(range(len(runs))), max_size=8))
    with open_store(path) as store:
        built = Builder(store)
        ids = [
            built.pipeline(at + MINUTE, status, project_id=project, schedule_id=schedule)
            for (project, schedule, at), status in zip(runs, ends, strict=True)
        ]
        before = cells(store)
        store.write(Delete(PIPELINES, [{"project_id": runs[one][0], "id": ids[one]} for one in sorted(lost)]))
        after = cells(store)
    assert sorted(before.values()).count("missing") == 0
    assert sorted(state for state in before.values() if state != "late") == sorted(STATES[status] for status in ends)
    assert before.keys() == after.keys()
    changed = {cell for cell in before if before[cell] != after[cell]}
    assert len(changed) == len(lost)
    assert {cell[0] for cell in changed} == {f"acme/p{runs[one][0]} · s{runs[one][1]}" for one in lost}
    assert {after[cell] for cell in changed} <= {"missing", "late"}
