"""Two syncs and what happens between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.hostile.conftest import Ran, Start
from tests.hostile.dialect import Dialect
from tests.hostile.stories import STORIES
from tests.hostile.truth import same
from tests.hostile.world import Repo, World

DIALECTS = {
    "new": Dialect(),
    "old": Dialect(old_projects=True, keyset="405", group_issues=False, downstream_project=False),
}


@dataclass
class Told:
    """The stories after two syncs."""

    world: World
    repos: dict[str, Repo]
    database: Path
    second: Ran


@pytest.fixture(scope="module", params=DIALECTS)
def told(request: pytest.FixtureRequest, start_once: Start) -> Told:
    world = World()
    running = {name: story(world, f"{name}/{name}") for name, story in STORIES.items()}
    repos = {name: next(story) for name, story in running.items()}
    _, loader = start_once(world, DIALECTS[request.param])
    loader.sync(code=None)
    world.now = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(seconds=1)
    for story in running.values():
        next(story)
    second = loader.sync(code=None)
    return Told(world, repos, loader.database, second)


@pytest.mark.parametrize("name", STORIES)
def test_a_story(told: Told, name: str) -> None:
    same(told.database, told.world, repos=[told.repos[name]])


def test_nothing_is_wrong_the_second_time(told: Told) -> None:
    assert not told.second.errors
