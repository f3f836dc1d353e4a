from __future__ import annotations

from tests.hostile.company import ODDITIES, small
from tests.hostile.conftest import Start
from tests.hostile.truth import same


def test_every_oddity_from_an_honest_server(start: Start) -> None:
    world = small()
    for name, add in ODDITIES.items():
        if name != "fillers":
            add(world)
    _, loader = start(world)
    ran = loader.sync(code=1)
    assert {error.split(":")[0] for error in ran.errors} == {"locked/no-ci"}
    same(loader.database, world)
