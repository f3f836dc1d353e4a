"""Here databases are made, not copied (tests/conftest.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib.store import database

MAKE = database._connect


@pytest.fixture(scope="package", autouse=True)
def _made(empty_database: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_connect", MAKE)
        yield
