"""A database of its own per test, made by copying an empty one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.queries.build import Builder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recognise") / "dashboard.duckdb"
    with open_store(path) as store:
        builder = Builder(store)
        builder.project()
        builder.schedule()
    return path


@pytest.fixture
def built(template: Path, tmp_path: Path) -> Iterator[Builder]:
    path = tmp_path / "dashboard.duckdb"
    shutil.copyfile(template, path)
    with open_store(path) as store:
        yield Builder(store)
