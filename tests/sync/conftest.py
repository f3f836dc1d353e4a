"""A small company on a simulated GitLab, one per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.world import GitLab, running_gitlab


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with running_gitlab() as running:
        yield running
