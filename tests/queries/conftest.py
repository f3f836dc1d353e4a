"""A real database per test and a builder for its rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.queries.build import Builder
from tests.queries.nights_company import company, two_jobs

__all__ = ["company", "two_jobs"]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one project and one schedule: copying it is quicker than creating one."""
    path = tmp_path_factory.mktemp("template") / "dashboard.duckdb"
    with open_store(path) as store:
        builder = Builder(store)
        builder.project()
        builder.schedule()
    return path


@pytest.fixture
def built(template: Path, tmp_path: Path) -> Iterator[Builder]:
    """A database of its own with one project and one schedule."""
    path = tmp_path / "dashboard.duckdb"
    shutil.copyfile(template, path)
    with open_store(path) as store:
        yield Builder(store)
