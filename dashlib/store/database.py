"""Open the one DuckDB file, once per process: readers get cursors, one writer does all writes."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType

import duckdb

from dashlib.failures import act_tables
from dashlib.failures import tables as failure_tables
from dashlib.lineage import tables as lineage_tables
from dashlib.model import Change, Table
from dashlib.nightlies import tables as nightly_tables
from dashlib.people import tables as people_tables
from dashlib.receive import tables as receive_tables
from dashlib.sources import tables as source_tables
from dashlib.store import bookkeeping, schema
from dashlib.store.errors import DatabaseInUse, DatabaseTooNew, NotOurDatabase, StoreError
from dashlib.store.inbox import Inbox
from dashlib.store.journal import Journal
from dashlib.store.schema import Migration
from dashlib.store.writer import Writer

_CHECKPOINT_SECONDS = 5.0
TABLES: tuple[Table, ...] = (
    *source_tables.TABLES, *failure_tables.TABLES, *act_tables.TABLES, *nightly_tables.TABLES, *people_tables.TABLES,
    *receive_tables.TABLES, *lineage_tables.TABLES, *bookkeeping.TABLES,
)  # fmt: skip
SNAPSHOT_SECONDS, SNAPSHOT_BYTES = 3600.0, 1 << 30
"""How old the snapshot may become that nobody asks for, and up to which size of the database it is made unasked."""
_STORAGE = "v1.5.0"
"""Strings are stored with ZSTD from storage version 1.2 on: job logs take an eighth of their size."""
_LOG_SIZE = "128MB"
"""Each checkpoint compresses anew the blocks that rows were added to: with the text of deliveries, at DuckDB's usual
16 MB, three times the work of adding them. A log of 128 MB that a killed process left is read in 0.3 s.
"""


class Store:
    """The open database. Use ``open_store``."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._version = 0
        self.closed = False
        """Whoever still asks in the background need not tell anybody that there is no answer."""
        self._snapshot_lock = threading.Lock()
        self._snapshot_version: int | None = None
        self._snapshot_at = 0.0
        self._writer = Writer(connection.cursor(), self._moved)
        self._alone = threading.Lock()
        self.inbox = Inbox(connection.cursor(), Journal(path), self._alone)

    @property
    def data_version(self) -> int:
        """Grows with every commit that changed data: the key of every cache."""
        return self._version

    def reader(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for the caller's thread; it sees what is committed when a statement starts."""
        return self._connection.cursor()

    def write(self, *changes: Change) -> int:
        """Merge changes and wait until they are on disk; returns the number of rows handed over."""
        return self.submit(changes).result()

    def submit(
        self,
        changes: Sequence[Change],
        *,
        patience: float = 0.0,
        after: Future[int] | None = None,
        size: int = 0,
        urgent: bool = False,
    ) -> Future[int]:
        """Hand changes to the writer; the future resolves when they are on disk.

        ``patience``: seconds that they may wait for company. ``after``: what must have been stored before; where it
        could not be, they are not either. ``size``: their bytes, where these count. ``urgent``: before what else waits.
        """
        return self._writer.submit(changes, patience=patience, after=after, size=size, urgent=urgent)

    def prune_deliveries(self, before: datetime) -> int:
        """Remove deliveries that came before a moment (UTC), whatever became of them; returns how many.

        Those that still wait for their rows stay.
        """
        gone = int(self._writer.run(lambda connection: _prune(connection, before)).result())
        self.inbox.renew()
        return gone

    def snapshot(self, at_most_every: float = 3.0) -> Path:
        """A read-only copy beside the database, for the shell, notebooks and ``dashlib sql`` while this process runs.

        Made anew when data moved since the last one, at most every ``at_most_every`` seconds. Readers of an older copy
        keep what they opened. Raises StoreError where it cannot be made.
        """
        target = snapshot_path(self.path)
        with self._snapshot_lock:
            fresh = time.monotonic() - self._snapshot_at < at_most_every
            if self._snapshot_version == self._version and target.exists():
                return target
            if self._snapshot_version is not None and fresh and target.exists():
                return target
            try:
                self._snapshot_version = self._writer.run(lambda connection: self._copy(connection, target)).result()
            except (OSError, duckdb.Error) as error:
                raise StoreError(f"the snapshot could not be taken: {error}") from error
            self._snapshot_at = time.monotonic()
        return target

    def keep_snapshot(self, seconds: float = SNAPSHOT_SECONDS, most_bytes: int = SNAPSHOT_BYTES) -> bool:
        """Make the snapshot though nobody asked, where there is none or one of so many ``seconds``; whether it did.

        Not of a file of more than ``most_bytes``: a copy takes its time and as much of the disk. Raises StoreError.
        """
        target = snapshot_path(self.path)
        if self.path.stat().st_size > most_bytes or (
            target.exists() and time.time() - target.stat().st_mtime < seconds
        ):
            return False
        self.snapshot(0)
        return True

    def close(self) -> None:
        """Write what is queued and release the file."""
        self.closed = True
        self.inbox.close()
        self._writer.close()
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _moved(self) -> None:
        self._version += 1

    def _copy(self, connection: duckdb.DuckDBPyConnection, target: Path) -> int:
        """Runs in the writer while the inbox waits, so nothing is written meanwhile."""
        with self._alone:
            _checkpoint(connection)
            version = self._version
            partial = target.with_name(f"{target.name}.partial")
            _copy_file(self.path, partial)
            partial.chmod(0o600)
            wal = self.path.with_name(self.path.name + ".wal")
            if wal.exists() and wal.stat().st_size:
                raise StoreError("the snapshot could not be taken: the write-ahead log is not empty after a checkpoint")
        os.replace(partial, target)
        return version


def _checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Write everything into the file itself; a transaction of another connection that is just ending is waited for."""
    until = time.monotonic() + _CHECKPOINT_SECONDS
    while True:
        try:
            connection.execute("checkpoint")
            return
        except duckdb.TransactionException as error:
            if time.monotonic() > until:
                raise StoreError("the snapshot could not be taken: data are just being written; try again") from error
            time.sleep(0.02)


def _copy_file(source: Path, target: Path) -> None:
    """Copy the open database in a process of its own.

    POSIX locks belong to process and file: as soon as this process closed the file anew, after copying it itself, the
    lock that DuckDB holds on it would be gone (fcntl(2), "Advisory record locking"), and others could write to it.
    """
    copied = subprocess.run(["cp", "--", source, target], capture_output=True, text=True, check=False)  # noqa: S607
    if copied.returncode:
        raise StoreError(f"the snapshot could not be taken: {copied.stderr.strip()}")


def _prune(connection: duckdb.DuckDBPyConnection, before: datetime) -> int:
    found = connection.execute(
        "delete from deliveries where received_at < $before and status <> 'received'", {"before": before}
    ).fetchone()
    return int(found[0]) if found else 0


def snapshot_path(database: Path) -> Path:
    """Where the read snapshot of a database lies."""
    return database.with_name(f"{database.stem}.snapshot.duckdb")


def open_store(
    path: Path,
    tables: Sequence[Table] = TABLES,
    migrations: Sequence[Migration] = schema.MIGRATIONS,
) -> Store:
    """Open or create the database and bring it up to date.

    Raises DatabaseInUse, DatabaseTooNew, NotOurDatabase or StoreError; a file that is refused is left untouched.
    """
    path = Path(path)
    # DuckDB makes the write-ahead log anew after every checkpoint, with the process's default mode: what this process
    # writes from here on is private (job logs, e-mail addresses).
    os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {path.parent} cannot be made: {error.strerror}. Set DASH_DATABASE.") from error
    # A process killed in its first millisecond leaves an empty file behind.
    if path.exists() and path.stat().st_size:
        _refuse_others(path, schema.latest(migrations))
    connection = _connect(path, read_only=False)
    with _closed_if_it_fails(connection, path):
        connection.execute("set global TimeZone = 'UTC'")
        schema.migrate(connection, tables, migrations)
    path.chmod(0o600)
    store = Store(path, connection)
    with _closed_if_it_fails(store, path):
        store.inbox.recover()
    return store


@contextmanager
def _closed_if_it_fails(opened: Store | duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """What was opened is closed where the next step fails; what DuckDB says of the file is explained."""
    try:
        yield
    except BaseException as error:
        opened.close()
        if isinstance(error, duckdb.IOException):
            raise explained(path, error) from error
        raise


def _refuse_others(path: Path, latest: int) -> None:
    """Look before touching: opened read-only, so that a refused file stays as it is."""
    connection = _connect(path, read_only=True)
    try:
        if refuse_newer(path, connection, latest) is None:
            raise NotOurDatabase(f"{path} is a DuckDB database of something else. Set DASH_DATABASE to another path.")
    finally:
        connection.close()


def refuse_newer(path: Path, connection: duckdb.DuckDBPyConnection, latest: int) -> int | None:
    """The layout's version as ``version_of`` tells it. Raises DatabaseTooNew for one newer than this program."""
    version = schema.version_of(connection)
    if version is not None and version > latest:
        raise DatabaseTooNew(
            f"{path} was written by a newer version of this dashboard (layout {version}, this one knows {latest}). "
            "It was left as it is: update the dashboard, or set DASH_DATABASE to another path."
        )
    return version


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": _STORAGE,
        "checkpoint_threshold": _LOG_SIZE,
    }
    try:
        return duckdb.connect(str(path), read_only=read_only, config={} if read_only else config)
    except duckdb.Error as error:
        raise explained(path, error) from error


def explained(path: Path, error: duckdb.Error) -> StoreError:
    """Why DuckDB would not open a file, as a sentence for a person."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"process {holder.group(1)}" if holder else "another process"
        return DatabaseInUse(f"The database {path} is in use by {who}. Stop it, or set DASH_DATABASE to another path.")
    if "not a valid DuckDB database" in text:
        return NotOurDatabase(f"{path} is no DuckDB database. Move it away, or set DASH_DATABASE to another path.")
    if "newer" in text.lower().replace(str(path).lower(), "") or "version number" in text.lower():
        return DatabaseTooNew(f"{path} was written by a newer DuckDB. It was left as it is: update the dashboard.")
    return StoreError(f"The database {path} cannot be opened: {text.splitlines()[0]}")
