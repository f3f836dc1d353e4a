"""The banner above the nights where the newest one is missing, whole or for the most part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.pages.conftest import CRON, YESTERDAY, Open
from tests.queries.build import Builder

DAY = timedelta(days=1)
BEFORE = YESTERDAY - 2 * DAY
IDLE = "nothing ran, and nothing was to run. Is the data fresh?"
ASKS = "is GitLab running its schedules?"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Last night two nightlies of three did not run; a fourth was to run two nights before, and did."""
    path = tmp_path_factory.mktemp("banner") / "banner.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        for id, name in enumerate(("gone", "lost", "ran", "seldom"), 1):
            built.project(id, f"acme/{name}")
            cron = f"0 2 * * {BEFORE.isoweekday() % 7}" if name == "seldom" else CRON
            built.schedule(id, project_id=id, cron=cron)
            for at in (BEFORE, BEFORE + DAY, YESTERDAY):
                if at == BEFORE or (name != "seldom" and (at != YESTERDAY or name == "ran")):
                    built.night(at, project_id=id, schedule_id=id)
        built.write()
    return path


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([], f"Most nightlies of {YESTERDAY:%A, %d %B} never ran: 2 of 3. {ASKS.capitalize()}"),
        (["acme/gone", "acme/lost"], f"None of the 2 nightlies of {YESTERDAY:%A, %d %B} ran: {ASKS}"),
        (["acme/gone"], f"The one nightly of {YESTERDAY:%A, %d %B} did not run: {ASKS}"),
        (
            ["acme/seldom"],
            f"No nightly since {BEFORE:%A, %d %B}: {IDLE}",
        ),
        (["acme/ran"], None),
    ],
)
def test_the_newest_night_is_missing(
    opener: Callable[[Path], Open], database: Path, shown: list[str], said: str | None
) -> None:
    app = opener(database)("nightlies", repo=shown)
    told = [str(one.value) for one in (*app.error, *app.warning)]
    assert [one.casefold() for one in told] == ([said.casefold()] if said else [])
