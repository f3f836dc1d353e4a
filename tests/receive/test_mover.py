"""From the journal into the database: each delivery once, in order, however they were written and whenever it ends."""

from __future__ import annotations

import errno
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.store import mover as module
from dashlib.store import open_store
from dashlib.store.journal import Journal, Place
from dashlib.store.mover import Mover, Stretch
from tests.receive.journals import ids, lines, record

AT = "2026-03-11T09:00:00"


@contextmanager
def moving(folder: Path) -> Iterator[tuple[Mover, Journal, duckdb.DuckDBPyConnection]]:
    path = folder / "x.duckdb"
    open_store(path).close()
    connection, journal = duckdb.connect(str(path)), Journal(path)
    try:
        yield Mover(connection.cursor(), journal, threading.Lock()), journal, connection
    finally:
        journal.close()
        connection.close()


def write(mover: Mover, journal: Journal, idents: Sequence[int], source: str = "gitlab") -> None:
    place = journal.append(lines(*(record(ident, turn=0, source=source) for ident in idents)))
    mover.add(Stretch(place, len(idents), {source: (len(idents), AT)}))


def moved(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return [ident for (ident,) in connection.execute("select id from deliveries order by rowid").fetchall()]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 7), st.sampled_from(["gitlab", "github"])), min_size=1, max_size=12),
    st.integers(1, 20_000),
    st.sampled_from([(1, 10**6), (3, 10**6), (8, 10**6), (100, 1), (100, 9_000)]),
    st.integers(0, 12),
    st.booleans(),
)
def test_each_is_moved_once_in_order_whenever_it_ends(
    writes: list[tuple[int, str]], largest: int, at_a_time: tuple[int, int], begun: int, ends: bool
) -> None:
    """Some are written while nothing is moved, the others while all is, in files of any size and however many to a
    commit; then nobody writes any more, or it is ended, or it was killed before any move.
    """
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr("dashlib.store.journal.LARGEST", largest)
        patch.setattr(module, "_ROWS_PER_COMMIT", at_a_time[0])
        patch.setattr(module, "_BYTES_PER_COMMIT", at_a_time[1])
        patch.setattr(module, "_GATHER_SECONDS", 0)
        patch.setattr(module, "_GATHER_LONGER_SECONDS", 0)
        patch.setattr(module, "_FLOOD_SHARE", 0)
        with moving(Path(folder)) as (mover, journal, connection):
            told, first, of = list[int](), 1, Counter[str]()
            assert mover.recover() == 0
            mover.on_moved = told.append
            for number, (count, source) in enumerate(writes):
                if number == begun:
                    mover.start()
                write(mover, journal, range(first, first + count), source)
                first, of[source] = first + count, of[source] + count
            if begun >= len(writes):
                at = datetime.fromisoformat(AT)
                assert mover.unmoved() == {source: (count, at) for source, count in of.items()}
                assert mover.recover() == first - 1
            else:
                if ends:
                    assert mover.finish()
                eventually(lambda: not mover.unmoved() and sum(told) == first - 1)
                assert moved(connection) == list(range(1, first))
                assert mover.finish()
                assert len(list(Path(folder).glob("*.inbox.*"))) == 1, "of those that are moved one is written to"
            assert sorted(moved(connection)) == list(range(1, first))


def eventually(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.mark.parametrize("rows", [2, 1000])
def test_what_was_moved_before_a_kill_is_not_moved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(module, "_ROWS_PER_COMMIT", rows)
    with moving(tmp_path) as (mover, journal, connection):
        mover.recover()
        write(mover, journal, [1, 2, 3])
        mover.start()
        assert mover.finish()
        assert ids(journal) == [1, 2, 3]
        assert mover.recover() == 3
        assert moved(connection) == [1, 2, 3]
        assert list(tmp_path.glob("*.inbox.*")) == []


def test_deliveries_that_come_one_by_one_are_held_together() -> None:
    """In one file, up to a hundred; so what waits takes no more memory for it."""
    one = Stretch(Place(1, 0, 10), 60, {"gitlab": (60, AT)})
    other = Stretch(Place(1, 10, 30), 40, {"github": (30, AT), "gitlab": (10, "2026-03-11T09:00:01")})
    both = Stretch(Place(1, 0, 30), 100, {"gitlab": (70, AT), "github": (30, AT)})
    assert one.with_next(other) == both
    assert both.with_next(Stretch(Place(1, 30, 40), 1, {"gitlab": (1, AT)})) is None
    assert one.with_next(other._replace(place=Place(2, 10, 30))) is None
    assert one.with_next(other._replace(place=Place(1, 11, 30))) is None


def test_nothing_is_moved_while_somebody_needs_the_file_alone(tmp_path: Path) -> None:
    with moving(tmp_path) as (mover, journal, connection):
        mover.recover()
        write(mover, journal, [1])
        with mover._pause:
            mover.start()
            time.sleep(0.3)
            assert moved(connection) == []
        eventually(lambda: moved(connection) == [1])
        assert mover.finish()


@contextmanager
def three_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Mover, Journal, duckdb.DuckDBPyConnection, Path]]:
    """Three deliveries, each in a file of its own, none moved yet; the path is the second one's."""
    monkeypatch.setattr("dashlib.store.journal.LARGEST", 1)
    with moving(folder) as (mover, journal, connection):
        mover.recover()
        for ident in (1, 2, 3):
            write(mover, journal, [ident])
        yield mover, journal, connection, folder / "x.duckdb.inbox.2"


def test_a_file_that_cannot_be_read_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays where it is, is counted, and is tried again at the next start."""
    with three_files(tmp_path, monkeypatch) as (mover, journal, connection, hidden):
        hidden.rename(tmp_path / "elsewhere")
        mover.start()
        eventually(lambda: moved(connection) == [1, 3])
        write(mover, journal, [4])
        eventually(lambda: moved(connection) == [1, 3, 4])
        eventually(lambda: mover.unmoved()["gitlab"][0] == 1)
        (tmp_path / "elsewhere").rename(hidden)
        assert not mover.finish()
        assert hidden.exists()
        assert mover.recover() >= 1
        assert sorted(moved(connection)) == [1, 2, 3, 4]


def test_bytes_that_are_no_delivery_hold_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with three_files(tmp_path, monkeypatch) as (mover, _, connection, damaged):
        with damaged.open("r+b") as file:
            file.write(bytes(10))
        mover.start()
        eventually(lambda: moved(connection) == [1, 3])
        assert not mover.finish()
        mover.renew()
        assert [path.name for path in tmp_path.glob("*.inbox.*")] == ["x.duckdb.inbox.2"], "no other is kept for it"


def test_what_is_moved_beside_a_file_that_cannot_be_read_is_moved_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the database refuses in the middle; and more than a commit waits behind."""
    monkeypatch.setattr("dashlib.store.journal.LARGEST", 1)
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "_ROWS_PER_COMMIT", 4)
    with moving(tmp_path) as (mover, journal, connection):
        mover.recover()
        for ident in range(1, 12):
            write(mover, journal, [ident])
        (tmp_path / "x.duckdb.inbox.2").rename(tmp_path / "elsewhere")
        insert, refusals = mover._insert, iter([True])

        def once(lines: bytes) -> None:
            if json.loads(lines.splitlines()[-1])["id"] == 3 and next(refusals, False):
                raise duckdb.IOException("no space left on device")
            insert(lines)

        monkeypatch.setattr(mover, "_insert", once)
        mover.start()
        eventually(lambda: mover.unmoved().get("gitlab", (0,))[0] == 1)
        assert moved(connection) == [1, *range(3, 12)]
        assert not mover.finish()


def test_a_record_that_the_database_cannot_take_keeps_nobody_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    open_store(path).close()
    journal = Journal(path)
    odd = lines(record(2, turn=0, received_at="yesterday"))
    journal.append([*lines(record(1, turn=0)), *odd, *lines(record(3, turn=0))])
    journal.close()
    with open_store(path) as store, store.reader() as reader:
        assert reader.execute("select id from deliveries order by id").fetchall() == [(1,), (3,)]
    [kept] = tmp_path.glob("x.duckdb.inbox.damaged-*")
    assert kept.read_bytes() == odd[0] + b"\n"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_what_moved_is_told_though_its_file_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dashlib.store.journal.LARGEST", 1)

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(self))

    with moving(tmp_path) as (mover, journal, connection):
        mover.recover()
        write(mover, journal, [1])
        write(mover, journal, [2])
        told = list[int]()
        mover.on_moved = told.append
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refused)
            mover.start()
            eventually(lambda: sum(told) == 2)
            assert mover.finish()
        assert "could not be removed" in caplog.text
        assert moved(connection) == [1, 2]


def test_of_what_is_in_the_database_nothing_is_kept(tmp_path: Path) -> None:
    """What is removed from there for its age must not come back after a kill."""
    with moving(tmp_path) as (mover, journal, connection):
        mover.recover()
        write(mover, journal, [1])
        mover.renew()
        assert ids(journal) == [1], "it is not there yet"
        mover.start()
        eventually(lambda: not mover.unmoved())
        mover.renew()
        connection.execute("delete from deliveries")
        write(mover, journal, [2])
        eventually(lambda: moved(connection) == [2])
        assert mover.finish()
        assert mover.recover() == 1
        assert moved(connection) == [2]


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mover, Journal, duckdb.DuckDBPyConnection]]:
    """Eight writes of one delivery, each in a file of its own, four of them to a commit; after the first come four."""
    monkeypatch.setattr(module, "_ROWS_PER_COMMIT", 4)
    monkeypatch.setattr("dashlib.store.journal.LARGEST", 1)
    with moving(tmp_path) as (mover, journal, connection):
        for ident in range(1, 9):
            write(mover, journal, [ident], "github")
        later = iter([[9, 10, 11, 12]])

        def more(_: int) -> None:
            if coming := next(later, None):
                write(mover, journal, coming)

        mover.on_moved = more
        yield mover, journal, connection


def test_in_a_flood_rows_wait_for_those_who_are_answered(
    four: tuple[Mover, Journal, duckdb.DuckDBPyConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood is more than two thousand a second. Files that are moved are gone while the others wait."""
    mover, journal, connection = four
    waited, rates = list[float](), iter([2001.0, 2000.0, 3.0])

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        assert mover.is_flooded()
        assert mover.unmoved()["gitlab"][0] == mover.unmoved()["github"][0] == 4
        assert [number for number, _ in journal._files()] == [5, 6, 7, 8, 9]
        return False

    monkeypatch.setattr(mover._finishing, "wait", wait)
    monkeypatch.setattr(mover, "_came_a_second", lambda: next(rates))
    mover._move_waiting()
    assert len(waited) == 1 and 0 < waited[0] <= 5
    assert not mover.is_flooded()
    assert moved(connection) == list(range(1, 13))


@pytest.mark.parametrize(("most", "free", "waits"), [(1, 10**9, 0), (10**9, 8, 0), (10**9, 10**9, 2)])
def test_with_much_in_the_journal_nothing_waits(
    four: tuple[Mover, Journal, duckdb.DuckDBPyConnection], monkeypatch: pytest.MonkeyPatch,
    most: int, free: int, waits: int,
) -> None:  # fmt: skip
    """A quarter of what the disk has left counts what is in the journal as left."""
    mover, journal, connection = four
    waited, full = list[float](), list[bool]()
    monkeypatch.setattr(module, "_MOST_WAITING", most)
    monkeypatch.setattr(journal, "free", lambda: free)
    monkeypatch.setattr(mover._finishing, "wait", waited.append)

    def came() -> float:
        full.append(mover.is_full())
        return 9999.0 if len(full) < 3 else 0.0

    monkeypatch.setattr(mover, "_came_a_second", came)
    mover._move_waiting()
    assert len(waited) == waits
    assert full == [not waits, not waits, False]
    assert moved(connection) == list(range(1, 13))


def test_how_many_come_is_told_since_it_was_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0, 12.0])
    monkeypatch.setattr("dashlib.store.mover.time.monotonic", lambda: next(clock))
    with moving(tmp_path) as (mover, journal, _):
        write(mover, journal, [1, 2, 3])
        assert mover._came_a_second() == 0.3
        write(mover, journal, [4])
        assert mover._came_a_second() == 0.5
        assert mover._came_a_second() == 0
