"""Deliveries onto the disk, fast, and from there into the table ``deliveries``.

What the event loop took in one go is written into the journal with one sync of the disk, and those who wait are told:
they answer 200 now. The loop waits for the disk itself as long as that takes less than handing it to a thread and back
(a tenth of a millisecond, where the disk is quick); a disk that is slow is left to the first of two threads. The second
moves what is in the journal into the database a moment later, hundreds to a commit, on a connection of its own: a
delivery must not wait behind a sync's merge. The two connections write to one
file without meeting: this one appends rows, the writer changes and removes rows that were committed before. What must
have the file to itself (a snapshot) holds ``pause``. What a killed process left in the journal is moved when the
database is opened.
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
from typing import NamedTuple

import duckdb
import orjson

from dashlib.model import Row
from dashlib.receive.tables import DELIVERIES, RECEIVED
from dashlib.store.errors import StoreError
from dashlib.store.journal import Journal, whole
from dashlib.store.repeats import Repeats
from dashlib.store.staging import staged_lines

_LOG = logging.getLogger(__name__)
_BYTES_PER_WRITE = 16 * 1024 * 1024
_BYTES_AT_ONCE, _QUICK_SECONDS = 512 * 1024, 0.002
"""So much the loop writes itself, while the disk takes no longer than that."""
_LATEST = 0.2
"""What the latest write counts for how long the disk takes."""
_QUIET_TURNS = 2
"""After so many turns of the loop in which nothing came all is written: who was answered together sends on together."""
_BYTES_WAITING = 256 * 1024 * 1024
_GATHER_SECONDS = 0.05
"""So long deliveries gather in the journal before they are moved, many to a commit."""
_MANY, _GATHER_LONGER_SECONDS = 50, 0.25
"""So many at once come in a flood: what waits for the disk waits for no more, and after a commit of so many they gather
for longer: they are on disk, and the time is needed."""
_ROWS_PER_COMMIT = 1000
_RETRY_SECONDS = 2.0
KNOWN = 50_000
"""So many of the newest deliveries are recognised when they come again."""
_COLUMNS = ("id", "source", "kind", "received_at", "bytes", "dedup_key", "turn", "headers", "body")
_APPEND = (
    f"insert into deliveries ({', '.join(_COLUMNS)}, status)"
    f" select {', '.join(_COLUMNS)}, '{RECEIVED}' from staged_deliveries s"
)
_NOT_THERE = " where not exists (select 1 from deliveries d where d.id = s.id)"


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


class _Stored(NamedTuple):
    """What is on disk and not in the database yet: held once, as it is spelled."""

    line: bytes
    source: str
    received_at: str
    size: int


class Inbox:
    """The two threads. ``on_moved`` is told of each commit, in the second thread, with the number of its deliveries."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, journal: Journal, pause: threading.Lock) -> None:
        self._connection, self._journal, self._pause = connection, journal, pause
        self._on_moved: Callable[[int], None] = lambda _: None
        self._gathered: list[_Waiting] = []
        self._gathering: set[asyncio.AbstractEventLoop] = set()
        self._queue: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._storing = threading.Lock()
        self._disk_seconds = 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._written, self._all_written = threading.Event(), threading.Event()
        self._bytes = 0
        self._known = Repeats(KNOWN)
        self._next_id = 1
        self._unmoved: list[_Stored] = []
        self._file = 0
        self._last_moved = 0
        self._threads: list[threading.Thread] = []

    def recover(self) -> int:
        """Move what the journal holds into the database; returns how many that were. Before anything else."""
        count, some, size = 0, list[bytes](), 0
        for line in whole(self._journal.lines()):
            some.append(line)
            count, size = count + 1, size + len(line)
            if len(some) == _ROWS_PER_COMMIT or size >= _BYTES_PER_WRITE:
                self._insert(some, _APPEND + _NOT_THERE)
                some, size = [], 0
        self._insert(some, _APPEND + _NOT_THERE)
        self._journal.remove(self._journal.number + 1)
        return count

    def start(self) -> None:
        """Read which deliveries are known already. The first ``put`` does it, too, but it holds the server up."""
        with self._lock:
            if not self._threads and not self._closed.is_set():
                self._start()

    def on_moved(self, call: Callable[[int], None]) -> None:
        """Who is to be told of each commit."""
        self._on_moved = call

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
            if not self._threads:
                self._start()
            self._bytes += waiting.size
            self._gathered.append(waiting)
            if loop not in self._gathering:
                self._gathering.add(loop)
                loop.call_soon(self._gather, loop, len(self._gathered), 0)
        return await waiting.stored

    def unmoved(self) -> dict[str, tuple[int, datetime]]:
        """By source what is on disk and not in the database yet: how many, and when the oldest came (UTC)."""
        with self._lock:
            waiting = list(self._unmoved)
        found: dict[str, tuple[int, datetime]] = {}
        for one in waiting:
            count, oldest = found.get(one.source, (0, None))
            found[one.source] = (count + 1, oldest or datetime.fromisoformat(one.received_at))
        return found

    def close(self) -> None:
        """Store and move what waits, then stop."""
        with self._lock:
            self._closed.set()
            self._queue.put(False)
        self._written.set()
        for thread in self._threads:
            thread.join()
        self._journal.close()
        if not self._unmoved:
            self._journal.remove(self._journal.number + 1)

    def _start(self) -> None:
        newest = self._connection.execute(
            "select id, dedup_key, coalesce(turn, 0) from deliveries order by id desc limit $limit", {"limit": KNOWN}
        ).fetchall()
        self._next_id = newest[0][0] + 1 if newest else 1
        for _, key, turn in reversed(newest):
            self._known.remember(key, turn)
        works = ((self._write, "store-journal"), (self._move, "store-inbox"))
        self._threads = [threading.Thread(target=work, name=name, daemon=True) for work, name in works]
        for thread in self._threads:
            thread.start()

    # --- onto the disk ---------------------------------------------------------------------------------------------

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
        """The first thread: what the loop leaves to it."""
        while self._queue.get():
            self._store_gathered()
        self._store_gathered()
        self._all_written.set()
        self._written.set()

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
        dropped = batch if error is not None else [one for one in batch if id(one) not in fresh]
        with self._lock:
            self._bytes -= sum(waiting.size for waiting in dropped)
        if error is None:
            self._known.keep(trial)

    def _append(self, batch: Sequence[_New]) -> OSError | None:
        """The error where there is one, and then none of them is stored."""
        lines = [b'{"id":%d,"turn":%d,' % (one.ident, one.turn) + one.waiting.said for one in batch]
        began = time.perf_counter()
        try:
            self._journal.append(lines)
        except OSError as error:
            _LOG.warning("%d deliveries could not be stored: %s", len(batch), error)
            return error
        finally:
            self._disk_seconds += _LATEST * (time.perf_counter() - began - self._disk_seconds)
        rows = (one.waiting.row for one in batch)
        stored = [
            _Stored(line, row["source"], row["received_at"], row["bytes"])
            for line, row in zip(lines, rows, strict=True)
        ]
        self._next_id += len(lines)
        with self._lock:
            self._unmoved.extend(stored)
            self._file = self._journal.number
        self._written.set()
        return None

    # --- into the database -----------------------------------------------------------------------------------------

    def _move(self) -> None:
        while True:
            self._written.wait()
            closing = self._closed.wait(_GATHER_SECONDS if self._last_moved < _MANY else _GATHER_LONGER_SECONDS)
            if closing:
                self._all_written.wait()
            try:
                self._move_waiting()
            except duckdb.Error as error:
                _LOG.warning("deliveries could not be moved from the journal into the database: %s", error)
                if closing or self._closed.wait(_RETRY_SECONDS):
                    return  # they are on disk, and moved at the next start
                self._written.set()
            # Not ``closing``: whoever closed it since may have been heard by nobody, for the move forgets wake-ups.
            if self._closed.is_set() and self._all_written.is_set() and not self._unmoved:
                return

    def _move_waiting(self) -> None:
        self._written.clear()
        while True:
            with self._lock:
                some, file = self._unmoved[:_ROWS_PER_COMMIT], self._file
            if not some:
                return
            self._insert([one.line for one in some])
            with self._lock:
                del self._unmoved[: len(some)]
                self._bytes -= sum(one.size for one in some)
                # Whatever is still to be moved stands in the present file, or in one behind it.
                below = file if not self._unmoved else 0
            self._journal.remove(below)
            self._last_moved = len(some)
            self._on_moved(len(some))
            if len(some) < _ROWS_PER_COMMIT:
                return  # what came meanwhile gathers first: a commit of ten costs nearly as much as one of a hundred

    def _insert(self, lines: Sequence[bytes], statement: str = _APPEND) -> None:
        """Append deliveries in one commit. Some are there already where a process was killed after such a commit."""
        if not lines:
            return
        table = staged_lines(DELIVERIES, _COLUMNS, lines)
        with self._pause:
            self._connection.register("staged_deliveries", table)
            try:
                self._connection.execute(statement)
            finally:
                self._connection.unregister("staged_deliveries")


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
