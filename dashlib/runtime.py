"""What one running process holds: its settings, its open database, its background sync. Opened once, shared by all.

The pages, the routes and the background sync live in one process because one process owns a DuckDB file.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dashlib import control
from dashlib import settings as settings_module
from dashlib.control import App
from dashlib.nightlies import ledger
from dashlib.nightlies.send import Sender
from dashlib.queries.attempts_held import HeldAttempts
from dashlib.queries.commits_held import HeldCommits
from dashlib.queries.nights_held import HeldNights
from dashlib.receive.receiver import Receiver
from dashlib.settings import Settings
from dashlib.store import Store, open_store
from dashlib.store.remember import remember
from dashlib.sync.background import BackgroundSync


@dataclass(frozen=True)
class Runtime:
    """What pages, routes and commands share."""

    settings: Settings
    store: Store
    sync: BackgroundSync
    receiver: Receiver
    nights: HeldNights
    commits: HeldCommits
    attempts: HeldAttempts


_SWITCH_SECONDS = 0.001
"""How long a thread that computes (a sync, a page) may keep the server's own thread waiting. Python's usual 5 ms, each
time it comes back from the network, make a webhook wait longer for its turn than for the disk.
"""
_LOCK = threading.Lock()


@functools.cache
def _opened() -> Runtime:
    settings = settings_module.load()
    store = open_store(settings.database)
    remember(store, settings)
    ledger.refresh(store, settings)
    sync = BackgroundSync(settings, store)
    nights = HeldNights(store)
    receiver = Receiver(settings, store, sync.budget_left, sync.conclude, sync.ask_in_doubt, nights.cursor)
    return Runtime(settings, store, sync, receiver, nights, HeldCommits(store), HeldAttempts(store))


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
            opened.receiver.stop()
            opened.sync.stop()
            opened.store.close()
            _opened.cache_clear()


_ANNOUNCED: list[App] = []


def announced() -> App | None:
    """The address and token that this process left for its commands, while it serves."""
    return _ANNOUNCED[-1] if _ANNOUNCED else None


def lifespan(address: str) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """What the server does around its life: open, tell the commands where it is, sync on the timer, close.

    ``address`` is where this process answers on this machine, such as ``http://127.0.0.1:8501``.
    """

    @asynccontextmanager
    async def alive(_app: Any) -> AsyncIterator[dict[str, Any]]:
        opened = await asyncio.to_thread(runtime)
        sys.setswitchinterval(_SWITCH_SECONDS)
        _ANNOUNCED.append(control.announce(opened.settings.database, address))
        opened.receiver.start()
        opened.sync.start()
        opened.nights.make_ahead()
        sender = Sender(opened.settings, opened.store)
        sender.start()
        try:
            yield {}
        finally:
            control.withdraw(opened.settings.database)
            await asyncio.to_thread(sender.stop)
            _ANNOUNCED.clear()
            await asyncio.to_thread(close)

    return alive
