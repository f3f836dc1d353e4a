"""What one running process holds: its settings, its open database, its background sync. Opened once, shared by all.

The pages, the routes and the background sync live in one process because one process owns a DuckDB file.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dashlib import settings as settings_module
from dashlib.settings import Settings
from dashlib.store import Store, open_store
from dashlib.sync.background import BackgroundSync


@dataclass(frozen=True)
class Runtime:
    """The three things that pages, routes and commands share."""

    settings: Settings
    store: Store
    sync: BackgroundSync


_LOCK = threading.Lock()


@functools.cache
def _opened() -> Runtime:
    settings = settings_module.load()
    store = open_store(settings.database)
    return Runtime(settings, store, BackgroundSync(settings, store))


def runtime() -> Runtime:
    """The process's Runtime, opened at the first call.

    Raises SettingsError or StoreError, whose messages are made to be shown.
    """
    with _LOCK:
        return _opened()


def close() -> None:
    """Stop the background sync and release the database; the next ``runtime()`` opens anew (tests)."""
    with _LOCK:
        if _opened.cache_info().currsize:
            opened = _opened()
            opened.sync.stop()
            opened.store.close()
            _opened.cache_clear()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Open at start, begin syncing on the timer, close at the end."""
    opened = runtime()
    opened.sync.start()
    try:
        yield {}
    finally:
        close()
