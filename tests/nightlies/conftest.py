"""A real database per test with one project and one schedule, as the tests of the views have it."""

from __future__ import annotations

from tests.queries.conftest import built, template

__all__ = ["built", "template"]
