"""Deliveries onto the disk, fast, and from there (``mover``) into the table ``deliveries``.

What the event loop took in one go is written into the journal with one sync of the disk, and those who wait are told:
they answer 200 now. The loop waits for the disk itself as long as that takes less than handing it to a thread and back
(a tenth of a millisecond, where the disk is quick); a disk that is slow is left to a thread. What a killed process left
in the journal is moved when the database is opened.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import orjson

from dashlib.model import Row
from dashlib.store.errors import StoreError
from dashlib.store.journal import Journal
from dashlib.store.mover import Mover, Stretch
from dashlib.store.repeats import Repeats

_LOG = logging.getLogger(__name__)
_BYTES_PER_WRITE = 16 * 1024 * 1024
_BYTES_AT_ONCE, _QUICK_SECONDS = 512 * 1024, 0.002
"""So much the loop writes itself, while the disk takes no longer than that."""
_LATEST = 0.2
"""What the latest write counts for how long the disk takes."""
_QUIET_TURNS = 2
"""After so many turns of the loop in which nothing came all is written: who was answered together sends on together."""
_BYTES_WAITING = 256 * 1024 * 1024
_MANY = 50
"""So many at once come in a flood: what waits for the disk waits for no more."""
KNOWN = 50_000
"""So many of the newest deliveries are recognised when they come again."""


@dataclass
class _Waiting:
    key: str
    keyed: bool
    size: int
    row: Row
    said: bytes
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[bool] = field(repr=False)


@dataclass(frozen=True)
class _New:
    ident: int
    turn: int
    waiting: _Waiting


class Inbox:
    """What takes deliveries, until it is closed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, journal: Journal, pause: threading.Lock) -> None:
        self._connection, self._journal = connection, journal
        self._mover = Mover(connection, journal, pause)
        self._gathered: list[_Waiting] = []
        self._gathering: set[asyncio.AbstractEventLoop] = set()
        self._queue: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._storing = threading.Lock()
        self._disk_seconds = 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._bytes = 0
        self._known = Repeats(KNOWN)
        self._next_id = 1
        self._thread: threading.Thread | None = None

    def recover(self) -> int:
        """Move what the journal holds into the database; returns how many that were. Before anything else."""
        return self._mover.recover()

    def start(self) -> None:
        """Read which deliveries are known already. The first ``put`` does it, too, but it holds the server up."""
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._start()

    def on_moved(self, call: Callable[[int], None]) -> None:
        """Who is to be told of each commit: with the number of its deliveries, in the mover's thread."""
        self._mover.on_moved = call

    async def put(self, row: Row, *, keyed: bool = False) -> bool:
        """Store a delivery (strings, ``bytes`` a number); returns when it is on disk.

        False: it was stored before, by its ``dedup_key`` (see ``repeats``; ``keyed``: its sender says what is a
        repetition). Raises StoreError when it is not stored: the disk, too many waiting, or the database is closing.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(row["dedup_key"], keyed, row["bytes"], row, _spelled(row), loop, loop.create_future())
        with self._lock:
            if self._closed.is_set():
                raise StoreError("the database is closed")
            if self._bytes and self._bytes + waiting.size > _BYTES_WAITING:
                raise StoreError("too many deliveries are waiting for the disk")
            if self._mover.is_full():
                raise StoreError("too many deliveries are waiting for the database")
            if self._thread is None:
                self._start()
            self._bytes += waiting.size
            self._gathered.append(waiting)
            if loop not in self._gathering:
                self._gathering.add(loop)
                loop.call_soon(self._gather, loop, len(self._gathered), 0)
        return await waiting.stored

    def unmoved(self) -> dict[str, tuple[int, datetime]]:
        """By source what is on disk and not in the database yet: how many, and when the oldest came (UTC)."""
        return self._mover.unmoved()

    def is_flooded(self) -> bool:
        """Whether more comes than is moved for the time being."""
        return self._mover.is_flooded()

    def is_idle(self) -> bool:
        """Whether all that came is in the database."""
        return self._bytes == 0 and not self.unmoved()

    def renew(self) -> None:
        """Keep nothing in the journal that may be removed from the database; nothing is done while anything waits."""
        with self._storing:
            self._mover.renew()

    def close(self) -> None:
        """Store and move what waits, then stop."""
        with self._lock:
            self._closed.set()
            self._queue.put(False)
        if self._thread is not None:
            self._thread.join()
        self._mover.finish()
        self._mover.renew()
        self._journal.close()

    def _start(self) -> None:
        newest = self._connection.execute(
            "select id, dedup_key, coalesce(turn, 0) from deliveries order by id desc limit $limit", {"limit": KNOWN}
        ).fetchall()
        self._next_id = newest[0][0] + 1 if newest else 1
        for _, key, turn in reversed(newest):
            self._known.remember(key, turn)
        self._thread = threading.Thread(target=self._write, name="store-journal", daemon=True)
        self._thread.start()
        self._mover.start()

    def _gather(self, loop: asyncio.AbstractEventLoop, seen: int, quiet: int) -> None:
        """In the loop, once in a turn of it while anything gathers there."""
        count = len(self._gathered)
        if quiet < _QUIET_TURNS and 0 < count < _MANY:
            loop.call_soon(self._gather, loop, count, quiet + 1 if count == seen else 0)
            return
        with self._lock:
            self._gathering.discard(loop)
            size = sum(waiting.size for waiting in self._gathered)
        if size > _BYTES_AT_ONCE or self._disk_seconds > _QUICK_SECONDS or not self._store_gathered(wait=False):
            self._queue.put(True)

    def _write(self) -> None:
        """In the thread: what the loop leaves to it."""
        while self._queue.get():
            self._store_gathered()
        self._store_gathered()

    def _store_gathered(self, *, wait: bool = True) -> bool:
        """Store all that is gathered; False where somebody else does so just now and is not to be waited for."""
        if not self._storing.acquire(blocking=wait):
            return False
        try:
            while batch := self._batch():
                self._store(batch)
        finally:
            self._storing.release()
        return True

    def _batch(self) -> list[_Waiting]:
        """What one write takes of what is gathered."""
        with self._lock:
            count, size = 0, 0
            while count < len(self._gathered) and size < _BYTES_PER_WRITE:
                size += self._gathered[count].size
                count += 1
            batch, self._gathered = self._gathered[:count], self._gathered[count:]
        return batch

    def _store(self, batch: Sequence[_Waiting]) -> None:
        """Those that are new with one sync; then everybody is told, in their own loops."""
        trial, new = self._known.trial(), list[_New]()
        for waiting in batch:
            ident = self._next_id + len(new)
            turn = trial.look(waiting.key, keyed=waiting.keyed, ident=ident)
            if turn is not None:
                new.append(_New(ident, turn, waiting))
        error = self._append(new) if new else None
        fresh, running = {id(one.waiting) for one in new}, _running_loop()
        for loop in {waiting.loop for waiting in batch}:
            # Whoever repeats what is stored with this very write is refused with it.
            said = [
                (waiting.stored, error if trial.has(waiting.key) else None, id(waiting) in fresh)
                for waiting in batch
                if waiting.loop is loop
            ]
            try:
                if loop is running:
                    _tell(said)
                else:
                    loop.call_soon_threadsafe(_tell, said)
            except RuntimeError:
                _LOG.info("the server stopped before %d deliveries were answered; they are stored", len(said))
        with self._lock:
            self._bytes -= sum(waiting.size for waiting in batch)
        if error is None:
            self._known.keep(trial)

    def _append(self, batch: Sequence[_New]) -> Exception | None:
        """The error where there is one, and then none of them is stored."""
        lines = [b'{"id":%d,"turn":%d,' % (one.ident, one.turn) + one.waiting.said for one in batch]
        began = time.perf_counter()
        try:
            place = self._journal.append(lines)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and send again
            _LOG.warning("%d deliveries could not be stored: %s", len(batch), error)
            return error
        finally:
            self._disk_seconds += _LATEST * (time.perf_counter() - began - self._disk_seconds)
        self._next_id += len(lines)
        told = dict[str, tuple[int, str]]()
        for one in batch:
            source, received_at = one.waiting.row["source"], one.waiting.row["received_at"]
            count, first = told.get(source, (0, received_at))
            told[source] = (count + 1, first)
        self._mover.add(Stretch(place, len(lines), told))
        return None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that this thread runs, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _spelled(row: Row) -> bytes:
    """The delivery as JSON, without its opening brace; half a surrogate pair, which no database holds, as ``?``."""
    try:
        return orjson.dumps(row)[1:]
    except TypeError:
        plain = {
            name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
            for name, value in row.items()
        }
        return orjson.dumps(plain)[1:]


def _tell(said: Sequence[tuple[asyncio.Future[bool], Exception | None, bool]]) -> None:
    """In the loop of those who wait: once for a whole write."""
    for stored, error, is_new in said:
        if stored.done():
            continue
        if error is None:
            stored.set_result(is_new)
        else:
            stored.set_exception(StoreError(f"the delivery was not stored: {error}"))
