"""Runs the simulated GitLab: in a thread for tests and benchmarks, or in the foreground."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashlib.demo.wire import RESET, reset_connection

_PATIENCE = 30.0


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a way for the app to reset the connection under a reply."""

    def on_message_begin(self) -> None:
        """Puts the reset into the scope's extensions."""
        super().on_message_begin()
        self.scope["extensions"] = {RESET: {"now": partial(reset_connection, self.transport)}}


class _Server(uvicorn.Server):
    """A uvicorn server that says when it listens and leaves the signals to whoever started it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _server(app: Starlette, ready: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        app,
        http=ResettableProtocol,
        log_level="critical",
        lifespan="off",
        access_log=False,
        timeout_graceful_shutdown=1,
        backlog=256,
    )
    return _Server(config, ready)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


@contextmanager
def serving(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves the app from a thread and yields its base URL; the server is gone when the block ends."""
    ready = threading.Event()
    server = _server(app, ready.set)
    sock = listen(host, port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="demo-gitlab", daemon=True)
    thread.start()
    try:
        if not ready.wait(_PATIENCE):
            raise RuntimeError("the simulated GitLab did not start")
        yield f"http://{host}:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        sock.close()


def serve_forever(app: Starlette, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serves the app until it is interrupted; `announce` gets the URL once the server listens."""
    sock = listen(host, port)
    url = f"http://{host}:{sock.getsockname()[1]}"
    _server(app, lambda: announce(url)).run(sockets=[sock])
