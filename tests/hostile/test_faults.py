"""Every way in which an answer can fail, alone and all at once."""

from __future__ import annotations

import pytest

from tests.hostile.company import ODDITIES, small
from tests.hostile.conftest import Start, Trap
from tests.hostile.dialect import Dialect
from tests.hostile.truth import same
from tests.hostile.wire import REFUSING, TRANSIENT, Faults
from tests.hostile.world import World


@pytest.mark.parametrize("kinds", [TRANSIENT[:4], TRANSIENT[4:8], TRANSIENT[8:]], ids=" ".join)
def test_a_fault_passes(start: Start, kinds: tuple[str, ...]) -> None:
    world = small(3)
    server, loader = start(world, faults=Faults(kinds, every=1))
    ran = loader.sync(limit=100)
    assert set(server.faults.done) == set(kinds)
    assert not ran.errors
    same(loader.database, world)


@pytest.mark.parametrize("announced", [False, True], ids=["", "RateLimit headers on everything"])
def test_a_refusal_is_waited_for(start: Start, announced: bool) -> None:
    world = small(3)
    kinds = REFUSING[2:] if announced else REFUSING
    server, loader = start(world, faults=Faults(kinds, every=1, limit_429=10, announced=announced))
    ran = loader.sync(limit=100)
    assert sum(server.faults.done.values()) >= 10
    assert not ran.errors
    same(loader.database, world)


def test_a_window_that_says_600_seconds_and_means_2(start: Start) -> None:
    """RateLimit headers come with it, of the other limit, which is far from met."""
    world = small(2)
    _, loader = start(world, faults=Faults(long_wait={"jobs": 2.0}, announced=True))
    ran = loader.sync(limit=100)
    assert not ran.errors
    same(loader.database, world)


def test_a_limit_that_counts_down(start: Start) -> None:
    world = small(5)
    server, loader = start(world, faults=Faults(rate_limit=(40, 1.0)))
    ran = loader.sync(limit=100)
    assert not ran.errors
    same(loader.database, world)
    assert server.wire.statuses[429] <= 8, "it could be seen coming"


def test_everything_at_once(start: Start, trap: Trap) -> None:
    world = World()
    for add in ODDITIES.values():
        add(world)
    trap.logs = {str(job): body for r in world.repos.values() for job, body in r.traces.items() if body}
    dialect = Dialect(prefix="/gitlab", other_host=trap.url, trace_elsewhere=trap.url, duplicates=True, strings=False)
    faults = Faults(TRANSIENT + REFUSING, every=9, times=2, long_wait={"schedules": 3.0}, rate_limit=(400, 2.0))
    _, loader = start(world, dialect, faults)
    ran = loader.sync(code=1, limit=250)
    assert not trap.secrets()
    assert all(asked.path.startswith("/bucket/") for asked in trap.wire.met), "only logs are fetched there"
    assert {error.split(":")[0] for error in ran.errors} == {"locked/no-ci"}
    same(loader.database, world)
