"""A simulated GitHub and a simulated CodeArts, one per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.forges.world import Arts, Hub, running_arts, running_hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        yield running


@pytest.fixture
def arts() -> Iterator[Arts]:
    with running_arts() as running:
        yield running
