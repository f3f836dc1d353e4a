"""The database file as commands need it: there and readable, or a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dashlib import control
from dashlib.settings import Settings
from dashlib.store import StoreError, open_store, schema
from dashlib.store.database import explained, refuse_newer
from dashlib.store.journal import Journal


def need(settings: Settings) -> Path:
    """The database file that the settings name. Raises StoreError when there is none yet.

    Deliveries that a killed app acknowledged and could not move into the database any more are moved now.
    """
    if not settings.database.exists():
        raise StoreError(
            f"There is no database at {settings.database} yet: run `python -m dashlib sync`, or `make demo`"
        )
    if Journal(settings.database).is_left() and control.running(settings.database) is None:
        open_store(settings.database).close()
    return settings.database


def readable(settings: Settings) -> Path:
    """The file to read: the read snapshot while the app runs, else the database itself. Raises like ``need``."""
    app = control.running(settings.database)
    if app is not None:
        for answer in app.call("snapshot"):
            return Path(answer["snapshot"])
    return need(settings)


def reading(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that only reads, its times in UTC. Raises StoreError, as DatabaseTooNew for a newer layout."""
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise explained(path, error) from error
    try:
        refuse_newer(path, connection, schema.latest(schema.MIGRATIONS))
        connection.execute("set TimeZone = 'UTC'")
    except BaseException:
        connection.close()
        raise
    return connection
