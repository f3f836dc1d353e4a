"""Laws of job_attempts and what follows from it, over random histories, beside a plain reading of the rules."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashlib.failures.tables import FAILURES
from dashlib.model import Filters, Put, Upsert
from dashlib.queries import flaky, runners
from dashlib.queries.attempts_held import held
from dashlib.sources.tables import JOBS, PIPELINES
from dashlib.store import open_store
from tests.queries.build import Builder, row

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
BEGIN = NOW - timedelta(days=20)
STATUSES = ("success", "failed", "failed, runner", "failed, network", "canceled", "running")


@dataclass(frozen=True)
class Run:
    """A pipeline so many hours after ``BEGIN``, with the attempts of one job of it."""

    hour: int
    sha: str
    source: str
    name: str
    statuses: tuple[str, ...]
    runner: int


runs = st.lists(
    st.builds(
        Run, st.integers(0, 470), st.sampled_from("ab"), st.sampled_from(["push", "schedule", "api"]),
        st.sampled_from(["unit", "lint"]), st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3).map(tuple),
        st.integers(1, 3),
    ),
    max_size=14,
)  # fmt: skip
RELAXED = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


Rows = list[dict[str, Any]]


def rows_of(history: Sequence[Run]) -> tuple[Rows, Rows, Rows]:
    """The pipelines, jobs and reasons of a history."""
    pipelines, jobs, failures = Rows(), Rows(), Rows()
    for place, run in enumerate(history):
        at, pipeline = BEGIN + run.hour * HOUR, 5000 + place
        told = {"source": run.source, "ref": "main", "sha": run.sha, "status": "success", "created_at": at}
        groups = ["identity", "state"] + (["schedule"] if run.source == "schedule" else [])
        pipelines.append(
            row(PIPELINES, groups, project_id=1, id=pipeline, updated_at=at, changed_at=at, state_rank=9, **told)
        )
        if run.source == "schedule":
            pipelines[-1]["schedule_id"] = 7
        for number, word in enumerate(run.statuses):
            status, _, why = word.partition(", ")
            job, began = 10 * pipeline + number, at + number * timedelta(minutes=9)
            jobs.append(row(
                JOBS, ["state", "ref"], project_id=1, id=job, pipeline_id=pipeline, kind="build", name=run.name,
                status=status, created_at=began, started_at=began, finished_at=began + timedelta(minutes=5),
                duration=300.0, queued_duration=float(number), runner_id=run.runner,
                runner_description=f"r{run.runner}",
                failure_reason="runner_system_failure" if why == "runner" else None, changed_at=began, state_rank=9,
                sha=run.sha, ref="main", user_id=1, username="ada",
            ))  # fmt: skip
            if why == "network":
                failures.append(row(FAILURES, ["row"], project_id=1, job_id=job, state="explained", category="network"))
    return pipelines, jobs, failures


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("law") / "template.duckdb"
    with open_store(path) as store:
        Builder(store).project(1, default_branch="main")
        Builder(store).schedule(7)
    return path


@contextmanager
def stored(empty: Path, history: Sequence[Run], backwards: bool = False) -> Iterator[Builder]:
    path = empty.with_name("case.duckdb")
    shutil.copyfile(empty, path)
    with open_store(path) as store:
        pipelines, jobs, failures = (rows[::-1] if backwards else rows for rows in rows_of(history))
        changes: list[Upsert | Put] = [Upsert(PIPELINES, pipelines), Upsert(JOBS, jobs), Put(FAILURES, failures)]
        store.write(*(changes[::-1] if backwards else changes))
        yield Builder(store)


def outcome(word: str) -> str | None:
    return {"success": "passed", "failed": "failed", "failed, runner": "infrastructure",
            "failed, network": "infrastructure"}.get(word)  # fmt: skip


def proven(history: Sequence[Run]) -> set[tuple[int, int]]:
    """Failed attempt and the first pass after it, as flaky_failures puts it: by looking at each pair of attempts."""
    ended = [
        ((run.name, run.sha, "commit" if run.source == "push" else run.source if run.source == "schedule" else place),
         BEGIN + run.hour * HOUR + number * timedelta(minutes=9), 10 * (5000 + place) + number, outcome(word))
        for place, run in enumerate(history) for number, word in enumerate(run.statuses)
    ]  # fmt: skip
    found = set()
    for what, at, job, how in ended:
        later = [(moment, id) for other, moment, id, end in ended
                 if other == what and end == "passed" and (moment, id) > (at, job)]  # fmt: skip
        if how == "failed" and later and min(later)[0] <= at + timedelta(days=4):
            found.add((job, min(later)[1]))
    return found


def flakes(built: Builder) -> set[tuple[int, int]]:
    return {(one["job_id"], one["passed_job_id"]) for one in built.rows("select * from flaky_failures")}


@RELAXED
@given(runs)
def test_flaky_is_what_the_rule_says_whatever_the_order(empty: Path, history: list[Run]) -> None:
    asked = [f"select * from {view} order by all" for view in ("job_attempts", "flaky_jobs", "runner_outages")]
    with stored(empty, history) as built:
        assert flakes(built) == proven(history)
        told = [built.rows(sql) for sql in asked]
    with stored(empty, history, backwards=True) as built:
        assert [built.rows(sql) for sql in asked] == told


@RELAXED
@given(runs, st.integers(0, 470))
def test_a_pass_on_another_commit_proves_nothing(empty: Path, history: list[Run], hour: int) -> None:
    before = proven(history)
    more = [*history, Run(hour, "another", "push", "unit", ("success",), 1)]
    with stored(empty, more) as built:
        assert flakes(built) == before
        states = built.rows("select job_name, evidence from flaky_jobs")
    names = {history[job // 10 - 5000].name for job, _ in before}
    assert {one["job_name"] for one in states if one["evidence"] == "proven"} == names


SOME = [
    Run(40 * place, "ab"[place % 2], ("push", "schedule", "api")[place % 3], ("unit", "lint")[place // 4 % 2],
        STATUSES[place % 4 : place % 4 + 3], 1 + place % 3)
    for place in range(12)
]  # fmt: skip
"""Failures of every kind, some of which passed afterwards."""


@settings(RELAXED, max_examples=5)
@given(runs, st.just(False))
@example(SOME, True)
def test_what_the_pages_count_adds_up(empty: Path, history: list[Run], shown: bool) -> None:
    """To the attempts with a verdict; asked of the copy in memory or of the database, the answer is one.

    ``shown``: each question's SQL is asked of the database, too; of others the copy's rows are compared as they are.
    """
    ends = [outcome(word) for run in history for word in run.statuses]
    with stored(empty, history) as built, built.store.reader() as reader:
        copy = held(reader)
        for rows in ("* exclude (job_web_url) from job_attempts", "* from flaky_failures", "* from flaky_jobs",
                     "* from runner_outages"):  # fmt: skip
            sql = f"select {rows} order by all"
            assert copy.execute(sql).fetchall() == reader.execute(sql).fetchall(), rows

        def asked(question: Any, **more: Any) -> pd.DataFrame:
            frame: pd.DataFrame = question(copy, Filters(), **more)
            if shown:
                pd.testing.assert_frame_equal(reader.execute(str(frame.attrs["sql"])).df(), frame, check_exact=False)
            return frame

        sums = asked(flaky.totals).iloc[0]
        flaky_now = proven(history)
        assert sums["flaky_failures"] == len(flaky_now) == len(asked(flaky.listing))
        assert sums["failures"] == ends.count("failed") + ends.count("infrastructure")
        assert sums["infrastructure_failures"] == ends.count("infrastructure")
        assert sums["flaky_minutes"] == 5 * len(flaky_now)
        jobs = asked(flaky.jobs)
        assert (jobs["flaky_failures"].sum(), jobs["failures"].sum()) == (len(flaky_now), sums["failures"])
        assert len(jobs) == sums["jobs"] == sum(sums[["flaky", "broken"]]) + (jobs["state"] == "healthy").sum()
        for by in flaky.BY:
            series = asked(flaky.over_time, by=by)
            assert series["failures"].sum() == (sums["failures"] if by == "kind" else len(flaky_now))
        verdicts = len(ends) - ends.count(None)
        for by in runners.BY:
            assert asked(runners.table, by=by)["jobs"].sum() == verdicts
        for by, measure, grain in zip(runners.BY, runners.MEASURES, [*runners.GRAINS, "week"], strict=False):
            assert asked(runners.days, by=by, measure=measure, grain=grain)["n"].sum() == verdicts
        assert asked(runners.over_time)["failures"].sum() == ends.count("infrastructure")
        week = {measure: asked(runners.week, measure=measure) for measure in runners.MEASURES}
        assert {int(week[measure]["n"].sum()) for measure in ("infrastructure", "failed", "queue")} == {verdicts}
        assert all(week["failed"]["value"].between(0, 1))
        total = asked(runners.totals)
        assert list(total["jobs"]) == ([verdicts] if verdicts else [])
        asked(runners.outages), asked(runners.choices)
