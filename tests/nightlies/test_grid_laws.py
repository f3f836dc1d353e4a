"""A law of the grid over several repositories and schedules: k lost runs are k cells that never ran, no more.

Of a schedule that runs several times a day a cell holds several times: there, k lost runs are k times of cells.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Delete, Filters
from dashlib.nightlies import ledger
from dashlib.nightlies.firings import firings
from dashlib.queries import night_grid
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_held import held
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
OFTEN = ((2, 22, "20 */6 * * *", "UTC"), (3, 32, "5 1,4 * * *", "Berlin"))
"""The same of schedules that run several times a day."""
STATES = {"success": "passed", "failed": "failed", "canceled": "canceled", "running": "running"}
Cell = tuple[str, datetime]


class Held(NamedTuple):
    """What a cell holds."""

    state: str
    expected: int
    gone: int
    runs: int


Run = tuple[int, int, datetime]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grid-law") / "template.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        for project, schedule, cron, zone in SCHEDULES + OFTEN:
            built.project(project, f"acme/p{project}")
            told = {"cron": cron, "cron_timezone": zone, "created_at": BEGIN, "next_run_at": now() + DAY}
            built.schedule(schedule, project_id=project, description=f"s{schedule}", **told)
        built.pipeline(BEGIN - 30 * DAY, source="push")
        ledger.refresh(store, Settings(window_days=40))
    return path


def due() -> Iterator[Run]:
    """Every run that was to come by a quarter of an hour ago: project, schedule, time."""
    for project, schedule, cron, zone in SCHEDULES + OFTEN:
        for firing in firings(cron, zone, BEGIN, now() - 15 * MINUTE):
            yield project, schedule, firing.at


def cells(store: Store) -> dict[Cell, Held]:
    """The cells of the grid whose rows are schedules: state, times, times at which nothing ran, runs."""
    with store.reader() as reader, held(reader) as copy:
        found = night_grid.grid(copy, Filters(), narrowed=Narrowed(now().date()), rows="schedule")
    found["gone"] = found["times_missing"] + found["times_late"]
    columns = ["name", "slot", "state", "expected", "gone", "runs"]
    return {(name, slot): Held(*values) for name, slot, *values in found[columns].to_numpy()}


def row(schedule: tuple[int, int]) -> str:
    return f"acme/p{schedule[0]} · s{schedule[1]}"


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lost_runs_are_as_many_times_and_cells_that_never_ran(company: Path, data: st.DataObject) -> None:
    path = company.with_name("case.duckdb")
    shutil.copyfile(company, path)
    runs = list(due())
    ends = data.draw(st.lists(st.sampled_from(sorted(STATES)), min_size=len(runs), max_size=len(runs)))
    lost = data.draw(st.sets(st.sampled_from(range(len(runs))), max_size=20))
    with open_store(path) as store:
        built = Builder(store)
        ids = [
            built.pipeline(at + MINUTE, status, project_id=project, schedule_id=schedule)
            for (project, schedule, at), status in zip(runs, ends, strict=True)
        ]
        before = cells(store)
        store.write(Delete(PIPELINES, [{"project_id": runs[one][0], "id": ids[one]} for one in sorted(lost)]))
        after = cells(store)
    assert before.keys() == after.keys()
    assert all(before[cell].expected == after[cell].expected for cell in before)
    gone = {cell: after[cell].gone - before[cell].gone for cell in before}
    assert gone == {cell: before[cell].runs - after[cell].runs for cell in before}
    assert Counter(row(runs[one][:2]) for one in lost) == Counter(
        name for (name, _), count in gone.items() for _ in range(count)
    )
    once = {row(schedule[:2]) for schedule in SCHEDULES}
    of_once = [status for (*which, _), status in zip(runs, ends, strict=True) if row((which[0], which[1])) in once]
    states = [found.state for cell, found in before.items() if cell[0] in once]
    assert "missing" not in states
    assert sorted(state for state in states if state != "late") == sorted(STATES[status] for status in of_once)
    changed = {cell for cell in before if cell[0] in once and before[cell].state != after[cell].state}
    assert changed == {cell for cell, count in gone.items() if cell[0] in once and count}
    assert all(gone[cell] == 1 and after[cell].state in ("missing", "late") for cell in changed)
