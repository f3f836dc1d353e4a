"""Laws of the ledger: one state per expected night, nothing moves but what a lost run leaves, order does not matter."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.model import Upsert
from dashlib.nightlies import ledger
from dashlib.nightlies.firings import firings
from dashlib.settings import Settings
from dashlib.sources.tables import PIPELINES
from dashlib.store import open_store
from tests.nightlies.rows import DAY, HOUR, forget, now, schedule
from tests.queries.build import Builder, row

STATES = {"passed", "failed", "warned", "canceled", "running", "late", "missing", "off"}
CRONS = ["0 1 * * *", "30 22 * * *", "15 3 * * 6", "0 */6 * * *", "40 * * * *", "5 1,13 * * 1-5"]
ZONES = ["UTC", "Berlin", "Pacific Time (US & Canada)", "Asia/Kolkata"]
BEGIN = now().replace(hour=0, minute=0) - 9 * DAY


@dataclass(frozen=True)
class Run:
    """A scheduled pipeline: so many minutes after the expected time of that place, or at any time of its own."""

    place: int
    minutes: int
    status: str


@dataclass(frozen=True)
class Case:
    """A schedule in a team's zone, and its runs; ``BEGIN`` is when it was created.

    ``once``: of each expected time only the first of the runs is meant.
    """

    cron: str
    zone: str
    team: str
    runs: tuple[Run, ...]
    once: bool

    def pipelines(self, times: list[datetime]) -> list[dict[str, Any]]:
        """The rows of the runs that have begun by now."""
        found, taken = [], set()
        for number, run in enumerate(self.runs, start=5000):
            place = run.place % len(times) if times else 0
            at = (times[place] if times else BEGIN) + timedelta(minutes=run.minutes, seconds=number % 60)
            if at <= now() and not (self.once and place in taken):
                told = {"source": "schedule", "status": run.status, "created_at": at, "updated_at": at, "ref": "main"}
                groups = ["identity", "state", "schedule"]
                found.append(row(PIPELINES, groups, project_id=1, id=number, schedule_id=7, **told))
            taken.add(place)
        return found


statuses = st.sampled_from(["success", "failed", "canceled", "running", "manual", "skipped", "created"])


def cases(minutes: st.SearchStrategy[int], *, once: bool) -> st.SearchStrategy[Case]:
    runs = st.lists(st.builds(Run, st.integers(0, 250), minutes, statuses), max_size=40).map(tuple)
    cron, zone, team = st.sampled_from(CRONS), st.sampled_from(ZONES), st.sampled_from(["UTC", *ZONES[3:]])
    return st.builds(Case, cron=cron, zone=zone, team=team, runs=runs, once=st.just(once))


any_runs = cases(st.integers(-1500, 1500), once=False)
own_runs = cases(st.integers(0, 38), once=True)
"""One run for each time, soon after it, as GitLab starts them."""
RELAXED = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("law") / "template.duckdb"
    with open_store(path) as store:
        Builder(store).project()
    return path


@contextmanager
def told(
    empty: Path, case: Case, order: list[int] | None = None, lost: Collection[int] = ()
) -> Iterator[tuple[Builder, list[int]]]:
    """The case in a database of its own, looked at before the runs came and after; the ids of its pipelines.

    ``order`` is that in which they come, ``lost`` those that never do. The first look comes after the runs where there
    is no order.
    """
    path = empty.with_name("case.duckdb")
    shutil.copyfile(empty, path)
    with open_store(path) as store:
        built = Builder(store)
        built.zone(case.team)
        # A push long before: what the day of the oldest pipeline is does not depend on the runs.
        built.pipeline(BEGIN - 30 * DAY, source="push")
        schedule(built, cron=case.cron, cron_timezone=case.zone, created_at=BEGIN)
        looked = Settings(timezone=case.team, window_days=40)
        if order is not None:
            ledger.refresh(store, looked)
        times = [firing.at for firing in firings(case.cron, case.zone, BEGIN, now())]
        rows = [one for one in case.pipelines(times) if one["id"] not in lost]
        rows.sort(key=lambda one: order[one["id"] - 5000] if order is not None else 0)
        for batch in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            store.write(Upsert(PIPELINES, batch))
        ledger.refresh(store, looked)
        yield built, sorted(one["id"] for one in rows)


def ledger_of(built: Builder) -> list[dict[str, Any]]:
    return built.rows(
        "select night, expected_at, pipeline_id, state, by_hand from nightly_slots order by expected_at, pipeline_id"
    )


@RELAXED
@given(case=any_runs)
def test_every_expected_night_and_every_run_is_one_row_of_one_state(empty: Path, case: Case) -> None:
    with told(empty, case) as (built, pipelines):
        found = ledger_of(built)
        due = built.rows(
            "select expected_at from schedule_slots where expected_at <= now() at time zone 'UTC' order by 1"
        )
        expected = [one["expected_at"] for one in found if one["expected_at"] is not None]
        assert expected == [one["expected_at"] for one in due]
        assert sorted(one["pipeline_id"] for one in found if one["pipeline_id"] is not None) == pipelines
        assert {one["state"] for one in found} <= STATES
        for one in found:
            assert (one["pipeline_id"] is None) == (one["state"] in ("late", "missing", "off")), one
        totals = built.rows("select sum(expected)::bigint as e, sum(runs)::bigint as r from nightly_cells")
        if found:
            assert totals == [{"e": len(expected), "r": len(pipelines)}]


@RELAXED
@given(case=own_runs, data=st.data())
def test_lost_runs_leave_exactly_their_own_nights(empty: Path, case: Case, data: st.DataObject) -> None:
    with told(empty, case) as (built, pipelines):
        before = ledger_of(built)
        lost = data.draw(st.sets(st.sampled_from(pipelines)) if pipelines else st.just(set()))
        forget(built, *lost)
        after = ledger_of(built)
    with told(empty, case, lost=lost) as (built, _):
        assert ledger_of(built) == after, "lost before the first look or after it is the same"
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == len(lost)
    for old, new in changed:
        assert old["pipeline_id"] in lost
        assert new["state"] in ("missing", "late")
        assert (new["night"], new["expected_at"], new["pipeline_id"]) == (old["night"], old["expected_at"], None)


@RELAXED
@given(case=any_runs, data=st.data())
def test_the_order_in_which_runs_arrive_does_not_matter(empty: Path, case: Case, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(case.runs))))
    with told(empty, case, list(range(len(case.runs)))) as (built, _):
        one_way = ledger_of(built)
    with told(empty, case, order) as (built, _):
        assert ledger_of(built) == one_way


@RELAXED
@given(case=own_runs)
def test_runs_as_gitlab_starts_them_fill_their_own_times(empty: Path, case: Case) -> None:
    """Every run is on time, so none is by hand, none is extra, and none stands in another's place."""
    with told(empty, case) as (built, pipelines):
        found = [one for one in ledger_of(built) if one["pipeline_id"] is not None]
        stamps = {one["id"]: one["created_at"] for one in built.rows("select id, created_at from pipelines")}
    soon = [one for one in found if one["expected_at"] is not None]
    assert len(soon) == len(pipelines)
    for one in soon:
        assert one["by_hand"] is False
        assert timedelta(0) <= stamps[one["pipeline_id"]] - one["expected_at"] < HOUR
