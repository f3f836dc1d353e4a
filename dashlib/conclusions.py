"""What is worked out from the rows when they have moved: the nights that were due, what the commits' graph tells, and
who is who, and why jobs failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashlib.failures.analyse import Progress, analyse, analyse_ahead
from dashlib.lineage import draw as lineage
from dashlib.nightlies import ledger
from dashlib.people.refresh import refresh as refresh_people
from dashlib.people.refresh import remember_teams
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.Lock()
_AHEAD_SECONDS = 0.5


def draw(
    store: Store,
    settings: Settings,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """After each sync and at the app's start; cheap where nothing is new, safe to cut off and to repeat.

    ``on_progress`` hears of the reasons, which are read from logs. A defect here is logged and takes nothing from the
    sync before it: the next one tries again.
    """
    with _ONE_AT_A_TIME:
        try:
            ledger.refresh(store, settings)
            lineage.refresh(store, stop)
            remember_teams(store, settings.teams)
            refresh_people(store)
            analyse(store, stop=stop, on_progress=on_progress)
        except Exception:  # noqa: BLE001 - logged, as said above
            _LOG.exception("persons, expected nights and reasons of failures could not be brought up to date")


@contextmanager
def meanwhile(store: Store) -> Iterator[None]:
    """While a sync goes on: last night's failures have their reasons before the rest of the window is read.

    A sync waits for the network most of the time, so this costs it little. What is left over is ``draw``'s.
    """
    done = threading.Event()

    def ahead() -> None:
        try:
            while not done.wait(_AHEAD_SECONDS):
                with _ONE_AT_A_TIME:
                    analyse_ahead(store, done)
        except Exception:  # noqa: BLE001 - logged; draw tries again
            _LOG.exception("the reasons of failures could not be read ahead")

    thread = threading.Thread(target=ahead, name="reasons-ahead", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
