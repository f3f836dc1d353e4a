"""The sync inside the serving process: on a timer and on demand, never two at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dashlib import conclusions
from dashlib.errors import Explained
from dashlib.failures.analyse import Progress as Reasons
from dashlib.settings import Settings
from dashlib.store import Store, StoreError
from dashlib.sync import doubts
from dashlib.sync.run import Progress, Report, Request, sync

_LOG = logging.getLogger(__name__)


class SyncRunning(Explained):
    """A sync is under way already."""

    def __init__(self) -> None:
        super().__init__("a sync is running already; its progress is on the sources page")


@dataclass(frozen=True)
class SyncState:
    """What the sources page shows of a sync under way; times are UTC."""

    running: bool = False
    trigger: str | None = None
    started_at: datetime | None = None
    stage: str | None = None
    calls: int = 0
    rows: int = 0
    errors: int = 0
    waiting: int = 0
    next_at: datetime | None = None


class BackgroundSync:
    """Runs syncs of every configured source, one after the other."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._running = threading.Lock()
        self._state = SyncState()
        self._budget_left: dict[str, int] = {}
        self._stop = threading.Event()
        self._timer: threading.Thread | None = None
        self._first: threading.Thread | None = None

    def budget_left(self) -> dict[str, int]:
        """By source, the calls that it still allowed in its window when it was last asked; some do not say."""
        return dict(self._budget_left)

    def state(self) -> SyncState:
        """The sync under way, or when the next one is due."""
        return self._state

    def now(self) -> bool:
        """Start a sync; False when one is running already, no token is set, or the app is stopping."""
        if not self._settings.sources or self._stop.is_set() or self._state.running:
            return False
        threading.Thread(target=self._quietly, args=(Request(trigger="button"),), name="sync-now", daemon=True).start()
        return True

    def run(
        self, request: Request, on_progress: Callable[[Progress], None] | None = None, *, wait: bool = False
    ) -> Report:
        """A sync in the caller's thread, after the one under way if it is to ``wait`` for that.

        Raises SyncRunning when it is not, or when the app stops meanwhile; and what ``sync`` raises.
        """
        while not self._running.acquire(timeout=0.2 if wait else 0):
            if not wait or self._stop.is_set():
                raise SyncRunning
        try:
            self._state = SyncState(
                running=True,
                trigger=request.trigger,
                started_at=datetime.now(UTC).replace(tzinfo=None),
                stage="projects",
            )

            def told(progress: Progress) -> None:
                self._show(progress)
                if on_progress is not None:
                    on_progress(progress)

            with conclusions.meanwhile(self._store):
                report = sync(self._settings, self._store, request, stop=self._stop, on_progress=told)
            self._concluded()
            return report
        finally:
            self._state = SyncState(next_at=self._next_at())
            self._running.release()

    def start(self) -> None:
        """Begin the timer of DASH_SYNC_MINUTES: the first sync at once, the next ones after each interval.

        What follows from the rows is worked out meanwhile, with or without a timer: today's rules may be new ones.
        """
        if self._first is None:
            self._first = threading.Thread(target=self._concluded, name="conclusions", daemon=True)
            self._first.start()
        if self._settings.sync_minutes and self._settings.sources and self._timer is None:
            self._timer = threading.Thread(target=self._tick, name="sync-timer", daemon=True)
            self._timer.start()

    def stop(self) -> None:
        """End the timer; a sync under way stops at its next page."""
        self._stop.set()
        for thread in (self._timer, self._first):
            if thread is not None:
                thread.join(timeout=60)
        with self._running:
            pass

    def _tick(self) -> None:
        while not self._stop.is_set():
            self._quietly(Request(trigger="timer"))
            self._stop.wait(self._settings.sync_minutes * 60)

    def _quietly(self, request: Request) -> None:
        """What a sync could not read stands in its report and on the sources page; a defect is logged."""
        try:
            self.run(request)
        except SyncRunning:
            return
        except Exception:  # noqa: BLE001 - logged; the next sync is not lost with this one
            _LOG.exception("the background sync failed")

    def conclude(self) -> None:
        """Work out what follows from the rows now; waits where that is under way."""
        conclusions.draw(self._store, self._settings, stop=self._stop, on_progress=self._explained)

    def _concluded(self) -> None:
        """And leave a snapshot for shells and notebooks, which cannot ask for one."""
        self.conclude()
        try:
            if not self._stop.is_set():
                self._store.keep_snapshot()
        except (StoreError, OSError):
            _LOG.exception("no snapshot was left")

    def ask_in_doubt(self) -> bool:
        """Ask GitLab now what webhooks left in doubt, unless background syncs are off; whether to call this again soon.

        While a sync is under way nothing is asked: it does so at its end.
        """
        if not self._settings.sync_minutes or self._stop.is_set():
            return False
        if self._state.running:
            return True
        left = self._budget_left.get("gitlab")
        asked, more = doubts.ask_now(self._settings, self._store, self._stop, left)
        if asked:
            self.conclude()
        return more

    def _explained(self, progress: Reasons) -> None:
        if self._state.running:
            self._state = replace(self._state, stage="reasons", waiting=progress.total - progress.done)

    def _show(self, progress: Progress) -> None:
        state = self._state
        self._learn(progress)
        self._state = SyncState(
            running=True,
            trigger=state.trigger,
            started_at=state.started_at,
            stage=progress.stage,
            calls=progress.calls,
            rows=progress.rows,
            errors=progress.problems,
            waiting=progress.waiting,
        )

    def _learn(self, progress: Progress) -> None:
        """What is left as told last; a sync that has not asked yet says nothing new."""
        if progress.budget_left is not None:
            self._budget_left = {**self._budget_left, progress.source: progress.budget_left}

    def _next_at(self) -> datetime | None:
        if not self._settings.sync_minutes or self._timer is None:
            return None
        return datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=self._settings.sync_minutes)
