"""The same company behind every version and proxy: the tables must not show the difference."""

from __future__ import annotations

import pytest

from tests.hostile.company import children, odd_ci, odd_commits, odd_events, small, two_schedules
from tests.hostile.conftest import Start, Trap
from tests.hostile.dialect import Dialect
from tests.hostile.truth import same, stored
from tests.hostile.world import World

DIALECTS = {
    "newest, below a path": Dialect(prefix="/gitlab", schedule_params=True),
    "old": Dialect(
        keyset="405",
        links="xnext",
        long_refs=False,
        old_projects=True,
        schedule_source="scheduled",
        says_open_issues=False,
    ),
    "ignores keyset, in no order": Dialect(
        keyset="ignored", links="link", retried_by_default=True, schedule_order="shuffled"
    ),
    "strings and doubles": Dialect(strings=True, duplicates=True, schedule_order="desc"),
}


def mixed() -> World:
    world = small(2)
    for add in (odd_ci, children, odd_events, odd_commits, two_schedules):
        add(world)
    return world


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect(start: Start, name: str) -> None:
    world = mixed()
    _, loader = start(world, DIALECTS[name])
    ran = loader.sync()
    assert not ran.errors
    same(loader.database, world)


def test_another_host_in_links_and_redirects_never_sees_the_token(start: Start, trap: Trap) -> None:
    world = mixed()
    repo = next(iter(world.repos.values()))
    trap.logs = {str(job): body for r in world.repos.values() for job, body in r.traces.items() if body}
    dialect = Dialect(prefix="/gitlab", other_host=trap.url, trace_elsewhere=trap.url)
    _, loader = start(world, dialect)
    ran = loader.sync()
    assert not trap.secrets()
    assert len(trap.wire.met) == sum(stored(loader.database, ["traces"])["traces"].values()), (
        "only logs are fetched there"
    )
    same(loader.database, world)
    repo.moved_from.append("team/old-name")
    ran = loader.sync(code=None, DASH_PROJECTS="team/old-name", DASH_DATABASE=str(loader.home / "moved.duckdb"))
    assert not trap.secrets()
    assert ran.code == 1
    assert any("team/old-name" in error for error in ran.errors), ran.errors
