"""A database of its own per test."""

from __future__ import annotations

from tests.pages.conftest import opener  # noqa: F401 - a fixture
from tests.queries.conftest import built, template  # noqa: F401 - fixtures
