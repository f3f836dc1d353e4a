"""What is worked out from the rows when they have moved: the nights that were due, and why jobs failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from dashlib.failures.analyse import Progress, analyse
from dashlib.nightlies import ledger
from dashlib.settings import Settings
from dashlib.store import Store

_LOG = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.Lock()


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
            analyse(store, stop=stop, on_progress=on_progress)
        except Exception:  # noqa: BLE001 - logged, as said above
            _LOG.exception("expected nights and reasons of failures could not be brought up to date")
