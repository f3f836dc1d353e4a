"""A copy in memory of the views that the pages of nights ask again and again, so that a filter answers at once.

The views work out every night from pipelines and jobs each time they are asked: half a second for two hundred
repositories and sixty nights. A page asks them ten times. The copy holds their rows under the same names, so the same
SQL asks either, and gives the same answer. When data moved it is renewed by the repositories that moved
(``nights_renewed``); where that is not enough, all of it is made anew.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace

import duckdb

from dashlib.queries.nights_renewed import PARTS, WHOLES, Prints, Workshop, keep, memory, prints, work_out
from dashlib.store import Store, views

_VIEWS = ("nightly_history",)
"""Views that read nothing but what is held: they are worked out when they are asked."""

_LOG = logging.getLogger(__name__)
_QUICK = 0.3
"""Seconds: a whole copy that takes longer is made behind the page's back, which shows the one before meanwhile."""
_MANY = 50
"""From so many moved repositories on the whole copy is made anew, too."""
_WHOLE_SECONDS = 300.0
"""The views know what time it is (a nightly is late, then missing): all of the copy is made anew so often."""


@dataclass(frozen=True)
class Held:
    """A copy and the data version it shows.

    ``prints`` tell that state of the data from others. ``seconds`` is how long it took to make all of it, ``whole_at``
    when that was, on the monotonic clock.
    """

    version: int
    connection: duckdb.DuckDBPyConnection
    prints: Prints
    seconds: float
    whole_at: float


class HeldNights:
    """The newest copy of one store's views: what is asked while the data moves must not wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: Held | None = None
        self._workshop = Workshop()
        self._renewing = False
        self._asked = False
        self.renewals = 0
        """Copies made behind a page's back so far: what showed an older one can ask again."""

    def newest(self) -> Held:
        """A copy of the data as they are, or, where renewing it takes long, as they were when it last began."""
        self._asked = True
        return self._newest()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """The newest copy, to ask it; whoever does closes the cursor."""
        return self.newest().connection.cursor()

    def make_ahead(self) -> None:
        """Make the first copy behind everybody's back, so that the first page of the day does not wait for it."""
        threading.Thread(target=self._first, name="nights-held", daemon=True).start()

    def _first(self) -> None:
        try:
            self._newest()
        except duckdb.Error:
            if not self._store.closed:
                _LOG.exception("the copy of the nights could not be made ahead")

    def renew_ahead(self) -> None:
        """Data moved: renew the copy before a page asks for it, if one did since it was renewed."""
        if self._asked:
            self._asked = False
            try:
                self._newest()
            except duckdb.Error:
                # The app ends.
                if not self._store.closed:
                    raise

    def _newest(self) -> Held:
        with self._lock:
            held = self._held
            if held is None:
                held = self._held = self._whole()
            elif not self._renewing:
                aged = time.monotonic() - held.whole_at > _WHOLE_SECONDS
                renewed = held if held.version == self._store.data_version else self._part(held)
                if renewed is None and held.seconds < _QUICK:
                    renewed = self._whole()
                elif renewed is None or aged:
                    self._renewing = True
                    threading.Thread(target=self._renew, name="nights-held", daemon=True).start()
                held = self._held = renewed or held
            return held

    def _renew(self) -> None:
        try:
            whole = self._whole()
            with self._lock:
                # What moved while it was made, so that a page never goes back to an older state.
                self._held = self._part(whole) or whole
                self.renewals += 1
        except duckdb.Error:
            if not self._store.closed:
                _LOG.exception("the copy of the nights could not be renewed")
        finally:
            self._renewing = False

    def _whole(self) -> Held:
        began, version = time.monotonic(), self._store.data_version
        with self._store.reader() as reader:
            before = prints(reader)
            connection = held(reader)
        return Held(version, connection, before, time.monotonic() - began, began)

    def _part(self, held: Held) -> Held | None:
        """The same copy with what moved since; None where that needs a whole one."""
        version = self._store.data_version
        with self._store.reader() as reader:
            now = prints(reader)
            moved = now.moved_since(held.prints)
            if moved is None or len(moved) > _MANY:
                return None
            if moved:
                self._workshop.renew(held.connection, reader, moved)
        return replace(held, version=version, prints=now)


def held(reader: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds what the pages of nights ask, as ``reader`` sees it now.

    It knows the macros and these tables of the same names: nightly_slots, nightly_changes, nightly_job_nights,
    nightly_run_failures, nightly_schedules, nightly_to_come, schedules_at_risk, projects, signatures, nightly_history,
    and the settings that views depend on.
    """
    copy = memory()
    try:
        with reader.cursor() as worker:
            work_out(worker)
            for name in (*PARTS, *WHOLES):
                keep(copy, name, worker.execute(f"select * from {name}"))
        for definition in views.definitions():
            if definition.name == "macros" or definition.name in _VIEWS:
                copy.execute(definition.statement)
    except BaseException:
        copy.close()
        raise
    return copy
