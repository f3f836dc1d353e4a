"""Laws of run times: the order of arrival is nothing, groups weigh up to the whole, before is what that period says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashlib.model import Filters, Upsert
from dashlib.queries import pipelines, time_line
from dashlib.queries.attempts_held import held
from dashlib.sources.tables import JOBS, PIPELINES
from dashlib.store import open_store
from tests.queries.build import Builder, row

BEGIN = datetime(2026, 3, 2)
RELAXED = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIGURES = ("n", "timed", "run_p50", "run_p95", "queue_p50", "queue_p95", "success_rate")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """A pipeline so many hours after ``BEGIN``: its jobs (status, seconds waited, seconds run) one after another."""

    hour: int
    project: int
    source: str
    status: str
    jobs: tuple[tuple[str, int, int], ...]


jobs = st.tuples(st.sampled_from(["success", "failed", "canceled", "skipped"]), st.integers(0, 90), st.integers(0, 900))
runs = st.lists(
    st.builds(
        Run, st.integers(0, 24 * 20), st.integers(1, 2), st.sampled_from(["push", "schedule", "parent_pipeline"]),
        st.sampled_from(["success", "failed", "canceled", "running"]), st.lists(jobs, max_size=3).map(tuple),
    ),
    max_size=14,
)  # fmt: skip


def rows_of(history: Sequence[Run]) -> tuple[Rows, Rows]:
    """The pipelines and jobs of a history."""
    whole, parts = Rows(), Rows()
    for place, run in enumerate(history):
        at, id = BEGIN + timedelta(hours=run.hour), 5000 + place
        whole.append(row(
            PIPELINES, ["identity", "state"], project_id=run.project, id=id, source=run.source, ref="main", sha="a",
            status=run.status, created_at=at, updated_at=at, changed_at=at, state_rank=9,
        ))  # fmt: skip
        free = at
        for number, (status, waited, ran) in enumerate(run.jobs):
            began = None if status == "skipped" else free + timedelta(seconds=waited)
            ended = None if began is None else began + timedelta(seconds=ran)
            parts.append(row(
                JOBS, ["state"], project_id=run.project, id=10 * id + number, pipeline_id=id, kind="build",
                name=f"job {number}", status=status, created_at=at, started_at=began, finished_at=ended,
                duration=None if began is None else float(ran),
                queued_duration=None if began is None else float(waited),
                changed_at=at, state_rank=9,
            ))  # fmt: skip
            free = ended or free
    return whole, parts


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("law") / "template.duckdb"
    with open_store(path) as store:
        Builder(store).project(1, default_branch="main")
        Builder(store).project(2, "acme/web/site", default_branch="main")
    return path


@contextmanager
def stored(empty: Path, history: Sequence[Run], backwards: bool = False) -> Iterator[Builder]:
    path = empty.with_name("case.duckdb")
    shutil.copyfile(empty, path)
    with open_store(path) as store:
        whole, parts = (rows[::-1] if backwards else rows for rows in rows_of(history))
        changes = [Upsert(PIPELINES, whole), Upsert(JOBS, parts)]
        for change in changes[::-1] if backwards else changes:
            store.write(change)
        yield Builder(store)


def days(first: int, last: int) -> Filters:
    return Filters(since=(BEGIN + timedelta(days=first)).date(), until=(BEGIN + timedelta(days=last)).date())


@RELAXED
@given(runs)
def test_the_order_of_arrival_is_nothing(empty: Path, history: list[Run]) -> None:
    asked = [f"select * from {view} order by all" for view in ("pipeline_times", "job_times", "pipeline_jobs")]
    with stored(empty, history) as built:
        told = [built.rows(sql) for sql in asked]
    with stored(empty, history, backwards=True) as built:
        assert [built.rows(sql) for sql in asked] == told


def some_runs() -> list[Run]:
    """Every source and end, jobs of every kind, on both repositories."""
    ends, sources = ("success", "failed", "canceled", "running"), ("push", "schedule", "parent_pipeline")
    parts = (("success", 20, 300), ("failed", 5, 40), ("skipped", 0, 0), ("canceled", 60, 7), ("success", 0, 900))
    return [Run(7 * n + 40, 1 + n % 2, sources[n % 3], ends[n % 4], parts[n % 3 : n % 3 + n % 4]) for n in range(14)]


@settings(RELAXED, max_examples=5)
@given(runs, st.integers(3, 12), st.integers(0, 6), st.just(False))
@example(some_runs(), 3, 2, True)
def test_figures_are_those_of_a_plain_reading(
    empty: Path, history: list[Run], first: int, more: int, shown: bool
) -> None:
    """Beside numpy's quantiles; of the database or of the copy; groups weigh up to the whole; before is before.

    ``shown``: each question's SQL is asked of the database, too; of others the copy's rows are compared as they are.
    """
    chosen, before = days(first, first + more), days(first - more - 1, first - 1)
    with stored(empty, history) as built, built.store.reader() as reader:
        copy = held(reader)
        for name in ("pipeline_times", "job_times"):
            sql = f"select * from {name} order by all"
            assert copy.execute(sql).fetchall() == reader.execute(sql).fetchall(), name

        def asked(question: Any, filters: Filters = chosen, **which: Any) -> pd.DataFrame:
            frame: pd.DataFrame = question(copy, filters, **which)
            if shown:
                pd.testing.assert_frame_equal(reader.execute(str(frame.attrs["sql"])).df(), frame, check_exact=False)
            return frame

        sums, then = asked(pipelines.totals).iloc[0], asked(pipelines.totals, before).iloc[0]
        for name in FIGURES:
            assert sums[f"{name}_before"] == pytest.approx(then[name], nan_ok=True)
        ended = [
            run for run in history
            if run.source != "parent_pipeline" and run.status in ("success", "failed")
            and first * 24 <= run.hour < (first + more + 1) * 24
        ]  # fmt: skip
        spans = [[part for part in run.jobs if part[0] != "skipped"] for run in ended]
        ran = [sum(part[2] for part in parts) for parts in spans if sum(part[2] for part in parts)]
        waited = [parts[0][1] for parts in spans if parts]
        assert sums["n"] == len(ended)
        if ran:
            assert sums[["run_p50", "run_p95"]].tolist() == pytest.approx(np.quantile(ran, [0.5, 0.95]).tolist())
        if waited:
            assert sums[["queue_p50", "queue_p95"]].tolist() == pytest.approx(np.quantile(waited, [0.5, 0.95]).tolist())
        for of in pipelines.OF:
            total = asked(pipelines.totals, of=of).iloc[0].fillna(0)
            for by in (by for by in pipelines.BY if by != "job" or of == "jobs"):
                groups = asked(pipelines.table, of=of, by=by, measure=pipelines.MEASURES[len(by) % 3])
                assert (groups["n"].sum(), groups["timed"].sum()) == (total["n"], total["timed"])
                passed = (groups["n"] * groups["success_rate"]).sum()
                assert passed == pytest.approx(total["n"] * total["success_rate"])
            for grain in pipelines.GRAINS:
                assert asked(pipelines.over_time, of=of, grain=grain)["n"].sum() == total["n"]
            only = asked(pipelines.totals, of=of, ended="passed").iloc[0].fillna(0)
            assert only["n"] == total["n"] and only["timed"] <= round(total["n"] * total["success_rate"])
            by_source = [asked(pipelines.totals, of=of, sources=(one,)).iloc[0]["n"]
                         for one in ("push", "schedule", "parent_pipeline")]  # fmt: skip
            assert sum(by_source) == total["n"]
        slowest = asked(pipelines.jobs)
        assert slowest["n"].sum() == asked(pipelines.totals, of="jobs").iloc[0]["n"]
        asked(pipelines.jobs, order="growing fastest"), asked(pipelines.sources)
        for order in pipelines.ORDERS:
            assert set(asked(pipelines.listing, order=order)["whole"]) <= {len(asked(pipelines.listing))}


@RELAXED
@given(runs)
def test_on_a_time_line_the_chain_goes_back_in_time_and_ends_last(empty: Path, history: list[Run]) -> None:
    with stored(empty, history) as built, built.store.reader() as reader:
        for place, run in enumerate(history):
            found = time_line.jobs(reader, Filters(), project=run.project, pipeline=5000 + place)
            assert len(found) == len(run.jobs)
            began = found.dropna(subset="ended_after")
            assert (began["queued_after"] <= began["began_after"]).all()
            assert (began["began_after"] <= began["ended_after"]).all()
            chain = began[began["is_decisive"]].sort_values("ended_after")
            assert found["is_decisive"].sum() == len(chain)
            if len(began):
                assert chain["ended_after"].max() == began["ended_after"].max()
                # One begins where the one before has ended, but for the second that GitLab's clocks may differ by.
                gaps = chain["queued_after"].to_numpy()[1:] - chain["ended_after"].to_numpy()[:-1]
                assert (gaps >= -1).all()
