"""A database of its own per test, made by copying one with two repositories."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.pages.conftest import opened, opener  # noqa: F401 - fixtures
from tests.queries.build import Builder


@pytest.fixture(scope="session")
def two_repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("act") / "dashboard.duckdb"
    with open_store(path) as store:
        builder = Builder(store)
        builder.project(1, "acme/core/engine")
        builder.project(2, "acme/web/site")
        builder.schedule(7, project_id=1)
        builder.schedule(8, project_id=2)
    return path


@pytest.fixture
def built(two_repositories: Path, tmp_path: Path) -> Iterator[Builder]:
    path = tmp_path / "dashboard.duckdb"
    shutil.copyfile(two_repositories, path)
    with open_store(path) as store:
        yield Builder(store)
