"""A copy in memory of the views that the pages of nights ask again and again, so that a filter answers at once.

The views work out every night from pipelines and jobs each time they are asked: half a second for two hundred
repositories and sixty nights. A page asks them ten times. The copy holds their rows under the same names, so the same
SQL asks either, and gives the same answer.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

import duckdb

from dashlib.store import Store, views

_HELD = (
    "nightly_changes",
    "nightly_job_nights",
    "nightly_schedules",
    "schedules_at_risk",
    "projects",
    "signatures",
    "bookkeeping.settings",
    "bookkeeping.nightly",
)
_VIEWS = ("nightly_history",)
"""Views that read nothing but what is held: they are worked out when they are asked."""


_LOG = logging.getLogger(__name__)
_QUICK = 0.3
"""Seconds: a copy that takes longer is renewed behind the page's back, and the page shows the one before meanwhile."""


@dataclass(frozen=True)
class Held:
    """A copy, the data version it was made of, and the seconds that took."""

    version: int
    connection: duckdb.DuckDBPyConnection
    seconds: float


class HeldNights:
    """The newest copy of one store's views: what is asked while the data moves must not wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: Held | None = None
        self._renewing = False

    def newest(self) -> Held:
        """A copy of the data as they are, or, where copying takes long, as they were when it last began."""
        with self._lock:
            held = self._held
            if held is None or (held.version != self._store.data_version and held.seconds < _QUICK):
                held = self._held = self._made()
            elif held.version != self._store.data_version and not self._renewing:
                self._renewing = True
                threading.Thread(target=self._renew, name="nights-held", daemon=True).start()
            return held

    def _renew(self) -> None:
        try:
            held = self._made()
        except duckdb.Error:
            _LOG.exception("the copy of the nights could not be renewed")
        else:
            with self._lock:
                self._held = held
        finally:
            self._renewing = False

    def _made(self) -> Held:
        began, version = time.monotonic(), self._store.data_version
        with self._store.reader() as reader:
            connection = held(reader)
        return Held(version, connection, time.monotonic() - began)


def held(reader: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds what the pages of nights ask, as ``reader`` sees it now.

    It knows the macros and these tables of the same names: nightly_changes, nightly_job_nights, nightly_schedules,
    schedules_at_risk, projects, signatures, nightly_history, and the settings that views depend on.
    It does not change any more.
    """
    memory = duckdb.connect(":memory:")
    memory.execute("set TimeZone = 'UTC'")
    memory.execute("create schema bookkeeping")
    for name in _HELD:
        memory.register("arriving", reader.execute(f"select * from {name}").to_arrow_table())
        memory.execute(f"create table {name} as select * from arriving")
        memory.unregister("arriving")
    for definition in views.definitions():
        if definition.name == "macros" or definition.name in _VIEWS:
            memory.execute(definition.statement)
    return memory
