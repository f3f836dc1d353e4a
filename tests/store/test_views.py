"""The views of ``dashlib/sql``: each says its grain, stands in the database, and can be read from empty tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import dashlib
from dashlib.store import schema, views
from dashlib.store.database import TABLES

FOLDER = Path(dashlib.__file__).parent / "sql"
FILES = sorted(file for file in FOLDER.glob("*.sql") if file.name != "macros.sql")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    schema.migrate(opened, TABLES, ())
    yield opened
    opened.close()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_view_says_its_grain_and_keeps_it_as_its_comment(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.startswith("-- One row per ")
    header = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    found = connection.execute("select comment from duckdb_views() where view_name = $1", [file.stem]).fetchall()
    assert found == [(" ".join(header),)]
    connection.execute(f"select * from {file.stem}").fetchall()


CONTRACT = (
    *("projects", "schedules", "pipelines", "jobs", "traces", "failures", "commits", "events", "issues", "signals"),
    *("deliveries", "loads", "persons", "nightly_slots", "nightly_failures", "commits_by_author"),
)


def comments(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str | None]:
    found = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where not internal and schema_name = 'main'"
    )
    return {(relation, column): comment for relation, column, comment in found.fetchall()}


def test_every_column_that_others_rely_on_says_what_it_means(connection: duckdb.DuckDBPyConnection) -> None:
    told = comments(connection)
    assert [place for place, comment in told.items() if place[0] in CONTRACT and not comment] == []
    assert told["jobs", "queued_duration"] == "How long it waited for a runner, in seconds."
    assert told["nightly_slots", "cause"] == "Why it is missing or off; of a late one, what is likely."


def test_no_meaning_is_of_a_column_that_does_not_exist(connection: duckdb.DuckDBPyConnection) -> None:
    there = set(comments(connection))
    written = tomllib.loads(views.meanings())
    every = written.pop("every")
    assert {(relation, column) for relation, own in written.items() for column in own} <= there
    assert {column for _, column in there} >= set(every)


def test_meanings_are_told_anew_where_they_changed_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = duckdb.connect()
    schema.migrate(connection, TABLES, ())
    said: list[str] = []
    monkeypatch.setattr(schema, "_comment", lambda _, columns: said.extend(columns))
    schema.migrate(connection, TABLES, ())
    assert not said
    monkeypatch.undo()
    monkeypatch.setattr(views, "meanings", lambda: '[every]\nid = "It\'s new."\n[jobs]\n[persons]')
    schema.migrate(connection, TABLES, ())
    assert comments(connection)["jobs", "id"] == comments(connection)["persons", "id"] == "It's new."


def test_a_view_of_a_column_is_not_a_view_of_a_table_of_that_name() -> None:
    """Every view stands behind the views it reads."""
    seen: set[str] = set()
    for definition in views.definitions():
        code = "\n".join(line for line in definition.body.splitlines() if not line.lstrip().startswith("--"))
        for file in FILES:
            if definition.name not in ("macros", file.stem) and f"from {file.stem} " in f"{code} ".replace("\n", " "):
                assert file.stem in seen, f"{definition.name} reads {file.stem}"
        seen.add(definition.name)
    assert seen == {"macros", *(file.stem for file in FILES)}


def test_views_that_read_each_other_in_a_circle_are_told() -> None:
    with pytest.raises(ValueError, match="in a circle: a, b"):
        views._in_order({"a": "select * from b", "b": "select * from a", "c": "select 1 -- a b"})


def test_a_changed_view_is_created_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = duckdb.connect()
    schema.migrate(connection, TABLES, ())
    changed = views.Definition("answers", "create or replace view answers as\nselect 42 as answer", "It's one row.", "")
    known = views.definitions()
    monkeypatch.setattr(views, "definitions", lambda: [*known, changed])
    schema.migrate(connection, TABLES, ())
    assert connection.execute("select answer from answers").fetchall() == [(42,)]
    comment = connection.execute("select comment from duckdb_views() where view_name = 'answers'").fetchall()
    assert comment == [("It's one row.",)]
    connection.close()
