"""A branch that is forced there and back and there again: each push counts once, whatever the API told of so far."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.tables import EVENTS
from dashlib.store import schema
from dashlib.store.database import TABLES
from tests.receive.payloads import RECEIVED, payload, rows
from tests.store.test_law import same_everywhere

ENDS = ("a" * 40, "b" * 40)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


def by_hook(place: int, arrived: datetime) -> Row:
    """The push that happened in that place; its turn is what the inbox says of it."""
    body = payload("gitlab", "push") | {"before": ENDS[place % 2], "after": ENDS[(place + 1) % 2]}
    return rows("gitlab", "push", payload=body, received_at=arrived, turn=place if place >= 2 else 0)["events"][0]


def by_api(place: int, at: datetime, ref: str) -> Row:
    push = {"action": "pushed", "ref_type": "branch", "ref": ref, "commit_count": 1}
    push |= {"commit_from": ENDS[place % 2], "commit_to": ENDS[(place + 1) % 2]}
    said = {"id": 1 + place, "action_name": "pushed to", "created_at": at.isoformat() + "Z", "push_data": push}
    return event_row(said, 15)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    gaps=st.lists(st.integers(120, 1200), min_size=1, max_size=5),
    delays=st.lists(st.integers(0, 50), min_size=5, max_size=5),
    known=st.integers(0, 5),
    seed=st.integers(0, 2**20),
)
def test_each_counts_once(
    connection: duckdb.DuckDBPyConnection, gaps: list[int], delays: list[int], known: int, seed: int
) -> None:
    moments = [RECEIVED + timedelta(seconds=sum(gaps[: place + 1])) for place in range(len(gaps))]
    told = [by_hook(place, at + timedelta(seconds=delays[place])) for place, at in enumerate(moments)]
    ref = told[0]["ref"]
    answered = [by_api(place, at, ref) for place, at in enumerate(moments)][:known]
    found = same_everywhere(connection, [(EVENTS, row) for row in [*told, *answered]], seed)["events"]
    assert sorted(row["id"] for row in found if not row["by_hook"]) == [row["id"] for row in answered]
    # Of the first two the API need not tell in their turn: a push that never happened before is known by its ends.
    assert {row["id"] for row in found if row["by_hook"]} == {row["id"] for row in told[known:]}


@pytest.mark.parametrize(("later", "left"), [(-1, 1), (3601, 0)], ids=["the API was read before", "and after"])
def test_one_that_came_an_hour_late_goes_with_the_next_push_of_all(
    connection: duckdb.DuckDBPyConnection, later: int, left: int
) -> None:
    happened = RECEIVED + timedelta(hours=1)
    pushes = [by_api(0, RECEIVED, "main"), by_api(1, RECEIVED + timedelta(minutes=9), "main")]
    other = by_api(5, happened + timedelta(seconds=later), "elsewhere")
    late = {**by_hook(2, happened + timedelta(hours=1)), "ref": "main"}
    found = same_everywhere(connection, [(EVENTS, row) for row in [*pushes, other, late]], 1)["events"]
    assert [row["is_again"] for row in found if row["by_hook"]] == [True] * left
