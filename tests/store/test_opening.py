"""Opening a file: created, brought up to date, or refused with a sentence and left as it was."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dashlib.model import Upsert
from dashlib.sources.tables import JOBS, TRACES
from dashlib.store import DatabaseInUse, DatabaseTooNew, NotOurDatabase, Store, StoreError, open_store
from dashlib.store.database import TABLES
from dashlib.store.schema import MIGRATIONS, Migration, latest
from tests.store.rows import job, trace

ROOT = Path(__file__).resolve().parents[2]
LATEST = latest(MIGRATIONS)
RENAME = Migration(
    12, ("alter table traces rename column text to body", "alter table traces rename column body to text")
)
SHOUT = Migration(13, ("update traces set text = upper(text)",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "dashboard.duckdb"


def texts(store: Store) -> list[tuple[str]]:
    return store.reader().execute("select text from traces order by job_id").fetchall()


def files(path: Path) -> dict[str, bytes]:
    """The database and what lies beside it."""
    return {file.name: file.read_bytes() for file in sorted(path.parent.iterdir()) if file.is_file()}


@contextmanager
def child(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that has said its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def test_a_new_file_has_every_declared_table(path: Path) -> None:
    with open_store(path) as store:
        found = store.reader().execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() where table_name <> 'meta'"
        )
        assert sorted(found.fetchall()) == sorted((table.qualified, table.grain) for table in TABLES)
        columns = store.reader().execute(
            "select column_name, data_type from duckdb_columns() where table_name = 'jobs' order by column_index"
        )
        assert dict(columns.fetchall()) == dict(JOBS.columns)


def test_opening_twice_changes_nothing(path: Path) -> None:
    with open_store(path) as store:
        store.write(Upsert(TRACES, [trace(1)]))
    with open_store(path) as store:
        assert texts(store) == [("hello",)]
    assert [name for name in files(path) if "duckdb" in name] == ["dashboard.duckdb"]


def test_an_older_file_is_brought_up_to_date_once(path: Path) -> None:
    with open_store(path) as store:
        store.write(Upsert(TRACES, [trace(1, "quiet")]))
    with open_store(path, migrations=[SHOUT, RENAME]) as store:
        assert texts(store) == [("QUIET",)]
        assert store.reader().execute("select value from bookkeeping.meta where name = 'version'").fetchall() == [
            ("13",)
        ]
        store.write(Upsert(TRACES, [trace(2, "said later")]))
    with open_store(path, migrations=[SHOUT, RENAME]) as store:
        assert texts(store) == [("QUIET",), ("said later",)]


def test_a_new_file_needs_no_migration(path: Path) -> None:
    with open_store(path, migrations=[Migration(2, ("select error('ran on an empty file')",))]) as store:
        assert store.reader().execute("select value from bookkeeping.meta where name = 'version'").fetchall() == [
            ("2",)
        ]


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    with open_store(path) as store:
        store.write(Upsert(TRACES, [trace(1, "quiet")]))
    with pytest.raises(duckdb.Error, match="halfway"):
        open_store(path, migrations=[SHOUT, Migration(14, ("select error('halfway')",))])
    with open_store(path) as store:
        assert texts(store) == [("quiet",)]
        assert store.reader().execute("select value from bookkeeping.meta where name = 'version'").fetchall() == [
            (str(LATEST),)
        ]


def test_a_missing_table_and_a_missing_column_are_added(path: Path) -> None:
    old_jobs = replace(
        JOBS,
        columns={name: kind for name, kind in JOBS.columns.items() if name != "coverage"},
        groups=dict(JOBS.groups)
        | {"detail": replace(JOBS.groups["detail"], columns=("tag_list", "erased_at", "web_url"))},
    )
    with open_store(path, tables=[old_jobs if table is JOBS else table for table in TABLES]) as store:
        store.write(Upsert(old_jobs, [job(1)]))
    with open_store(path) as store:
        assert store.reader().execute("select id, coverage from jobs").fetchall() == [(1, None)]
        for (view,) in store.reader().execute("select view_name from duckdb_views() where not internal").fetchall():
            store.reader().execute(f"select * from {view}").fetchall()


def test_a_newer_file_is_refused_untouched(path: Path) -> None:
    with open_store(path, migrations=[RENAME]) as store:
        store.write(Upsert(TRACES, [trace(1)]))
    before = files(path)
    with pytest.raises(DatabaseTooNew, match=rf"layout 12, this one knows {LATEST}.*left as it is"):
        open_store(path)
    assert files(path) == before


KILLED_NEWER = """
import os, sys, signal
from pathlib import Path
from dashlib.model import Upsert
from dashlib.sources.tables import TRACES
from dashlib.store import open_store
from dashlib.store.schema import MIGRATIONS, Migration, latest
from tests.store.rows import trace
store = open_store(Path(sys.argv[1]), migrations=[Migration(12, ())])
store.write(Upsert(TRACES, [trace(1)]))
print("ready", flush=True)
signal.pause()
"""


def test_a_newer_file_with_a_log_beside_it_is_refused_untouched(path: Path) -> None:
    with child(KILLED_NEWER, str(path)) as process:
        process.kill()
        process.wait()
    before = files(path)
    assert before["dashboard.duckdb.wal"], "the killed process left its write-ahead log"
    with pytest.raises(DatabaseTooNew):
        open_store(path)
    assert files(path) == before
    with open_store(path, migrations=[RENAME]) as store:
        assert texts(store) == [("hello",)]


@pytest.mark.parametrize("content", ["create table customers (id int)", "create view answers as select 42 as answer"])
def test_a_database_of_something_else_is_refused_untouched(path: Path, content: str) -> None:
    path.parent.mkdir()
    with duckdb.connect(str(path)) as other:
        other.execute(content)
    before = files(path)
    with pytest.raises(NotOurDatabase, match=r"something else.*DASH_DATABASE"):
        open_store(path)
    assert files(path) == before


@pytest.mark.parametrize("folder", ["data", "blocks", "newer"])
def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path, folder: str) -> None:
    """Whatever words stand in its path."""
    path = tmp_path / folder / "dashboard.duckdb"
    path.parent.mkdir()
    path.write_bytes(b"# a shopping list\n" * 1000)
    before = files(path)
    with pytest.raises(NotOurDatabase, match=r"is no DuckDB database"):
        open_store(path)
    assert files(path) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=r"cannot be made.*DASH_DATABASE"):
        open_store(tmp_path / "file" / "dashboard.duckdb")


HOLDER = """
import sys, signal
from pathlib import Path
from dashlib.store import open_store
store = open_store(Path(sys.argv[1]))
print("ready", flush=True)
signal.pause()
"""


def test_a_file_that_another_process_holds(path: Path) -> None:
    with child(HOLDER, str(path)) as holder:
        with pytest.raises(DatabaseInUse) as refused:
            open_store(path)
        message = str(refused.value)
        assert f"process {holder.pid}" in message
        assert str(path) in message
        assert "\n" not in message
        assert re.fullmatch(
            r"The database .* is in use by process \d+\. Stop it, or set DASH_DATABASE to another path\.", message
        )
    open_store(path).close()


def test_what_lies_beside_the_database_is_private_too(path: Path) -> None:
    with open_store(path) as store:
        store.write(Upsert(TRACES, [trace(1)]))
        store.snapshot(0)
        store.write(Upsert(TRACES, [trace(2)]))
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert set(modes) == {"dashboard.duckdb", "dashboard.duckdb.wal", "dashboard.snapshot.duckdb"}


def test_a_lock_that_fails_at_the_commit_is_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise duckdb.IOException(f'IO Error: Could not set lock on file "{path}.wal": Conflicting lock is held (PID 7)')

    monkeypatch.setattr("dashlib.store.database.schema.migrate", locked)
    with pytest.raises(DatabaseInUse, match="in use by process 7"):
        open_store(path)
