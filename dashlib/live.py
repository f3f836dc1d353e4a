"""Tells open pages that data moved: each has one socket, on which numbers come as they change and nothing else.

A page compares them with those it was drawn with and asks for itself anew (``widgets/live.js``). While nothing moves a
page costs an idle connection, and all of them together one look at two numbers every tenth of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from dashlib.runtime import runtime

_BEAT_SECONDS = 0.1
_POLICY = 1008


@dataclass(frozen=True)
class Moved:
    """How far the data are: ``data`` grows with each change (Store.data_version), ``copies`` with each copy of the
    nights or commits that was made behind a page's back (HeldNights.renewals, HeldCommits.renewals)."""

    data: int
    copies: int


def moved() -> Moved:
    """How far the data of this process are now."""
    opened = runtime()
    return Moved(opened.store.data_version, opened.nights.renewals + opened.commits.renewals)


class Pulse:
    """Whoever waits for the next change, all with one watcher; for one event loop."""

    def __init__(self, now: Callable[[], Moved], on_moved: Callable[[], None] = lambda: None) -> None:
        self._now, self._on_moved = now, on_moved
        self._waiting: set[asyncio.Future[None]] = set()
        self._watcher: asyncio.Task[None] | None = None

    async def beyond(self, told: Moved | None) -> Moved:
        """How far the data are, as soon as that is not ``told``."""
        while (now := self._now()) == told:
            if self._watcher is None or self._watcher.done():
                self._watcher = asyncio.create_task(self._watch(now))
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        return now

    async def _watch(self, last: Moved) -> None:
        while self._waiting:
            await asyncio.sleep(_BEAT_SECONDS)
            now = self._now()
            if now != last:
                last = now
                self._on_moved()
                for waiting in self._waiting:
                    if not waiting.done():
                        waiting.set_result(None)


async def live(socket: WebSocket) -> None:
    """The socket of one page, for pages of this server only. It says how far the data are, at once and as they move."""
    origin = urlsplit(socket.headers.get("origin", ""))
    if origin.netloc and origin.netloc != socket.headers.get("host"):
        await socket.close(_POLICY)
        return
    await asyncio.to_thread(runtime)
    await socket.accept()
    pulse, told = _pulse(), None
    gone = asyncio.ensure_future(socket.receive())
    try:
        while not gone.done():
            waiting = asyncio.ensure_future(pulse.beyond(told))
            try:
                await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    told = waiting.result()
                    await socket.send_json(asdict(told))
            finally:
                waiting.cancel()
    except (WebSocketDisconnect, RuntimeError, OSError):
        return  # the page went away while it was told
    finally:
        gone.cancel()


def _renew_ahead(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_in_executor(None, runtime().nights.renew_ahead)


_PULSES: dict[asyncio.AbstractEventLoop, Pulse] = {}


def _pulse() -> Pulse:
    """The one of this event loop; tests come with one loop after the other."""
    loop = asyncio.get_running_loop()
    if loop not in _PULSES:
        for closed in [one for one in _PULSES if one.is_closed()]:
            del _PULSES[closed]
        _PULSES[loop] = Pulse(moved, lambda: _renew_ahead(loop))
    return _PULSES[loop]
