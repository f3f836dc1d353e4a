"""From the journal into the table ``deliveries``: many to a commit, behind the back of those who are answered.

A thread and a connection of its own: a delivery must not wait behind a sync's merge. The two connections write to one
file without meeting: this one appends rows, the writer changes and removes rows that were committed before. What must
have the file to itself (a snapshot) holds ``pause``. What waits is not held here, only where it stands in the journal.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb

from dashlib.receive.tables import DELIVERIES, RECEIVED
from dashlib.store.journal import Journal, Place
from dashlib.store.staging import staged_lines

_LOG = logging.getLogger(__name__)
_ROWS_PER_COMMIT, _BYTES_PER_COMMIT = 1000, 16 * 1024 * 1024
_TOGETHER = 100
"""So many deliveries that were written one after the other are one stretch, whoever posts them one by one."""
_GATHER_SECONDS = 0.05
"""So long deliveries gather in the journal before they are moved, many to a commit."""
_MANY, _GATHER_LONGER_SECONDS = 50, 0.25
"""After a commit of so many they gather for longer: they are on disk, and the time is needed."""
_FLOOD, _FLOOD_SHARE, _LONGEST_WAIT = 2000, 12.0, 5.0
"""More than so many a second are a flood: whoever sends it is answered first. So many times as long as a commit took
the next one waits then, up to so many seconds."""
_MOST_WAITING, _OF_THE_DISK = 2 * 1024 * 1024 * 1024, 0.25
"""So many bytes may wait in the journal, and no more of what the disk has left: the next start reads them all."""
_RETRY_SECONDS = 2.0
_COLUMNS = ("id", "source", "kind", "received_at", "bytes", "dedup_key", "turn", "headers", "body")
_APPEND = (
    f"insert into deliveries ({', '.join(_COLUMNS)}, status)"
    f" select {', '.join(_COLUMNS)}, '{RECEIVED}' from staged_deliveries s"
)
_NOT_THERE = " where not exists (select 1 from deliveries d where d.id = s.id)"


class Stretch(NamedTuple):
    """One write of the journal: how many deliveries; by source how many, and when the first came (ISO 8601, UTC)."""

    place: Place
    deliveries: int
    told: Mapping[str, tuple[int, str]]

    def with_next(self, other: Stretch) -> Stretch | None:
        """The two as one, where the other follows in the same file and they are not too many."""
        file, begin, end = self.place
        many = self.deliveries + other.deliveries
        if other.place.file != file or other.place.begin != end or many > _TOGETHER:
            return None
        told = dict(self.told)
        for source, (more, first) in other.told.items():
            count, oldest = told.get(source, (0, first))
            told[source] = (count + more, oldest)
        return Stretch(Place(file, begin, other.place.end), many, told)


class Mover:
    """``on_moved`` is told of each commit, in the mover's thread, with the number of its deliveries."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, journal: Journal, pause: threading.Lock) -> None:
        self.on_moved: Callable[[int], None] = lambda _: None
        self._connection, self._journal, self._pause = connection, journal, pause
        self._lock = threading.Lock()
        self._waiting: list[Stretch] = []
        self._taken = 0  # so many of them are being moved
        self._bytes, self._limit = 0, _MOST_WAITING
        self._unreadable: list[Stretch] = []
        self._singly = 0  # so many of the next are moved one by one: among them is one that cannot be read
        self._is_recovered = False
        self._added, self._finishing = threading.Event(), threading.Event()
        self._last_moved, self._came, self._oldest = 0, 0, 0
        self._asked = (0.0, 0)
        self._is_flooded = False
        self._thread: threading.Thread | None = None

    def recover(self) -> int:
        """Move what a process that ended left in the journal; returns how many that were. Before anything else.

        Raises StoreError where the journal cannot be read, ``duckdb.Error`` where the database cannot be written.
        """
        count, some, size = 0, list[bytes](), 0
        for line in self._journal.records():
            some.append(line)
            count, size = count + 1, size + len(line)
            if len(some) == _ROWS_PER_COMMIT or size >= _BYTES_PER_COMMIT:
                self._recover(some)
                some, size = [], 0
        self._recover(some)
        self._journal.remove(self._journal.number + 1)
        self._is_recovered = True
        return count

    def _recover(self, records: Sequence[bytes]) -> None:
        try:
            self._insert(b"\n".join(records), _APPEND + _NOT_THERE)
        except ValueError:  # as pyarrow's errors are: a value that fits no column
            if len(records) == 1:
                self._journal.put_aside(records[0])
                return
            middle = len(records) // 2
            self._recover(records[:middle])
            self._recover(records[middle:])

    def start(self) -> None:
        """Begin to move what is added."""
        self._thread = threading.Thread(target=self._move, name="store-inbox", daemon=True)
        self._thread.start()

    def add(self, stretch: Stretch) -> None:
        """This is on disk. Called by one thread at a time, in the order of the journal."""
        with self._lock:
            last = self._waiting[-1] if len(self._waiting) > self._taken else None
            if last is not None and (both := last.with_next(stretch)):
                self._waiting[-1] = both
            else:
                self._waiting.append(stretch)
            self._came += stretch.deliveries
            self._bytes += stretch.place.size
        self._added.set()

    def is_full(self) -> bool:
        """Whether so much waits that no more may come: the database takes less than comes, or nothing at all."""
        return self._bytes >= self._limit

    def unmoved(self) -> dict[str, tuple[int, datetime]]:
        """By source what is on disk and not in the database yet: how many, and when the oldest came (UTC)."""
        with self._lock:
            waiting = [*self._waiting, *self._unreadable]
        found: dict[str, tuple[int, datetime]] = {}
        for stretch in waiting:
            for source, (more, first) in stretch.told.items():
                count, oldest = found.get(source, (0, None))
                found[source] = (count + more, oldest or datetime.fromisoformat(first))
        return found

    def is_flooded(self) -> bool:
        """Whether more came than is moved for the time being."""
        return self._is_flooded

    def finish(self) -> bool:
        """Nothing more is added: move what waits, then stop; whether all is in the database."""
        self._finishing.set()
        self._added.set()
        if self._thread is not None:
            self._thread.join()
        return self._is_recovered and not self._waiting and not self._unreadable

    def renew(self) -> None:
        """Where all is in the database, begin a new file: what the old one held may be removed from there.

        While nothing is added.
        """
        if self._is_recovered and not self._waiting:
            self._journal.close()
            self._journal.remove(self._journal.number + 1, self._kept())

    def _kept(self) -> set[int]:
        """The files that hold what cannot be read."""
        return {one.place.file for one in self._unreadable}

    def _move(self) -> None:
        while True:
            self._added.wait()
            finishing = self._finishing.wait(_GATHER_SECONDS if self._last_moved < _MANY else _GATHER_LONGER_SECONDS)
            try:
                self._move_waiting()
            except Exception as error:  # noqa: BLE001 - logged; what is on disk waits and is tried again
                _LOG.warning("deliveries could not be moved from the journal into the database: %s", error)
                if finishing or self._finishing.wait(_RETRY_SECONDS):
                    return  # they are on disk, and moved at the next start
                self._added.set()
            # Not ``finishing``: whoever said so since may have been heard by nobody, for the move forgets wake-ups.
            if self._finishing.is_set():
                if not self._waiting:
                    return
                self._added.set()

    def _move_waiting(self) -> None:
        self._added.clear()
        is_full = True
        # What came while the last of them were moved gathers first: a commit of ten costs nearly as much as one of a
        # hundred.
        while is_full and (some := self._next()):
            began, size = time.monotonic(), sum(one.place.size for one in some)
            count = sum(one.deliveries for one in some)
            is_full = count >= _ROWS_PER_COMMIT or size >= _BYTES_PER_COMMIT or self._singly > 0
            self._limit = min(_MOST_WAITING, int(_OF_THE_DISK * (self._journal.free() + self._bytes)))
            if not self._take(some):
                is_full = True
                continue
            with self._lock:
                del self._waiting[: len(some)]
                self._taken = 0
                self._bytes -= size
                left = self._waiting[0] if self._waiting else some[-1]
            self._singly = max(0, self._singly - 1)
            self._last_moved = count
            self.on_moved(count)
            # Whatever is still to be moved stands in this file, or in one behind it.
            if left.place.file > self._oldest:
                self._oldest = left.place.file
                self._journal.remove(self._oldest, self._kept())
            self._is_flooded = is_full and self._came_a_second() > _FLOOD and self._bytes < self._limit * 3 // 4
            if self._is_flooded:
                self._finishing.wait(min(_FLOOD_SHARE * (time.monotonic() - began), _LONGEST_WAIT))
        self._is_flooded = False

    def _take(self, some: Sequence[Stretch]) -> bool:
        """Move them; False where that is to be done one by one, since one cannot be read or is damaged. That stays in
        its file, for the next start, and holds nobody up.
        """
        try:
            self._insert(self._journal.read([one.place for one in some]))
        except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
            if len(some) > 1:
                self._singly = len(some)
                return False
            [one] = some
            _LOG.error("%d deliveries of journal file %d cannot be read: %s", one.deliveries, one.place.file, error)
            with self._lock:
                self._unreadable.append(one)
        return True

    def _next(self) -> list[Stretch]:
        """What the next commit takes of what waits."""
        with self._lock:
            rows, size, place = 0, 0, 0
            most = 1 if self._singly else len(self._waiting)
            while place < min(most, len(self._waiting)) and rows < _ROWS_PER_COMMIT and size < _BYTES_PER_COMMIT:
                rows += self._waiting[place].deliveries
                size += self._waiting[place].place.size
                place += 1
            self._taken = place
            return self._waiting[:place]

    def _came_a_second(self) -> float:
        """Since this was asked before."""
        before, self._asked = self._asked, (time.monotonic(), self._came)
        return (self._asked[1] - before[1]) / max(self._asked[0] - before[0], 1e-3)

    def _insert(self, lines: bytes, statement: str = _APPEND) -> None:
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
