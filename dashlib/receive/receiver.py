"""The receiver of one process: takes verified deliveries, stores them, and shapes what is stored in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import duckdb

from dashlib.model import Row
from dashlib.receive.metrics import Metrics
from dashlib.receive.shaping import Shaper, stored
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
_GATHER_SECONDS = 0.05
"""So long deliveries gather before they are shaped: many to a commit, and still far from the two seconds promised."""
_PRUNE_SECONDS = 3600.0
_RETRY_SECONDS = 5.0
_DOUBT_SECONDS = 10.0
"""So often GitLab is asked what deliveries left in doubt, and so long the next one may settle it by itself."""
_FLOOD = 200
"""So many deliveries at a time, and half as many again while their rows were made, or more in the journal than is moved
for the time being, are a flood: whoever sends it is answered first. What is stored cannot be lost, and its rows can
wait. Half, since rows slow down whoever waits for each answer before sending on: as many as before never come."""
_FLOOD_SHARE, _LONGEST_WAIT = 15.0, 5.0
_LONGEST_UNEXPLAINED, _LOOK_SECONDS = 60.0, 1.0
"""So long failed jobs wait for their reasons while deliveries flood in: rows come first."""


class Receiver:
    """``on_failed_jobs`` is called, at most every few seconds, after deliveries told of jobs that failed.

    ``on_doubt`` is called a while after they left something in doubt, and says whether it is to be called again.
    ``nights`` gives what the metrics ask about nights; without it they ask the database, which takes longer.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        budget_left: Callable[[], Mapping[str, int]] = dict,
        on_failed_jobs: Callable[[], None] = lambda: None,
        on_doubt: Callable[[], bool] = lambda: False,
        nights: Callable[[], duckdb.DuckDBPyConnection] | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics(store.reader, budget_left, nights, store.inbox.unmoved)
        self._store = store
        self._doubtful = threading.Event()
        self._shaper = Shaper(settings, store, self._doubtful.set)
        self._on_failed_jobs, self._on_doubt = on_failed_jobs, on_doubt
        self._arrived = threading.Event()
        self._failed_jobs = threading.Event()
        self._flooded = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._after = 0  # the newest that was shaped: ids are given in the order of the commits
        self._moved = 0
        store.inbox.on_moved(self._told)

    async def store(self, row: Row, *, keyed: bool) -> bool:
        """A delivery onto the disk; False when it was there before (``keyed``: by its sender's own key too). Raises
        StoreError.
        """
        return await self._store.inbox.put(row, keyed=keyed)

    def start(self) -> None:
        """Begin with what a killed process left unshaped, then go on as deliveries arrive."""
        if not self._threads:
            self._store.inbox.start()
            self._arrived.set()
            works = (
                (self._shape, "deliveries"), (self._explain, "deliveries-reasons"), (self._ask, "deliveries-doubts"),
            )  # fmt: skip
            self._threads = [threading.Thread(target=work, name=name, daemon=True) for work, name in works]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Shape what is stored, then end."""
        self._stop.set()
        self._arrived.set()
        self._failed_jobs.set()
        self._doubtful.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _shape(self) -> None:
        pruned = -_PRUNE_SECONDS
        while True:
            # In this order: whoever stops it says so before he wakes it, so that no wake-up is lost.
            self._arrived.clear()
            stopping = self._stop.is_set()
            try:
                if time.monotonic() - pruned >= _PRUNE_SECONDS:
                    self._prune()
                    pruned = time.monotonic()
                self._shape_waiting()
            except Exception:  # noqa: BLE001 - logged; what is stored waits and is tried again
                _LOG.exception("stored deliveries could not be shaped; they are tried again")
                self._after = 0
                self._stop.wait(_RETRY_SECONDS)
                self._arrived.set()
            if stopping:
                return
            self._arrived.wait(_PRUNE_SECONDS)
            self._stop.wait(_GATHER_SECONDS)

    def _told(self, count: int) -> None:
        self._moved += count
        if not self._arrived.is_set():
            self._arrived.set()

    def _shape_waiting(self) -> None:
        while deliveries := stored(self._store, after=self._after, waiting=True):
            began, before = time.monotonic(), self._moved
            outcomes = self._shaper.write(deliveries)
            self._after = deliveries[-1].id
            now = datetime.now(UTC).replace(tzinfo=None)
            for outcome in outcomes:
                seconds = (now - outcome.delivery.received_at).total_seconds()
                self.metrics.shaped(outcome.delivery.source, outcome.status, seconds)
            if any(outcome.tells_of_failed_jobs() or outcome.tells_of_people() for outcome in outcomes):
                self._failed_jobs.set()
            spent = time.monotonic() - began
            more = self._store.inbox.is_flooded() or 2 * (self._moved - before) >= len(deliveries)
            if len(deliveries) >= _FLOOD and more:
                self._flooded.set()
                self._stop.wait(min(_FLOOD_SHARE * spent, _LONGEST_WAIT))
        self._flooded.clear()

    def _explain(self) -> None:
        while not self._stop.is_set():
            self._failed_jobs.wait()
            if self._stop.wait(1.0):
                return
            until = time.monotonic() + _LONGEST_UNEXPLAINED
            while self._flooded.is_set() and time.monotonic() < until:
                if self._stop.wait(_LOOK_SECONDS):
                    return
            self._failed_jobs.clear()
            self._on_failed_jobs()
            self._stop.wait(_RETRY_SECONDS)

    def _ask(self) -> None:
        while not self._stop.is_set():
            self._doubtful.wait()
            if self._stop.wait(_DOUBT_SECONDS):
                return
            self._doubtful.clear()
            try:
                if self._on_doubt():
                    self._doubtful.set()
            except Exception:  # noqa: BLE001 - logged; the next sync asks
                _LOG.exception("what deliveries left in doubt could not be asked")

    def _prune(self) -> None:
        before = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=self.settings.hook_days)
        gone = self._store.prune_deliveries(before)
        if gone:
            _LOG.info("%d deliveries older than %d days were removed", gone, self.settings.hook_days)
