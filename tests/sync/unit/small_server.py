"""A small HTTP server on loopback that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass
class Answer:
    """``cut`` announces more bytes than it sends; ``reset`` hangs up without a word; ``wait`` holds the answer back."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    wait: threading.Event | None = None

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Respond = Callable[[Asked], Answer]


@dataclass
class Small:
    """A running server."""

    url: str
    asked: list[Asked]
    respond: Respond

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def small_server(respond: Respond) -> Iterator[Small]:
    """Serve until the block ends. ``respond`` may be replaced on the object meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(parts.path, parse_qs(parts.query, keep_blank_values=True), dict(self.headers.items()))
            running.asked.append(asked)
            answer = running.respond(asked)
            if answer.wait is not None:
                answer.wait.wait(30)
            if answer.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            body = answer.bytes()
            self.send_response_only(answer.status)
            usual = {"Content-Type": "application/json", "Date": self.date_time_string()}
            for name, value in (usual | dict(answer.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + (100 if answer.cut else 0)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = self.close_connection or answer.cut

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = Small(f"http://127.0.0.1:{server.server_address[1]}", [], respond)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_turn(*answers: Answer) -> Respond:
    """One answer after the other; the last one for ever."""
    waiting = list(answers)
    lock = threading.Lock()

    def respond(_: Asked) -> Answer:
        with lock:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return respond
