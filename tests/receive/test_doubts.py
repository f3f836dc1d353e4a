"""What webhooks leave in doubt: which states and things those are, and that the answer of the API stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Delete, Row, Upsert
from dashlib.receive import doubts
from dashlib.receive.doubts import State
from dashlib.sources.gitlab.pipelines import pipeline_detail_row
from dashlib.sources.gitlab.status import rank
from dashlib.sources.tables import JOBS, PIPELINES
from dashlib.store import Store, open_store
from dashlib.sync import doubts as asking

AT = datetime(2026, 3, 11, 9, 0, 5)
LATER = AT + timedelta(seconds=1)


def state(status: str, at: datetime = AT) -> State:
    return State(status, at, rank(status))


ODD = [
    ("running", LATER, "success", AT, "ran again"),
    ("created", LATER, "failed", AT, "ran again"),
    ("failed", AT, "running", LATER, "ended before"),
    ("failed", AT, "success", AT, "two ends"),
    ("canceled", AT, "failed", AT, "two ends"),
]
PLAIN = [
    ("success", LATER, "running", AT),
    ("success", AT, "running", AT),
    ("running", AT, "success", AT),
    ("running", AT, "success", LATER),
    ("failed", LATER, "success", AT),
    ("success", AT, "failed", LATER),
    ("success", AT, "success", AT),
    ("running", LATER, "pending", AT),
]


@pytest.mark.parametrize(("told", "at", "held", "held_at", "why"), ODD)
def test_odd_states(told: str, at: datetime, held: str, held_at: datetime, why: str) -> None:
    assert state(told, at).doubt(state(held, held_at)) == why


@pytest.mark.parametrize(("told", "at", "held", "held_at"), PLAIN)
def test_states_that_follow_each_other_or_came_late(told: str, at: datetime, held: str, held_at: datetime) -> None:
    assert state(told, at).doubt(state(held, held_at)) is None


STATES = st.builds(state, st.sampled_from(["created", "running", "success", "failed"]), st.sampled_from([AT, LATER]))


def pipeline_row(told: State) -> Row:
    return {"project_id": 1, "id": 5, "status": told.status, "changed_at": told.changed_at, "state_rank": told.rank}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(held=st.none() | STATES, told=st.lists(STATES, min_size=1, max_size=4), cut=st.integers(0, 4))
def test_it_does_not_matter_how_deliveries_fall_into_batches(held: State | None, told: list[State], cut: int) -> None:
    """What one batch told is held for the next, as the table holds it."""

    def raised(some: list[State], start: State | None) -> tuple[set[str], State | None]:
        stored = {} if start is None else {(1, 5): start}
        found = doubts.raised([([Upsert(PIPELINES, [pipeline_row(one)])], AT) for one in some], stored, ())
        newest = start
        for one in some:
            newest = one if newest is None or newest.is_older(one) else newest
        return {row["ref"] for row in found}, newest

    whole, _ = raised(told, held)
    first, between = raised(told[:cut], held)
    second, _ = raised(told[cut:], between)
    assert whole == first | second


def test_a_job_of_a_pipeline_that_nobody_told_of() -> None:
    job = Upsert(JOBS, [{"project_id": 1, "id": 9, "pipeline_id": 5, "status": "running"}])
    own = Upsert(PIPELINES, [pipeline_row(state("running"))])
    [doubt] = doubts.raised([([job], AT)], {}, ())
    assert (doubt["kind"], doubt["ref"], doubt["why"]) == ("pipeline", "5", "only a job")
    assert doubts.raised([([own], AT), ([job], AT)], {}, ()) == []
    assert doubts.raised([([job], AT)], {(1, 5): state("running")}, ()) == []


HELD = st.builds(
    lambda told, micro: pipeline_detail_row(
        1, {"id": 5, "status": told.status, "updated_at": (told.changed_at + timedelta(microseconds=micro)).isoformat()}
    ),
    STATES,
    st.sampled_from([0, 1, 999_999]),
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("doubts") / "x.duckdb") as store:
        yield store


@settings(max_examples=25, deadline=None, derandomize=True)
@given(held=HELD, answer=HELD, late=HELD)
def test_what_was_asked_stands_whatever_a_hook_claimed(small: Store, held: Row, answer: Row, late: Row) -> None:
    """And what is told afterwards of a later second wins over it, as ever."""
    key = {"project_id": 1, "id": 5}
    small.write(Delete(PIPELINES, [key]))
    small.write(Upsert(PIPELINES, [held]))
    known = small.reader().execute(asking._HELD, {"project": 1, "id": 5}).fetchone()
    assert known is not None
    small.write(Upsert(PIPELINES, [asking.decided(answer, known)]))
    said = "select status, changed_at from pipelines"
    assert small.reader().execute(said).fetchone() == (answer["status"], max(held["changed_at"], answer["changed_at"]))
    later = AT + timedelta(minutes=1)
    small.write(Upsert(PIPELINES, [{**late, "changed_at": later}]))
    assert small.reader().execute(said).fetchone() == (late["status"], later)
