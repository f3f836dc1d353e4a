"""The read snapshot: what other processes read while this one holds the database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dashlib.model import Put, Upsert
from dashlib.sources.tables import TRACES
from dashlib.store import Store, StoreError, database, open_store, snapshot_path
from dashlib.store.bookkeeping import ASKED
from tests.store.rows import trace

COUNT = """
import duckdb, sys
print(duckdb.connect(sys.argv[1], read_only=True).execute("select count(*) from traces").fetchone()[0])
"""


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copyfile(empty_database, tmp_path / "dashboard.duckdb")
    with open_store(tmp_path / "dashboard.duckdb") as opened:
        opened.write(Upsert(TRACES, [trace(1)]))
        yield opened


def count(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as copy:
        found = copy.execute("select count(*) from traces").fetchone()
    return int(found[0]) if found else -1


def test_another_process_reads_it_while_this_one_writes(store: Store) -> None:
    path = store.snapshot()
    assert path == snapshot_path(store.path)
    store.write(Upsert(TRACES, [trace(2)]))
    answer = subprocess.run([sys.executable, "-c", COUNT, str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "1"
    with duckdb.connect(str(path), read_only=True) as copy, pytest.raises(duckdb.Error, match="read-only"):
        copy.execute("delete from traces")


def test_it_is_renewed_only_when_data_moved(store: Store) -> None:
    first = store.snapshot(0).stat()
    store.write(Upsert(TRACES, [trace(1)]))
    store.write(Put(ASKED, [{"source": "s", "project_id": 1, "resource": "r", "ref": "x"}]))
    assert store.snapshot(0).stat().st_ino == first.st_ino
    store.write(Upsert(TRACES, [trace(2)]))
    assert store.snapshot(0).stat().st_ino != first.st_ino
    assert count(store.snapshot(0)) == 2


def test_it_is_renewed_at_most_every_so_often(store: Store) -> None:
    first = store.snapshot(3600).stat()
    store.write(Upsert(TRACES, [trace(2)]))
    assert store.snapshot(3600).stat().st_ino == first.st_ino
    assert count(store.snapshot(0)) == 2


def test_it_is_made_again_when_someone_removed_it(store: Store) -> None:
    store.snapshot(3600).unlink()
    assert count(store.snapshot(3600)) == 1


def test_a_reader_with_an_open_transaction_is_not_in_its_way(store: Store) -> None:
    reader = store.reader()
    reader.execute("begin transaction")
    assert reader.execute("select count(*) from traces").fetchone() == (1,)
    store.write(Upsert(TRACES, [trace(2)]))
    assert count(store.snapshot(0)) == 2
    store.write(Upsert(TRACES, [trace(3)]))
    assert count(store.snapshot(0)) == 3
    assert reader.execute("select count(*) from traces").fetchone() == (1,)
    reader.execute("commit")


def test_old_readers_keep_what_they_opened(store: Store) -> None:
    with duckdb.connect(str(store.snapshot(0)), read_only=True) as old:
        store.write(Upsert(TRACES, [trace(number, "x" * 1000) for number in range(2, 500)]))
        path = store.snapshot(0)
        assert old.execute("select count(*), max(length(text)) from traces").fetchone() == (1, 5)
        new = subprocess.run([sys.executable, "-c", COUNT, str(path)], capture_output=True, text=True, check=True)
        assert new.stdout.strip() == "499"


def test_nothing_is_left_beside_it(store: Store) -> None:
    store.snapshot(0)
    names = {file.name for file in store.path.parent.iterdir()}
    assert names <= {"dashboard.duckdb", "dashboard.duckdb.wal", "dashboard.snapshot.duckdb"}


WRITE = """
import duckdb, sys
duckdb.connect(sys.argv[1]).execute("create table stolen (id int)")
"""


def test_nobody_else_can_write_after_a_copy(store: Store) -> None:
    """A process that closes a file loses its locks on it, whoever in it opened the file: the copy is another's work."""
    for _ in range(2):
        store.snapshot(0)
        store.write(Upsert(TRACES, [trace(2)]))
        said = subprocess.run([sys.executable, "-c", WRITE, store.path], capture_output=True, text=True, check=False)
        assert "lock" in said.stderr, said
    store.snapshot(0)
    with duckdb.connect(str(snapshot_path(store.path)), read_only=True) as copy:
        assert copy.execute("select count(*) from duckdb_tables() where table_name = 'stolen'").fetchone() == (0,)


def test_a_transaction_that_is_just_ending_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.reader() as other:
        other.execute("begin")
        other.execute("update traces set bytes = 7")
        threading.Timer(0.3, other.commit).start()
        assert count(store.snapshot(0)) == 1
    store.write(Upsert(TRACES, [trace(2)]))
    monkeypatch.setattr(database, "_CHECKPOINT_SECONDS", 0.1)
    with store.reader() as other:
        other.execute("begin")
        other.execute("update traces set bytes = 8")
        with pytest.raises(StoreError, match="try again"):
            store.snapshot(0)
        other.rollback()
    assert count(store.snapshot(0)) == 2


def test_one_is_kept_though_nobody_asks_unless_it_is_young_or_the_database_huge(store: Store) -> None:
    target = snapshot_path(store.path)
    assert not store.keep_snapshot(most_bytes=1) and not target.exists()
    assert store.keep_snapshot() and count(target) == 1
    store.write(Upsert(TRACES, [trace(2)]))
    assert not store.keep_snapshot() and count(target) == 1
    os.utime(target, (0, 0))
    assert store.keep_snapshot() and count(target) == 2
