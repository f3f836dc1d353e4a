"""A failed job's stored reason is one that its last green log did not hold; whenever that log comes, one state."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashlib.charts.failure_wording import provenance
from dashlib.failures import green as lines_of
from dashlib.failures import green_kept
from dashlib.failures.act_tables import GREEN_LINES, GREEN_LOGS
from dashlib.failures.analyse import analyse
from dashlib.model import Filters, Put
from dashlib.queries import failure
from dashlib.sources.gitlab.traces import Trace
from dashlib.store import open_store
from dashlib.sync.steps.green_logs import green_row
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
NOISE = "error: cache server has nothing for us, going on"
CAUSE = "E_PLAN widget 12 has no parent"
GREEN = f"$ frobnicate --all\n{NOISE}\nJob succeeded\n"
RED = f"$ frobnicate --all\n{CAUSE}\n{NOISE}\nERROR: Job failed: exit code 3\n"
STATE = "select job_id, reason, signature, green_job_id, in_green_log from failures order by job_id"


def red(built: Builder, day: int, log: str = RED, **values: Any) -> int:
    at = MIDNIGHT + day * DAY
    job = built.job(built.pipeline(at, "failed"), "plan", "failed", at, finished_at=at, **values)
    built.trace(job, log)
    return job


def green(built: Builder, day: int, log: str = GREEN, **values: Any) -> int:
    """A run that passed, and its log as the last green one of its job."""
    at = MIDNIGHT + day * DAY
    job = built.job(built.pipeline(at, "success"), "plan", "success", at, finished_at=at, **values)
    row = green_row(1, "plan", job, Trace(log.encode(), b"", len(log), 0))
    assert row is not None
    built.store.write(Put(GREEN_LOGS, [row]))
    return job


def told(built: Builder) -> list[tuple[Any, ...]]:
    return [tuple(row.values())[1:] for row in built.rows(STATE)]


def test_the_reason_is_a_line_that_the_last_green_log_did_not_hold(built: Builder) -> None:
    job = red(built, 1)
    analyse(built.store)
    assert [row[0] for row in told(built)] == [NOISE]
    passed = green(built, 0)
    assert analyse(built.store).jobs == 1
    assert told(built) == [(CAUSE, "unknown: E_PLAN widget <n> has no parent", passed, False)]
    assert analyse(built.store).jobs == 0
    with built.store.reader() as reader:
        row = failure.one(reader, Filters(), project=1, job=job).iloc[0]
    assert f"The line is not in the last green log of this job, that of #{passed}." in provenance(row)


def test_a_reason_that_the_green_log_held_too_says_so(built: Builder) -> None:
    passed = green(built, 0)
    job = red(built, 1, GREEN.replace("Job succeeded", "ERROR: Job failed: exit code 3"))
    analyse(built.store)
    assert told(built)[0][2:] == (passed, True)
    with built.store.reader() as reader:
        row = failure.one(reader, Filters(), project=1, job=job).iloc[0]
    assert f"The line stands in the last green log of this job, that of #{passed}, too." in provenance(row)


@pytest.mark.parametrize(
    "apart",
    [{"day": 2}, {"day": 0, "name": "other"}, {"day": 0, "log": ""}],
    ids=["it passed after it had failed", "another job", "an empty log"],
)
def test_what_it_is_not_compared_with(built: Builder, apart: dict[str, Any]) -> None:
    red(built, 1)
    at = MIDNIGHT + apart["day"] * DAY
    name = apart.get("name", "plan")
    job = built.job(built.pipeline(at, "success"), name, "success", at, finished_at=at)
    row = green_row(1, name, job, Trace(log := apart.get("log", GREEN).encode(), b"", len(log), 0))
    built.store.write(Put(GREEN_LOGS, [row] if row else []))
    analyse(built.store)
    assert [(row[0], row[2]) for row in told(built)] == [(NOISE, None)]


def test_whenever_the_logs_come_and_are_read_the_state_is_one(template: Path, tmp_path: Path) -> None:
    """Two failures, each after a green run of its own; the green log that is replaced still speaks for the first."""
    steps: list[Callable[[Builder], object]] = [
        lambda built: kept(built, 101, 0, GREEN),
        lambda built: red(built, 1, id=201),
        lambda built: kept(built, 102, 2, GREEN.replace(NOISE, "all is well")),
        lambda built: red(built, 3, id=202),
    ]
    states = []
    for number, order in enumerate([(0, 1, 2, 3), (3, 2, 1, 0), (2, 1, 3, 0)]):
        path = tmp_path / f"{number}.duckdb"
        shutil.copyfile(template, path)
        with open_store(path) as store:
            built = Builder(store)
            for place, step in enumerate(order):
                steps[step](built)
                if (number + place) % 2:
                    analyse(store)
            analyse(store)
            states.append(built.rows(STATE))
            assert analyse(store).jobs == 0
    assert [[tuple(row.values())[i] for i in (1, 3, 4)] for row in states[0]] == [
        [CAUSE, 101, False],
        [NOISE, 102, False],
    ]
    assert all(state == states[0] for state in states)


def kept(built: Builder, job: int, day: int, log: str) -> None:
    """As the sync stores a green log: the log itself, and what outlives it."""
    green(built, day, log, id=job)
    built.store.write(Put(GREEN_LINES, [green_kept.lines_row(1, "plan", job, log, whole=True)]))


def test_a_green_log_whose_middle_is_missing_is_not_compared_with(built: Builder) -> None:
    red(built, 1)
    at = MIDNIGHT
    job = built.job(built.pipeline(at, "success"), "plan", "success", at, finished_at=at)
    built.store.write(Put(GREEN_LINES, [green_kept.lines_row(1, "plan", job, GREEN, whole=False)]))
    analyse(built.store)
    assert [(row[0], row[2]) for row in told(built)] == [(NOISE, None)]


def test_lines_kept_by_an_older_version_are_made_anew(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = green(built, 0)
    red(built, 1)
    analyse(built.store)
    for module in (lines_of, green_kept):
        monkeypatch.setattr(module, "GREEN_VERSION", 99)
    monkeypatch.setattr("dashlib.failures.analyse.GREEN_VERSION", 99)
    analyse(built.store)
    assert built.rows("select job_id, version from bookkeeping.green_lines") == [{"job_id": passed, "version": 99}]
    assert told(built)[0][2] == passed
