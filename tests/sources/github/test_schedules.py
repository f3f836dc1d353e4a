"""Cron lines of workflow files: which of them count, under which id, and which of them started a run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashlib.sources.github.schedules import Line, lines, schedule_id, schedule_rows
from dashlib.sources.tables import SCHEDULES
from dashlib.sync.github.plan import Cron, next_run, schedule_of

NIGHTLY = """
name: Nightly
on:
  workflow_dispatch:
  schedule:
    - cron: '0 2 * * *'
    - cron: "30 5  * * 1-5"
      timezone: America/New_York
jobs: {}
"""
FILES: dict[str, tuple[str, list[Line]]] = {
    "two lines": (NIGHTLY, [Line("0 2 * * *"), Line("30 5 * * 1-5", "America/New_York")]),
    "quoted on": ('"on": {schedule: [{cron: "7 3 * * *"}]}', [Line("7 3 * * *")]),
    "an anchor": ("on:\n  schedule:\n    - &n {cron: '1 2 * * *'}\n    - *n\n", [Line("1 2 * * *")] * 2),
    "a list of events": ("on: [push, schedule]", []),
    "one event": ("on: push", []),
    "no events": ("jobs: {}", []),
    "a star that is no text": ("on:\n  schedule:\n    - cron: * * * * *\n", []),
    "no YAML": ("on: [", []),
    "a schedule that is none": ("on: {schedule: nightly}", []),
    "a cron that is none": ("on: {schedule: [{cron: [1, 2]}, {kron: x}, cron]}", []),
    "nothing": ("", []),
    "a tag": ("!!python/object/apply:os.getcwd []", []),
    "very deep": ("[" * 5000, []),
}


@pytest.mark.parametrize(("file", "found"), FILES.values(), ids=FILES)
def test_lines(file: str, found: list[Line]) -> None:
    assert lines(file) == found


@given(st.text())
def test_any_text_is_read(file: str) -> None:
    assert lines(f"on:\n  schedule:\n    - cron: {file}") is not None
    assert isinstance(lines(file), list)


WORKFLOW: dict[str, Any] = {
    "id": 2823525, "name": "Nightly", "path": ".github/workflows/nightly.yml", "state": "active",
    "created_at": "2023-01-20T18:23:59.000Z", "updated_at": "2023-02-20T18:23:59.000Z",
}  # fmt: skip


def test_rows() -> None:
    [row] = schedule_rows(1, "main", WORKFLOW, [Line("0 2 * * *")])
    assert SCHEDULES.groups_of(row) == ("row",)
    assert {name: value for name, value in row.items() if value is not None} == {
        "project_id": 1, "id": schedule_id(2823525, 0), "description": "Nightly", "ref": "main", "cron": "0 2 * * *",
        "cron_timezone": "UTC", "active": True, "created_at": datetime(2023, 1, 20, 18, 23, 59),
        "updated_at": datetime(2023, 2, 20, 18, 23, 59),
    }  # fmt: skip
    two = schedule_rows(1, "main", {**WORKFLOW, "state": "disabled_inactivity"}, lines(NIGHTLY))
    assert [(one["description"], one["active"]) for one in two] == [
        ("Nightly (0 2 * * *)", False),
        ("Nightly (30 5 * * 1-5)", False),
    ]
    assert two[0]["id"] == row["id"], "a line that was edited, or got a neighbour, stays the schedule it was"


SCHEDULE_IDS = [schedule_id(5, place) for place in range(2)]
TWO = dict(zip(SCHEDULE_IDS, [Cron("0 2 * * *", "UTC"), Cron("0 14 * * *", "Europe/Berlin")], strict=True))


@pytest.mark.parametrize(
    ("created", "place"),
    [
        ("2026-03-11T02:00:00Z", 0), ("2026-03-11T03:40:00Z", 0), ("2026-03-11T12:59:59Z", 1),
        ("2026-03-11T13:05:00Z", 1), ("2026-03-12T01:58:00Z", 1), ("2026-03-12T01:59:30Z", 0),
    ],
)  # fmt: skip
def test_the_line_whose_time_came_last_started_a_run(created: str, place: int) -> None:
    assert schedule_of({"workflow_id": 5, "created_at": created}, TWO) == SCHEDULE_IDS[place]


def test_a_workflow_s_only_line_started_its_runs_whenever_they_came() -> None:
    odd = {SCHEDULE_IDS[0]: Cron("not a cron line", "Mars/Olympus")}
    run = {"workflow_id": 5, "created_at": "2026-03-11T11:11:11Z"}
    assert schedule_of(run, odd) == SCHEDULE_IDS[0]
    assert schedule_of(run, {}) is None
    assert schedule_of({**run, "workflow_id": 6}, TWO) is None
    assert schedule_of({**run, "created_at": None}, TWO) is None


def test_the_next_run() -> None:
    now = datetime(2026, 3, 11, 12, 0)
    assert next_run(Line("0 14 * * *", "Europe/Berlin"), now) == datetime(2026, 3, 11, 13, 0)
    assert next_run(Line("whenever"), now) is None
    assert next_run(Line("0 2 * * *", "Mars/Olympus"), now) is None
