"""Onto the disk: all that comes in one go with one sync, by the loop itself; by a thread where the disk is slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashlib.store import Store, StoreError, open_store
from dashlib.store.journal import Place


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "dash.duckdb") as opened:
        opened.inbox.start()
        yield opened


def row(number: int) -> dict[str, Any]:
    return {
        "source": "gitlab", "kind": "push", "received_at": "2026-03-11T09:00:00", "bytes": 2, "headers": "{}",
        "dedup_key": f"{number:064x}", "body": "{}",
    }  # fmt: skip


class Disk:
    """The journal of a store, with who wrote to it, how much, and how long it takes."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes, self.seconds = list[tuple[str, int]](), 0.0
        self._real = store.inbox._journal.append
        monkeypatch.setattr(store.inbox._journal, "append", self._append)

    def _append(self, lines: Sequence[bytes]) -> Place:
        self.writes.append((threading.current_thread().name, len(lines)))
        time.sleep(self.seconds)
        return self._real(lines)


def test_what_comes_in_one_go_is_one_write_of_the_loop(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(store, monkeypatch)

    async def some() -> list[bool]:
        return await asyncio.gather(*(store.inbox.put(row(number % 10)) for number in range(12)))

    assert asyncio.run(some()) == [True] * 10 + [False] * 2
    assert disk.writes == [(threading.current_thread().name, 10)]


def test_a_slow_disk_holds_nobody_up_but_those_who_wait_for_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, ticks = Disk(store, monkeypatch), list[float]()

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0)

    async def slow() -> None:
        disk.seconds = 0.1
        assert await store.inbox.put(row(1))
        ticking = asyncio.create_task(tick())
        assert await store.inbox.put(row(2))
        ticking.cancel()
        disk.seconds = 0.0
        for number in range(3, 40):
            assert await store.inbox.put(row(number))

    asyncio.run(slow())
    own = threading.current_thread().name
    writers = [name for name, _ in disk.writes]
    assert writers[:2] == [own, "store-journal"] and len(ticks) > 10
    assert writers[-1] == own, "a disk that is quick again is waited for again"


def test_several_loops_share_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them has a slow disk in between, so that both the loops and the thread write."""
    disk = Disk(store, monkeypatch)

    async def some(first: int) -> list[bool]:
        found = []
        for number in range(first, first + 60, 3):
            disk.seconds = 0.02 if number % 7 == 0 else 0.0
            found += await asyncio.gather(*(store.inbox.put(row(one)) for one in range(number, number + 3)))
        return found

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda first: asyncio.run(some(first)), [0, 30, 60, 90]))
    assert sum(map(sum, answers)) == 150, "each of them was new once"
    store.inbox.close()
    with store.reader() as reader:
        found = reader.execute(
            "select count(*), count(distinct id), count(distinct dedup_key), max(id) from deliveries"
        )
        assert found.fetchone() == (150, 150, 150, 150)


def test_who_closes_while_rows_begin_to_move_is_heard(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = store.inbox
    mover = inbox._mover
    move, closing = mover._move_waiting, threading.Thread(target=inbox.close, daemon=True)

    def late() -> None:
        if not closing.is_alive():
            closing.start()
            assert mover._finishing.wait(30)
        move()

    monkeypatch.setattr(mover, "_move_waiting", late)

    async def one() -> None:
        assert await inbox.put(row(1))

    asyncio.run(one())
    deadline = time.monotonic() + 30
    while not closing.ident:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    closing.join(30)
    assert not closing.is_alive()


def test_a_disk_that_is_slow_to_fail_is_left_to_the_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    writers = list[str]()

    def failing(_: Sequence[bytes]) -> None:
        writers.append(threading.current_thread().name)
        time.sleep(0.1)
        raise OSError("no answer")

    monkeypatch.setattr(store.inbox._journal, "append", failing)

    async def two() -> None:
        for number in (1, 2):
            with pytest.raises(StoreError):
                await store.inbox.put(row(number))

    asyncio.run(two())
    assert writers == [threading.current_thread().name, "store-journal"]


def refused(*_: object) -> None:
    raise duckdb.IOException("no space left on device")


def test_what_the_database_does_not_take_is_there_at_the_next_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.inbox._mover, "_insert", refused)

    async def three() -> list[bool]:
        return await asyncio.gather(*(store.inbox.put(row(number)) for number in range(3)))

    assert asyncio.run(three()) == [True] * 3
    store.close()
    with open_store(store.path) as again, again.reader() as reader:
        assert reader.execute("select count(*) from deliveries").fetchone() == (3,)


def test_a_database_that_takes_nothing_is_not_answered_for_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the journal fills the disk that the database needs to be written again."""
    monkeypatch.setattr("dashlib.store.mover._MOST_WAITING", 1)
    monkeypatch.setattr("dashlib.store.mover._RETRY_SECONDS", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(store.inbox._mover, "_insert", refused)
        assert asyncio.run(store.inbox.put(row(1)))
        deadline = time.monotonic() + 30
        while not store.inbox._mover.is_full():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(StoreError, match="waiting for the database"):
            asyncio.run(store.inbox.put(row(2)))
    while not store.inbox.is_idle():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert asyncio.run(store.inbox.put(row(2)))


def test_what_is_gathered_when_it_is_closed_is_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(store, monkeypatch)
    monkeypatch.setattr(store.inbox, "_gather", lambda *_: None)

    async def one() -> bool:
        waiting = asyncio.ensure_future(store.inbox.put(row(1)))
        await asyncio.sleep(0)
        await asyncio.to_thread(store.inbox.close)
        return await waiting

    store.inbox.start()
    assert asyncio.run(one())
    assert disk.writes == [("store-journal", 1)]


def test_whoever_waits_for_what_breaks_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Sequence[bytes]) -> Place:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(store.inbox._journal, "append", broken)
        with pytest.raises(StoreError, match="not stored"):
            asyncio.run(store.inbox.put(row(1)))
    assert asyncio.run(store.inbox.put(row(1)))
