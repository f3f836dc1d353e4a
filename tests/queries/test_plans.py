"""How DuckDB would answer: what is quick over a test's ten rows and takes minutes at 200 repositories × 60 nights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest

from dashlib.model import Filters
from dashlib.queries import night_failures, night_grid, nightlies
from dashlib.queries.night_grid import Narrowed
from dashlib.queries.nights_held import held
from dashlib.store import open_store

NIGHT = date(2026, 5, 20)
HERS = Narrowed(NIGHT, whose=("ada",))
ASKED: dict[str, Callable[[duckdb.DuckDBPyConnection], pd.DataFrame]] = {
    "nights": lambda on: nightlies.nights(on, Filters()),
    "every night": lambda on: nightlies.every_night(on, Filters()),
    "history": lambda on: nightlies.history(on, Filters()),
    "at risk": lambda on: nightlies.at_risk(on, Filters()),
    "failed jobs": lambda on: night_failures.failed_jobs(on, Filters(), night=NIGHT),
    "note": lambda on: nightlies.note(on, Filters(), night=NIGHT),
    "over time": lambda on: night_failures.failures_over_time(on, Filters()),
    "states over time": lambda on: night_failures.failures_over_time(on, Filters(), by=night_failures.STATE),
    "grid": lambda on: night_grid.grid(on, Filters(), narrowed=Narrowed(NIGHT)),
    "grid, somebody's": lambda on: night_grid.grid(on, Filters(), narrowed=HERS),
    "reasons, somebody's": lambda on: night_grid.grid(on, Filters(), narrowed=HERS, rows="reason"),
}


def compared_in_pairs(plan: str) -> list[str]:
    """Conditions of the outer joins of a plan that compare every row with every other."""

    def found(node: dict[str, Any]) -> Iterator[str]:
        told = node.get("extra_info", {})
        if node.get("name") == "BLOCKWISE_NL_JOIN" and told.get("Join Type") != "INNER":
            yield f"{told}"
        for child in node.get("children", []):
            yield from found(child)

    return [text for node in json.loads(plan) for text in found(node)]


def explained(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    return str(connection.execute(f"explain (format json) {sql}").fetchall()[0][1])


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without rows: plans are made of the views' text."""
    with open_store(tmp_path_factory.mktemp("plans") / "dashboard.duckdb") as store, store.reader() as reader:
        yield reader


def test_what_is_looked_for_is_found(views: duckdb.DuckDBPyConnection) -> None:
    plan = explained(views, "select * from jobs j left join pipelines p on p.id = j.id and j.retried")
    assert len(compared_in_pairs(plan)) == 1


def test_no_view_joins_in_pairs(views: duckdb.DuckDBPyConnection) -> None:
    named = views.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert len(named) > 40
    in_pairs = {name: compared_in_pairs(explained(views, f"select * from {name}")) for (name,) in named}
    assert {name: found for name, found in in_pairs.items() if found} == {}


@pytest.fixture(scope="module")
def copy(views: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """What pages ask: it tells the SQL of a question at once."""
    with held(views) as made:
        yield made


@pytest.mark.parametrize("name", ASKED)
def test_no_question_over_nights_joins_in_pairs(
    views: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, name: str
) -> None:
    """A view inside a correlated subquery is compared in loops where it alone has hash joins."""
    asked = ASKED[name](copy).attrs["sql"]
    assert compared_in_pairs(explained(views, asked)) == []
