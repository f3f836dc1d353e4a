"""Whatever somebody asks, the file stays as it is, nothing is left behind, and the process that asked lives on."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from multiprocessing.util import get_temp_dir
from pathlib import Path

import duckdb
import pytest

from dashlib.__main__ import main
from dashlib.explore import child, running
from dashlib.explore.child import TELLING
from dashlib.explore.fault import QueryError, QueryStopped
from tests.explore.conftest import Ask
from tests.explore.forked import Forked
from tests.explore.hostile import BOMBS, ENDLESS, FILED, FILES, HARMLESS, READING, STATEMENTS


@pytest.fixture
def place(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A folder with the database, another one and a file with a secret; afterwards it must be as it was."""
    folder = tmp_path / "place"
    folder.mkdir()
    shutil.copyfile(small, folder / "small.duckdb")
    shutil.copyfile(small, folder / "other.duckdb")
    (folder / "secret.csv").write_text("secret\nhunter2\n")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-canary")
    spilled = tmp_path / "tmp"
    spilled.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spilled))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    yield {
        "folder": str(folder), "file": str(folder / "secret.csv"), "database": str(folder / "other.duckdb"),
        "asked": str(folder / "small.duckdb"), "spilled": str(spilled),
    }  # fmt: skip
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert [*home.iterdir(), *spilled.iterdir()] == []


@pytest.fixture
def forked(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """``ask``, in a process that need not import everything first. Comes before ``place``: the server has a folder."""
    get_temp_dir()
    monkeypatch.setattr(running, "_Child", Forked)
    return ask


def filled(query: str, place: dict[str, str]) -> str:
    for name in ("folder", "file", "database"):
        query = query.replace(f"{{{name}}}", place[name])
    return query


def test_what_does_more_than_read_is_refused(forked: Ask, place: dict[str, str]) -> None:
    for query in STATEMENTS:
        with pytest.raises(QueryError) as told:
            forked(query, Path(place["asked"]))
        assert str(told.value), query


def test_what_reaches_out_is_refused(forked: Ask, place: dict[str, str]) -> None:
    for query in FILES:
        with pytest.raises(QueryError) as told:
            forked(filled(query, place), Path(place["asked"]))
        assert "hunter2" not in str(told.value), query
        # Of paths only those that the query names itself.
        assert place["asked"] not in str(told.value), query


def test_the_command_refuses_the_same(
    forked: Ask, place: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``python -m dashlib sql``: with the code of bad usage, in words, without an answer."""
    monkeypatch.setenv("DASH_DATABASE", place["asked"])
    for query in [*STATEMENTS, *(filled(query, place) for query in FILES)]:
        code = main(["sql", "--", query])
        said = capsys.readouterr()
        assert (code, said.out) == (2, ""), query
        assert said.err.startswith("error: ") and "hunter2" not in said.err and "Traceback" not in said.err, query


def test_what_only_reads_is_answered_and_leaves_nothing(forked: Ask, place: dict[str, str]) -> None:
    for query in HARMLESS:
        answered = forked(filled(query, place), Path(place["asked"]))
        assert place["folder"] not in str(answered) and "/tmp" not in str(answered), query
    assert forked("from duckdb_secrets()") == []


def test_nothing_of_ours_reaches_the_process(place: dict[str, str]) -> None:
    """Of the settings, which nobody may ask for."""
    order = child.Order(
        database=place["asked"], query="", spill=place["spilled"], seconds=9, memory=1 << 30, threads=1, rows=None,
        bytes=None,
    )  # fmt: skip
    with child.opened(order, 1) as connection:
        settings = dict(connection.execute("select name, value from duckdb_settings()").fetchall())
    assert "canary" not in str(settings) and os.environ["HOME"] not in str(settings)
    assert (settings["enable_external_access"], settings["lock_configuration"]) == ("false", "true")
    assert settings["autoload_known_extensions"] == settings["autoinstall_known_extensions"] == "false"


def test_every_function_of_duckdb_that_can_be_called_is_known() -> None:
    """Another version of DuckDB may have new ones: each belongs to those that are refused, or that only read."""
    with duckdb.connect() as connection:
        found = "select distinct function_name from duckdb_functions() where function_type = 'table' and internal"
        functions = {str(name) for (name,) in connection.execute(found).fetchall()}
        views = "select view_name, sql from duckdb_views() where internal"
        told = {str(name) for name, sql in connection.execute(views).fetchall() if re.search("|".join(TELLING), sql)}
    refused = {*child.CHANGING, *child.CALLED, *TELLING}
    assert functions - refused == READING | FILED
    assert told <= refused | {"pg_database"}


@pytest.mark.parametrize("query", ENDLESS)
def test_what_never_ends_is_stopped(ask: Ask, place: dict[str, str], query: str) -> None:
    with pytest.raises(QueryStopped, match="the longest that a query may take"):
        ask(query, Path(place["asked"]), seconds=0.8)


@pytest.mark.parametrize("query", BOMBS)
def test_what_takes_too_much_memory_is_stopped(
    ask: Ask, place: dict[str, str], query: str, most_memory: Callable[[], int]
) -> None:
    """By DuckDB, by the kernel, or by the clock: never more than the process may have."""
    with pytest.raises((QueryStopped, QueryError)):
        ask(query, Path(place["asked"]), memory=256 << 20, seconds=3, bytes=1 << 20)
    assert most_memory() < 3 << 30
