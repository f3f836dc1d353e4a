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
from dashlib.failures.decisions import judge
from dashlib.nightlies import ledger
from dashlib.people.refresh import refresh
from dashlib.settings import Settings
from dashlib.store import Store, open_store
from dashlib.sync.run import Request, sync
from tests.queries.signal_rows import alert, put, signal

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
        _tell(store, world.end.replace(tzinfo=None))
    return path


def _tell(store: Store, end: datetime) -> None:
    """Machines of the company that say something: around its newest nightly failure, and still at its end.

    And somebody who says that two signatures are different failures.
    """
    with store.reader() as reader:
        newest = "select max(failed_at) from job_failures where is_nightly"
        [failed] = reader.execute(newest).fetchone() or [end]
        two = "select distinct signature from job_failures where signature is not null order by all limit 2"
        [one, other] = [found for (found,) in reader.execute(two).fetchall()]
    judge(store, "ivarnsdot", one, other, "different")
    hour = timedelta(hours=1)
    put(
        store,
        alert(
            "disk", failed - hour, failed + hour, node="hall-1.example:9100", title="A disk is full", severity="page"
        ),
        alert("firing", end - 2 * hour, node="hall-2.example:9100", title="A disk fills", severity="critical"),
        signal("evicted", failed, node="hall-1.example", object="Pod/x", title="Evicted: Pod"),
        signal("deployed", end - 30 * hour, source="cloudevents", kind="deployed", severity=None, title="Deployed"),
    )


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
