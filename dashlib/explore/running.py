"""Start a query in a process of its own, look after it, stop it, read its answer.

The page and ``python -m dashlib sql`` both ask this way, over a file that nobody writes to: the read snapshot while the
app runs. Nothing of a query is parsed in the process that serves pages and webhooks.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from dashlib.explore.fault import Busy, QueryError, QueryStopped, drawn, refused
from dashlib.store import StoreError

_CHILD = Path(__file__).with_name("child.py")
SECONDS = 30.0
"""The wall clock's limit of a query."""
MEMORY = 1 << 30
"""Bytes that DuckDB may take; ``child`` says how much the process as a whole."""
MOST_RUNNING = 4
"""Queries that run at once in this process; the next one is told to wait."""
LONGEST = 200_000
"""Characters of a query."""


@dataclass(frozen=True)
class Order:
    """What may be taken for an answer: ``rows`` and ``bytes`` (of memory, as Arrow has it) cut it, None takes all."""

    rows: int | None = None
    bytes: int | None = None
    seconds: float = SECONDS
    memory: int = MEMORY
    threads: int = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Answer:
    """A query's columns, and its rows as they are read from the file that holds them; times are UTC without zone.

    ``rows`` counts them; ``cut``: there were more; ``seconds`` is what DuckDB took.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    rows: int
    cut: bool
    seconds: float

    def table(self) -> pa.Table:
        """All rows at once; the batches are read then. Raises QueryStopped where they cannot be."""
        try:
            return pa.Table.from_batches(self.batches, self.schema)
        except (pa.ArrowException, ValueError) as error:
            raise _unreadable() from error


class _Child:
    """A process that waits for its query, and the files that it will write to; they vanish with it."""

    def __init__(self) -> None:
        self.out: IO[bytes] = tempfile.TemporaryFile(prefix="query-")  # noqa: SIM115 - lives as long as this
        self.err: IO[bytes] = tempfile.TemporaryFile(prefix="query-")  # noqa: SIM115
        # No variable of ours reaches it: neither secrets, nor what would change Python or DuckDB.
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=self.out,
            stderr=self.err,
            cwd="/",
            env=environment | {"ARROW_DEFAULT_MEMORY_POOL": "system"},
            start_new_session=True,
        )

    def tell(self, order: dict[str, Any]) -> bool:
        """Give it its query; False where it has ended before."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.close()
        except OSError:
            self.end()
            return False
        return True

    def end(self) -> None:
        """Stop it, whatever it does, and take its files away."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            try:
                self.process.stdin.close()
            except OSError:
                self.process.stdin = None
        self.out.close()
        self.err.close()


class Running:
    """One query on its way. ``begin`` makes it."""

    def __init__(self, child: _Child, query: str, order: Order, spill: tempfile.TemporaryDirectory[str]) -> None:
        self.query = query
        self._child = child
        self._order = order
        self._spill = spill
        self._began = time.monotonic()
        self._cancelled = False
        self._ended = weakref.finalize(self, _let_go, child, spill)

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    def done(self) -> bool:
        """Whether ``answer`` has something to say at once."""
        return self._child.process.poll() is not None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most so long; whether it came."""
        try:
            self._child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def cancel(self) -> None:
        """Stop it, whatever it does; ``answer`` says so."""
        self._cancelled = True
        self._child.process.kill()
        self._child.process.wait()

    def close(self) -> None:
        """Stop it and take away what it left; no answer can be read any more."""
        self._ended()

    def answer(self) -> Answer:
        """Wait for its end and read the answer. Raises QueryError, QueryStopped or StoreError.

        Reading its rows may raise QueryStopped.
        """
        code = self._child.process.wait()
        self._spill.cleanup()
        report = self._report() if code == 0 else None
        if self._cancelled:
            raise QueryStopped(f"Stopped after {self.seconds:.0f} s.")
        if report is None:
            raise self._ended_by(code)
        if "fault" in report:
            raise self._why(report["fault"])
        self._child.out.seek(0)
        try:
            reader = pa.ipc.open_stream(self._child.out)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable() from error
        return Answer(reader.schema, self._read(reader), int(report["rows"]), report["cut"], report["seconds"])

    def _read(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """As long as rows are being read, this object, and with it the file, stays."""
        try:
            yield from reader
        except (pa.ArrowException, OSError) as error:
            raise _unreadable() from error

    def _report(self) -> dict[str, Any] | None:
        self._child.err.seek(0)
        last = self._child.err.read().rpartition(b"\n")[2]
        try:
            report: object = json.loads(last)
        except ValueError:
            return None
        return report if isinstance(report, dict) else None

    def _ended_by(self, code: int) -> QueryStopped:
        """The kernel ended it: at one of its limits, or because DuckDB did not bear one."""
        if -code in (signal.SIGALRM, signal.SIGXCPU):
            return QueryStopped(
                f"Stopped after {self._order.seconds:g} s, the longest that a query may take. Narrow it (a period, a"
                " repository), or ask the snapshot with DuckDB's own shell, which has no limit."
            )
        return QueryStopped(f"The query ended without an answer; most likely it needs more memory than {self._memory}.")

    @property
    def _memory(self) -> str:
        return f"{self._order.memory / (1 << 30):g} GB"

    def _why(self, fault: dict[str, Any]) -> QueryError | QueryStopped | StoreError:
        kind, message = str(fault["kind"]), str(fault["message"])
        if kind == "Refused":
            return refused([word for word in message.split(", ") if word])
        if kind in ("INTERNAL", "FATAL"):
            return QueryStopped(f"DuckDB itself failed on this query, not the data: write it another way.\n{message}")
        if kind == "Out of Memory":
            return QueryStopped(
                f"The query needs more memory than {self._memory}: ask for fewer rows or columns, or ask the snapshot"
                " with DuckDB's own shell, which has no limit."
            )
        if 'statement of type "EXPLAIN"' in message and "read-only" in message:
            return QueryError("Only reading is allowed here: EXPLAIN a SELECT, not a statement that changes something.")
        if kind == "Permission":
            message = f"Files and addresses cannot be read here, only the tables and views of this database.\n{message}"
        if kind == "Forbidden":
            kind, message = "", f"{message} is not allowed here: ask the tables and views of this database."
        if fault["machine"]:
            return StoreError(f"the data could not be read: {kind} Error: {message}")
        return drawn(kind, message, self.query, fault["position"])


def _unreadable() -> QueryStopped:
    return QueryStopped(
        "The query ended, but its answer cannot be read: ask for fewer columns, or cast unusual types to varchar."
    )


def _let_go(child: _Child, spill: tempfile.TemporaryDirectory[str]) -> None:
    child.end()
    spill.cleanup()


class _Spare:
    """One process started ahead: most of what a short query takes is the start of its process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def warm(self) -> None:
        """Start one, unless one is waiting."""
        with self._lock:
            if self._child is None or self._child.process.poll() is not None:
                gone, self._child = self._child, None
                if gone is not None:
                    gone.end()
                self._child = _Child()

    def take(self) -> _Child:
        """The one that waits, or a new one."""
        with self._lock:
            child, self._child = self._child, None
        return child or _Child()

    def end(self) -> None:
        """Stop the one that waits."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end()


_SPARE = _Spare()
_RUNNING: weakref.WeakSet[Running] = weakref.WeakSet()
_BEGINNING = threading.Lock()


def warm() -> None:
    """Start a process ahead of the next query. It ends by itself when none comes, and with this process.

    Where there is no room for one, the next query starts its own, or says why it cannot.
    """
    with contextlib.suppress(OSError):
        _SPARE.warm()


def cool() -> None:
    """Stop the process that was started ahead."""
    _SPARE.end()


def begin(database: Path, query: str, order: Order | None = None) -> Running:
    """Start a query over a database file that nobody writes to.

    Raises Busy where too many are running, QueryError for what is too long to be one, QueryStopped where this machine
    has no room for another process or its files.
    """
    wanted = order or Order()
    if len(query) > LONGEST:
        raise QueryError(f"A query may have {LONGEST:,} characters; this one has {len(query):,}.")
    with _BEGINNING:
        if sum(not running.done() for running in _RUNNING) >= MOST_RUNNING:
            raise Busy(f"{MOST_RUNNING} queries are running already: try again when one of them has ended.")
        try:
            running = _started(database, query, wanted)
        except OSError as error:
            raise QueryStopped(
                f"The query could not be started: {error.strerror or error}. This machine has no room for it now; try"
                " again when something else has ended."
            ) from error
        _RUNNING.add(running)
    return running


def _started(database: Path, query: str, wanted: Order) -> Running:
    """Raises OSError where there is no place for another process, or for its files."""
    spill = tempfile.TemporaryDirectory(prefix="query-")
    try:
        told = {
            "database": str(database.resolve()), "query": query, "spill": spill.name, "seconds": wanted.seconds,
            "memory": wanted.memory, "threads": wanted.threads, "rows": wanted.rows, "bytes": wanted.bytes,
        }  # fmt: skip
        child = _SPARE.take()
        if not child.tell(told):
            child = _Child()
            child.tell(told)
    except OSError:
        spill.cleanup()
        raise
    return Running(child, query, wanted, spill)
