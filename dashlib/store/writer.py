"""One writer for one database: whoever has changes hands them over and waits for the commit that holds them.

Changes that wait together are committed together: a commit costs about 3 ms and each table in it 10 ms, whatever is in
it. Whoever is in no hurry says so and waits for company; whoever is urgent goes before what else waits, where the order
makes no difference to the end. A batch that cannot be written is told so alone, and what was handed over to come after
it; their neighbours are committed without them.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import duckdb

from dashlib.model import Change, Replace, Upsert
from dashlib.store import merge

_ROWS_PER_COMMIT = 20_000
_BYTES_PER_COMMIT = 16 * 1024 * 1024


@dataclass
class _Work:
    changes: Sequence[Change] = ()
    task: Callable[[duckdb.DuckDBPyConnection], Any] | None = None
    patience: float = 0.0
    after: Future[Any] | None = None
    size: int = 0
    urgent: bool = False
    done: Future[Any] = field(default_factory=Future)

    @property
    def rows(self) -> int:
        return sum(len(change.rows) for change in self.changes)

    def may_pass(self, other: _Work) -> bool:
        """Whether the two, one after the other, end in one state either way: upserts of one table do, nothing else."""
        if self.after is not None:
            return False
        mine, theirs = _tables(self.changes), _tables(other.changes)
        return all(mine[name] and theirs[name] for name in mine.keys() & theirs.keys())


class NotStored(Exception):
    """Changes that were to come after others, which could not be stored."""


class Writer:
    """The thread that owns all writing. ``on_commit`` is called after each commit that changed data."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, on_commit: Callable[[], None]) -> None:
        self._connection = connection
        self._on_commit = on_commit
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        changes: Sequence[Change],
        *,
        patience: float = 0.0,
        after: Future[int] | None = None,
        size: int = 0,
        urgent: bool = False,
    ) -> Future[int]:
        """Hand over changes; the future resolves after their commit, to the number of rows in the batch.

        They may wait ``patience`` seconds for others to be committed with, but not longer than any of these want to.
        They are not stored where what they come ``after`` was not: the future raises NotStored then. ``size`` is in
        bytes, where it counts (a log may be as large as ten thousand rows). ``urgent`` ones have a commit of their own
        before the others that wait (a webhook's rows before a sync's thousands).
        """
        return self._enqueue(_Work(changes, patience=patience, after=after, size=size, urgent=urgent))

    def run(self, task: Callable[[duckdb.DuckDBPyConnection], Any]) -> Future[Any]:
        """Run something between two commits, outside a transaction (a checkpoint, say)."""
        return self._enqueue(_Work(task=task))

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _enqueue(self, work: _Work) -> Future[Any]:
        with self._closing:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._queue.put(work)
        return work.done

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, stop = self._gather(first)
            if batch and batch[0].task is not None:
                self._perform(batch[0])
            else:
                self._commit_in_turn(batch)
            if stop:
                return

    def _gather(self, first: _Work) -> tuple[list[_Work], bool]:
        """``first`` and what waits behind it, up to a task (kept for later by running the batch before it)."""
        if first.task is not None:
            return [first] if _wanted(first) else [], False
        batch, rows, size = [first] if _wanted(first) else [], first.rows, first.size
        until = time.monotonic() + first.patience
        while rows < _ROWS_PER_COMMIT and size < _BYTES_PER_COMMIT:
            try:
                work = self._next(until - time.monotonic())
            except queue.Empty:
                break
            if work is None:
                return batch, True
            if work.task is not None:
                self._commit_in_turn(batch)
                return [work] if _wanted(work) else [], False
            until = min(until, time.monotonic() + work.patience)
            if _wanted(work):
                batch.append(work)
                rows, size = rows + work.rows, size + work.size
        return batch, False

    def _next(self, seconds: float) -> _Work | None:
        return self._queue.get(timeout=seconds) if seconds > 0 else self._queue.get_nowait()

    def _perform(self, work: _Work) -> None:
        assert work.task is not None
        try:
            work.done.set_result(work.task(self._connection))
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            work.done.set_exception(error)

    def _commit_in_turn(self, batch: list[_Work]) -> None:
        first, rest = list[_Work](), list[_Work]()
        for work in batch:
            ahead = work.urgent and all(work.may_pass(other) for other in rest)
            (first if ahead else rest).append(work)
        self._commit(first)
        self._commit(rest)

    def _commit(self, batch: list[_Work]) -> None:
        batch = [work for work in batch if not _orphaned(work)]
        if not batch:
            return
        try:
            self._transact([change for work in batch for change in work.changes])
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            if len(batch) == 1:
                batch[0].done.set_exception(error)
            else:
                for work in batch:
                    self._commit([work])
            return
        for work in batch:
            work.done.set_result(work.rows)

    def _transact(self, changes: Sequence[Change]) -> None:
        self._connection.execute("begin transaction")
        try:
            changed = merge.apply(self._connection, changes)
            self._connection.execute("commit")
        except BaseException:
            # A commit that failed (the disk is full) has ended the transaction itself.
            with contextlib.suppress(duckdb.TransactionException):
                self._connection.execute("rollback")
            raise
        if changed:
            self._on_commit()


def _tables(changes: Sequence[Change]) -> dict[str, bool]:
    """The tables that changes touch, and whether by upserts alone."""
    found: dict[str, bool] = {}
    for change in changes:
        if change.rows or isinstance(change, Replace):
            name = change.table.qualified
            found[name] = found.get(name, True) and isinstance(change, Upsert)
    return found


def _orphaned(work: _Work) -> bool:
    """Whether what goes before it could not be stored; it is told so."""
    if work.after is None or not work.after.done():
        return False
    if not work.after.cancelled() and work.after.exception() is None:
        return False
    work.done.set_exception(NotStored("what goes before it could not be stored"))
    return True


def _wanted(work: _Work) -> bool:
    """False where the caller has cancelled before its turn; from here on it cannot."""
    return work.done.set_running_or_notify_cancel()
