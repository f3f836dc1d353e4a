from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from tests.hostile.company import ODDITIES, small
from tests.hostile.conftest import Start
from tests.hostile.truth import same
from tests.hostile.world import World


def test_every_oddity_from_an_honest_server(start: Start) -> None:
    world = small()
    for name, add in ODDITIES.items():
        if name != "fillers":
            add(world)
    _, loader = start(world)
    ran = loader.sync(code=1)
    assert {error.split(":")[0] for error in ran.errors} == {"locked/no-ci"}
    same(loader.database, world)
    once_each(loader.database, world)


def once_each(database: Path, world: World) -> None:
    """Everybody who is met in the window is there once, under the name the server gives."""
    met = {name for repo in world.repos.values() if "members" not in repo.refuse for name in repo.members}
    met |= {event["author_username"] for repo in world.repos.values() for event in repo.events if event.get("author")}
    known = Counter((world.users[name]["id"], name) for name in met)
    with duckdb.connect(str(database), read_only=True) as connection:
        have = Counter(connection.execute("select id, username from users where source = 'gitlab'").fetchall())
    assert {user: have[user] for user in known} == dict(known)
    assert set(have.values()) == {1}
