"""kill -9 in the middle, again and again; then one whole sync must leave what an undisturbed one leaves."""

from __future__ import annotations

import random

from tests.hostile.company import children, odd_ci, odd_commits, odd_events, small, two_schedules
from tests.hostile.conftest import Start
from tests.hostile.truth import difference, everything, same
from tests.hostile.wire import Faults
from tests.hostile.world import World


def company() -> World:
    world = small(4, days=14, failing=0.5)
    for add in (odd_ci, children, odd_events, odd_commits, two_schedules):
        add(world)
    return world


def test_killed_six_times(start: Start) -> None:
    world = company()
    server, loader = start(world, faults=Faults(("503", "cut"), every=20))
    server.wire.latency = 0.005
    dice = random.Random(1)
    killed = [loader.killed(dice.randrange(2, 70)) for _ in range(6)]
    assert sum(killed) >= 5, "most syncs ended before they were killed"
    assert not loader.sync().errors
    same(loader.database, world)
    cut = everything(loader.database)
    server.wire.latency = 0.0
    loader.database = loader.home / "undisturbed.duckdb"
    loader.sync()
    assert not difference(cut, everything(loader.database))
