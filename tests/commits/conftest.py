"""The database and builder of the tests of queries."""

from tests.queries.conftest import built, template

__all__ = ["built", "template"]
