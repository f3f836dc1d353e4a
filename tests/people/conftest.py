"""A database of its own per test."""

from __future__ import annotations

from tests.pages.conftest import opened, opener  # noqa: F401 - fixtures
from tests.queries.conftest import built, template  # noqa: F401 - fixtures
