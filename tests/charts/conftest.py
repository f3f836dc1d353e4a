"""Charts are looked at with Altair's own look at its grammar, which pages leave out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from altair.utils import schemapi


@pytest.fixture(autouse=True)
def _grammar() -> Iterator[None]:
    with schemapi.debug_mode(True):
        yield
