"""From the journal into the database: each delivery once, in order, however they were written and whenever it ends."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.store import mover as module
from dashlib.store import open_store
from dashlib.store.journal import Journal
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


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=12),
    st.integers(1, 20_000),
    st.integers(1, 8),
    st.integers(0, 12),
)
def test_each_is_moved_once_in_order_whenever_it_ends(
    writes: list[int], largest: int, at_a_time: int, begun: int
) -> None:
    """Some writes while nothing is moved, the others while all is, in files of any size; or killed before any move."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr("dashlib.store.journal.LARGEST", largest)
        patch.setattr(module, "_ROWS_PER_COMMIT", at_a_time)
        patch.setattr(module, "_GATHER_SECONDS", 0)
        with moving(Path(folder)) as (mover, journal, connection):
            told, first = list[int](), 1
            mover.on_moved = told.append
            for number, count in enumerate(writes):
                if number == begun:
                    mover.start()
                write(mover, journal, range(first, first + count))
                first += count
            if begun >= len(writes):
                assert mover.unmoved() == {"gitlab": (first - 1, datetime.fromisoformat(AT))}
                assert mover.recover() == first - 1
            else:
                assert mover.finish()
                assert (mover.unmoved(), sum(told)) == ({}, first - 1)
                assert len(list(Path(folder).glob("*.inbox.*"))) == 1, "of those that are moved one is written to"
                assert moved(connection) == list(range(1, first))
            assert sorted(moved(connection)) == list(range(1, first))


def test_what_was_moved_before_a_kill_is_not_moved_again(tmp_path: Path) -> None:
    with moving(tmp_path) as (mover, journal, connection):
        write(mover, journal, [1, 2, 3])
        mover.start()
        assert mover.finish()
        assert ids(journal) == [1, 2, 3]
        assert mover.recover() == 3
        assert moved(connection) == [1, 2, 3]
        assert list(tmp_path.glob("*.inbox.*")) == []


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
    mover, journal, connection = four
    waited = list[float]()
    monkeypatch.setattr(module, "_MOST_WAITING", most)
    monkeypatch.setattr(journal, "free", lambda: free)
    monkeypatch.setattr(mover._finishing, "wait", waited.append)
    rates = iter([9999.0, 9999.0, 0.0])
    monkeypatch.setattr(mover, "_came_a_second", lambda: next(rates))
    mover._move_waiting()
    assert len(waited) == waits
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
