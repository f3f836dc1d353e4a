"""A small database that nobody writes to, the demo's company in another, and answers as Python has them."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashlib.demo import World
from dashlib.demo.decided import decide
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.explore import running
from dashlib.explore.running import Order, begin
from dashlib.failures.analyse import analyse
from dashlib.nightlies import ledger
from dashlib.people.refresh import refresh
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.sync.run import Request, sync

DAYS = 14
Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One table of ten rows."""
    path = tmp_path_factory.mktemp("small") / "small.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create table numbers as select range as n from range(10)")
    return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented company, synced over HTTP, its failures explained, its decisions made."""
    path: Path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    world = World(7, datetime.now(UTC), repos=8, days=DAYS)
    with serving(create_app(world, faults=Faults())) as url, open_store(path) as store:
        settings = Settings(gitlab_url=url, gitlab_token=READ_TOKEN, database=path, projects=("*",), window_days=30)
        sync(settings, store, Request(since=(world.end - timedelta(days=DAYS + 2)).date()))
        ledger.refresh(store, settings)
        analyse(store)
        refresh(store)
        decide(store)
    return path


@pytest.fixture
def ask(small: Path) -> Iterator[Ask]:
    """Ask in a process of its own; its rows."""
    made = []

    def asked(query: str, database: Path = small, **limits: Any) -> list[dict[str, Any]]:
        one = begin(database, query, Order(**limits))
        made.append(one)
        return [row for batch in one.answer().batches for row in batch.to_pylist()]

    yield asked
    for one in made:
        one.close()
    running.cool()


@pytest.fixture
def most_memory() -> Callable[[], int]:
    """Bytes of the largest process that this one started and that has ended."""
    return lambda: resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
