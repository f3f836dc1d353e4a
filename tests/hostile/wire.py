"""The worst of HTTP: raw answers over a plain socket server, so that bodies can be cut, dripped, chunked and reset."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import crc32


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    target: str

    def one(self, name: str, default: str | None = None) -> str | None:
        return self.query[name][-1] if name in self.query else default


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    label: str = "?"


def as_json(value: Any, status: int = 200, label: str = "?", **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {k.replace("_", "-"): v for k, v in headers.items()}, label=label)


HTML = b"<html><head><title>error</title></head><body><h1>Whoops, something went wrong on our end.</h1></body></html>"
TRANSIENT = (
    "502", "503", "500", "520", "cut", "chunked-cut", "bad-json", "reset", "html-200", "drip", "reset-mid", "empty-200",
)  # fmt: skip
REFUSING = ("429-text", "429-html", "429-json", "429-600")


@dataclass
class Faults:
    """Which answers go wrong: chosen by the URL and a seed, so the same in every order of requests."""

    kinds: tuple[str, ...] = ()
    every: int = 10
    """One URL in so many meets a fault."""
    times: int = 1
    """How often each such URL fails before it works."""
    seed: int = 0
    only: Callable[[Asked], bool] = lambda _: True
    limit_429: int = 6
    rate_limit: tuple[int, float] | None = None
    """So many requests in so many seconds, announced in RateLimit-* headers."""
    announced: bool = False
    """RateLimit-* headers on everything, whatever else is refused (Rack::Attack is on)."""
    long_wait: dict[str, float] = field(default_factory=dict)
    """Label of an endpoint to how many seconds (from its first call on) it answers 429 with Retry-After 600."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._met: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self._window = [0.0, 0.0]
        self._first: dict[str, float] = {}

    def rate_headers(self) -> tuple[dict[str, str], bool]:
        """Count this request against the limit: its headers, and whether it is refused."""
        if self.rate_limit is None:
            if not self.announced:
                return {}, False
            return self._rate(2000, 1990, time.time() + 45), False
        limit, seconds = self.rate_limit
        with self._lock:
            now = time.time()
            if now >= self._window[1]:
                self._window = [0, int(now + seconds) + 1]
            self._window[0] += 1
            used, until = self._window
        return self._rate(limit, max(0, limit - int(used)), until), used > limit

    @staticmethod
    def _rate(limit: int, left: int, until: float) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(limit - left),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(int(until)),
        }

    def pick(self, asked: Asked, label: str) -> str | None:
        """The fault of this request, if it has one."""
        with self._lock:
            if label in self.long_wait:
                first = self._first.setdefault(label, time.monotonic())
                if time.monotonic() - first < self.long_wait[label]:
                    self.done["429-600"] += 1
                    return "429-600"
            if not self.kinds or not self.only(asked):
                return None
            dice = crc32(f"{self.seed}:{asked.target}".encode())
            if dice % self.every or self._met[asked.target] >= self.times:
                return None
            kind = self.kinds[(dice // self.every) % len(self.kinds)]
            if label == "trace" and kind in ("bad-json", "html-200", "empty-200"):
                return None  # nobody could tell these from a log
            refusals = sum(count for name, count in self.done.items() if name.startswith("429"))
            if kind.startswith("429") and refusals >= self.limit_429:
                return None
            self._met[asked.target] += 1
            self.done[kind] += 1
            return kind


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: Wire

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.owner.serve(self)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET


class Drip(Exception):
    """Raised by ``answer``: this one is answered at a byte a tenth of a second."""


class Wire:
    """A server on a free port of 127.0.0.1; ``answer`` is what it knows, ``faults`` how it says it."""

    def __init__(self, answer: Callable[[Asked], Answer], faults: Faults | None = None, latency: float = 0.0) -> None:
        self.answer, self.faults, self.latency = answer, faults or Faults(), latency
        self.skew = 0.0
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.log: list[tuple[str, str]] = []
        self.crashes: list[str] = []
        self.dripping = Answer(body=b"[" + b" " * 1200 + b"]")
        self.met: list[Asked] = []
        self.keep_requests = False
        self.most_in_flight = self._in_flight = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset_counts(self) -> None:
        self.calls.clear()
        self.statuses.clear()
        self.log.clear()

    def serve(self, handler: _Handler) -> None:
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.command, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, handler.path)
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            if self.keep_requests:
                self.met.append(asked)
        try:
            self._serve(handler, asked)
        except (ConnectionError, BrokenPipeError, TimeoutError):
            handler.close_connection = True
        finally:
            with self._lock:
                self._in_flight -= 1

    def _serve(self, handler: _Handler, asked: Asked) -> None:
        if self.latency:
            time.sleep(self.latency)
        try:
            answer = self.answer(asked)
        except Drip:
            answer = self.dripping
            self._drip(handler, answer)
            return
        except Exception as error:  # noqa: BLE001 - told at the end of the test
            self.crashes.append(f"{asked.target}: {error!r}")
            answer = Answer(418, b"the test's own server has a fault")
        rate, over = self.faults.rate_headers()
        fault = "429-text-limit" if over else self.faults.pick(asked, answer.label)
        with self._lock:
            self.calls[answer.label] += 1
            self.log.append((answer.label, asked.target))
        answer.headers = {**answer.headers, **rate}
        if fault is None:
            self._send(handler, answer)
        elif fault.startswith("429"):
            self._refuse(handler, fault, rate)
        else:
            self._spoil(handler, fault, answer)

    def _drip(self, handler: _Handler, answer: Answer) -> None:
        """A byte at a time, each well within a read time-out, for a minute."""
        handler.connection.sendall(self._head(answer, len(answer.body)))
        for byte in answer.body:
            handler.connection.sendall(bytes([byte]))
            time.sleep(0.05)

    def _head(self, answer: Answer, length: int | None) -> bytes:
        self.statuses[answer.status] += 1
        head = [
            f"HTTP/1.1 {answer.status} X",
            f"Date: {formatdate(time.time() + self.skew, usegmt=True)}",
            "Server: nginx",
        ]
        head.append(f"Content-Type: {answer.kind}")
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        head.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1", "replace")

    def _send(self, handler: _Handler, answer: Answer) -> None:
        handler.connection.sendall(self._head(answer, len(answer.body)) + answer.body)

    def _refuse(self, handler: _Handler, fault: str, rate: dict[str, str]) -> None:
        told = b'{"message":{"error":"This endpoint has been requested too many times. Try again later."}}'
        if fault == "429-text-limit":
            wait = max(1, int(rate["RateLimit-Reset"]) - int(time.time()))
            answer = Answer(429, b"Retry later\n", {**rate, "Retry-After": str(wait)}, "text/plain")
        elif fault == "429-text":
            rate = rate or Faults._rate(100, 0, time.time() + 1)
            answer = Answer(
                429, b"Retry later\n", {**rate, "Retry-After": "1", "RateLimit-Remaining": "0"}, "text/plain"
            )
        elif fault == "429-json":
            answer = Answer(429, told, rate)
        elif fault == "429-html":
            answer = Answer(429, HTML, {"CF-RAY": "8a"}, "text/html")
        else:
            answer = Answer(429, told, {**rate, "Retry-After": "600"})
        self._send(handler, answer)

    def _spoil(self, handler: _Handler, fault: str, answer: Answer) -> None:
        send, body = handler.connection.sendall, answer.body
        if fault.isdigit():
            kind = "text/html" if fault in ("502", "520") else "application/json"
            text = HTML if kind == "text/html" else b'{"message":"500 Internal Server Error"}'
            self._send(handler, Answer(int(fault), text, {}, kind))
        elif fault == "bad-json":
            half = body[: len(body) // 2] or b"{"
            self._send(handler, Answer(200, half, answer.headers, answer.kind))
        elif fault == "html-200":
            self._send(handler, Answer(200, HTML, {}, "text/html"))
        elif fault == "empty-200":
            self._send(handler, Answer(200, b"", {}, answer.kind))
        elif fault == "cut":
            send(self._head(answer, len(body) + 400) + body)
            self._close(handler)
        elif fault == "chunked-cut":
            half = body[: len(body) // 2] or b"["
            send(self._head(answer, None) + f"{len(half):x}\r\n".encode() + half + b"\r\n")
            self._close(handler)
        elif fault == "drip":
            send(self._head(answer, len(body)))
            for start in range(0, len(body), max(1, len(body) // 8)):
                send(body[start : start + max(1, len(body) // 8)])
                time.sleep(0.05)
        elif fault == "reset-mid":
            send(self._head(answer, len(body)) + body[: len(body) // 2])
            self._reset(handler)
        else:
            self._reset(handler)

    @staticmethod
    def _close(handler: _Handler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _reset(handler: _Handler) -> None:
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
