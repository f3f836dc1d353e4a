"""A hook that tells less of a project than another takes nothing away, in whatever order they come."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Row, Table
from dashlib.sources.gitlab.hook_parts import project_columns
from dashlib.sources.gitlab.projects import project_row
from dashlib.sources.tables import PROJECTS
from dashlib.store import open_store, schema
from dashlib.store.database import TABLES
from tests.receive.payloads import payload, rows
from tests.store.test_law import same_everywhere

URL = "https://gitlab.example/g/order"
OLD_JOB = {
    "object_kind": "build", "build_id": 7, "build_name": "test", "build_status": "success", "project_id": 200,
    "build_created_at": "2026-03-11 09:30:00 UTC", "project_name": "g / Ord Er",
    "repository": {"name": "Ord Er", "homepage": URL, "git_http_url": f"{URL}.git"},
}  # fmt: skip
"""As GitLab before 16.3 sends it: without an object ``project``."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    opened.execute("set TimeZone = 'UTC'")
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


def hooked(recorded: str, hour: int = 9, /, **project: Any) -> Row:
    """The row of the project as a recorded hook tells it that knows this of it."""
    said = payload("gitlab", recorded)
    said["project"] = {"id": 200, "path_with_namespace": "g/order", **project}
    said.pop("repository", None)
    if recorded == "pipeline":
        said["object_attributes"] |= {"created_at": f"2026-03-11 {hour:02}:00:00 UTC", "finished_at": None}
        said["builds"] = []
    [row] = rows("gitlab", recorded, payload=said)["projects"]
    return row


def told(row: Row) -> tuple[Any, ...]:
    return row["path_with_namespace"], row["name"], row["web_url"]


def ended(connection: duckdb.DuckDBPyConnection, found: Sequence[Row], seed: int = 1) -> tuple[Any, ...]:
    changes: list[tuple[Table, Row]] = [(PROJECTS, row) for row in found]
    [row] = same_everywhere(connection, changes, seed)["projects"]
    return told(row)


def test_an_old_job_hook_tells_name_and_address_itself() -> None:
    [row] = rows("gitlab", "job", payload=OLD_JOB)["projects"]
    assert (*told(row), row["named"]) == ("g/order", "Ord Er", URL, True)


def test_a_hook_that_tells_the_path_alone_takes_neither_name_nor_address(connection: duckdb.DuckDBPyConnection) -> None:
    bare, push = hooked("pipeline", 11), hooked("push", name="Diaspora", web_url=URL)
    pipeline = hooked("pipeline", 10, name="Ord Er", web_url=URL)
    assert ended(connection, [bare]) == ("g/order", "order", None)
    for seed in range(6):
        assert ended(connection, [push, bare], seed) == ("g/order", "Diaspora", URL)
        assert ended(connection, [pipeline, bare, push], seed) == ("g/order", "Ord Er", URL)
        assert ended(connection, [bare, hooked("pipeline", 10, name="Ord Er"), push], seed) == (
            "g/order",
            "Ord Er",
            URL,
        )


def test_what_the_api_told_stays(connection: duckdb.DuckDBPyConnection) -> None:
    """A hook that knows of a move and of no name gives the new path alone."""
    listed = {"id": 200, "path_with_namespace": "g/order", "name": "Ord Er", "web_url": URL}
    known = project_row(listed | {"updated_at": "2026-03-11T08:00:00Z"})
    for hour in (7, 11):
        bare = hooked("pipeline", hour, path_with_namespace="h/moved")
        assert ended(connection, [known, bare]) == ("h/moved" if hour > 8 else "g/order", "Ord Er", URL)


def test_the_newest_path_lends_its_end_until_a_name_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    before, moved = hooked("pipeline", 10, path_with_namespace="g/zebra"), hooked("pipeline", 11)
    assert ended(connection, [before, moved]) == ("g/order", "order", None)
    renamed = hooked("pipeline", 12, name="New")
    assert ended(connection, [before, hooked("pipeline", 9, name="Old"), renamed, moved]) == ("g/order", "New", None)


_TOLD = st.tuples(
    st.sampled_from([None, 9, 10, 11]), st.sampled_from([None, "A", "B"]), st.sampled_from([None, URL, "https://x/y"])
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(_TOLD, min_size=1, max_size=5), st.integers(0, 2**20))
def test_any_order_ends_in_what_was_told_last(
    connection: duckdb.DuckDBPyConnection, said: list[tuple[int | None, str | None, str | None]], seed: int
) -> None:
    hooks = [
        project_columns(200, "g/order", name, url, None if hour is None else datetime(2026, 3, 11, hour))
        for hour, name, url in random.Random(seed).sample(said, len(said))
    ]
    path, name, url = ended(connection, hooks, seed)
    names = [(hour or 0, one) for hour, one, _ in said if one]
    urls = [(hour or 0, one) for hour, _, one in said if one]
    assert (path, name) == ("g/order", max(names)[1] if names else "order")
    assert url == (max(urls)[1] if urls else None)


def test_a_database_that_knew_no_such_difference_keeps_its_names(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    with open_store(path) as store:
        store._writer.run(_as_of_layout_2).result()
    with open_store(path) as store:
        found = (
            store.reader().execute("select name, named, named_at, addressed_at from projects order by id").fetchall()
        )
    day = datetime(2026, 3, 11)
    assert found == [("Ord Er", True, day, day), ("order", True, day, None)], (
        "no older hook gives a name back that it lost"
    )


def _as_of_layout_2(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update bookkeeping.meta set value = '2' where name = 'version'")
    for column in ("named", "named_at", "addressed_at"):
        connection.execute(f"alter table projects drop column {column}")
    connection.execute(
        "insert into projects (id, path_with_namespace, name, web_url, changed_at) values"
        " (1, 'g/order', 'Ord Er', 'https://x', '2026-03-11'), (2, 'g/order', 'order', null, '2026-03-11')"
    )
