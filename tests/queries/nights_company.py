"""Small companies of nightlies that the tests of the grid of nights ask, and how they ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from dashlib.model import Filters
from dashlib.queries import night_grid
from dashlib.queries.night_grid import Narrowed
from dashlib.store import open_store
from tests.nightlies.rows import expect
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
LAST = MIDNIGHT + 4 * DAY
NIGHT = LAST.date()
WINDOW = Filters(since=MIDNIGHT.date(), until=NIGHT)
SIGNATURES = tuple(hashlib.md5(text.encode()).hexdigest()[:12] for text in ("connection refused", "disk full"))
SECOND = hashlib.md5(b"null pointer").hexdigest()[:12]
OPENED = ("acme/web/site", "unit", "acme/web/site · Web", *SIGNATURES)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Five nights of three repositories; one failure in two of them, one night that never ran."""
    with open_store(tmp_path_factory.mktemp("grid") / "d.duckdb") as store:
        built = Builder(store)
        built.project(1, "acme/core/engine", topics=["speed", "core"])
        built.project(2, "acme/web/site")
        built.project(3, "acme/web/quiet")
        built.schedule(7, owner_username="ada")
        built.schedule(8, project_id=2, description="Web", owner_username="bob")
        built.schedule(9, project_id=3, description="Quiet")
        expect(built, *(MIDNIGHT + place * DAY for place in range(5)))
        for place in range(5):
            at = MIDNIGHT + place * DAY
            built.night(at, project_id=3, schedule_id=9)
            if place != 2:
                run = built.pipeline(at, "failed" if place > 2 else "success")
                job = built.job(run, "lint", "failed" if place > 2 else "success", at)
                if place > 2:
                    built.failure(job, "connection refused", category="network")
            run = built.pipeline(at, "failed" if place in (0, 4) else "success", project_id=2, schedule_id=8)
            job = built.job(run, "unit", "failed" if place in (0, 4) else "success", at, project_id=2)
            if place in (0, 4):
                built.failure(job, "connection refused" if place == 4 else "disk full", 2, category="network")
        yield built


@pytest.fixture(scope="session")
def two_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """One nightly of which two jobs fail, each for its own reason; only one of them last night, and with an issue."""
    with open_store(tmp_path_factory.mktemp("jobs") / "d.duckdb") as store:
        built = Builder(store)
        built.project(1)
        built.schedule(7)
        for at in (LAST - DAY, LAST):
            run = built.pipeline(at, "failed")
            for name, reason in (("compile", "disk full"), ("test:unit", "null pointer")):
                red = name == "test:unit" or at != LAST
                job = built.job(run, name, "failed" if red else "success", at)
                if red:
                    built.failure(job, reason, category="disk" if name == "compile" else "test")
        yield built


def grid(built: Builder, chosen: Filters = WINDOW, narrowed: dict[str, Any] | None = None, **more: Any) -> pd.DataFrame:
    return night_grid.grid(built.nights(), chosen, narrowed=Narrowed(NIGHT, **(narrowed or {})), **more)


def tops(built: Builder, **more: Any) -> list[str]:
    return list(dict.fromkeys(grid(built, **more)["top"]))
