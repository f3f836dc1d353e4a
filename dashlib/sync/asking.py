"""Asking a forge over HTTP with time-outs, patience and a guarded token: what GitHub's and CodeArts' clients share.

The transport is httpx's, which threads share. It takes credentials off every request that leaves the forge (a log in
object storage, a redirect), and gives a whole answer a deadline: a server that drips bytes for ever never meets a read
time-out. Waiting is the Budget's.
"""

from __future__ import annotations

import json
import os
import random
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import certifi
import httpx
from requests.utils import get_environ_proxies

from dashlib.failures.mask import MASKED
from dashlib.sync.budget import Budget, server_time
from dashlib.sync.client import Page, Refused, Unreachable

TRANSIENT = frozenset({408, 425, 500, 502, 503, 504, *range(520, 531)})
_CREDENTIALS = ("Authorization", "X-Auth-Token", "Cookie")
_WHOLE_ANSWER = 10
"""Time-outs that a whole answer may take."""
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_LARGEST = 256 * 1024 * 1024
_LONGEST_WORDS = 200

T = TypeVar("T")


class Limited(Exception):
    """The forge asks for a pause; ``headers`` say for how long, if it says so."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("rate limit")
        self.headers = headers


class Hiccup(Exception):
    """No usable answer this time; another try may bring one."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What was made of a body, and the headers it came with."""

    body: T
    headers: Mapping[str, str]


@dataclass
class Asking(ABC):
    """One forge's client, shared by all workers; ``url`` is where its API begins."""

    url: str
    token: str = field(repr=False)
    budget: Budget
    timeout: float = 30.0
    in_flight: int = 8
    tries: int = 7
    calls: Counter[str] = field(default_factory=Counter)
    retries: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(self.in_flight)
        self.transport = Transport(self.url, self.in_flight, _WHOLE_ANSWER * self.timeout)

    @abstractmethod
    def page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """One page of a list. Raises Refused, Unreachable, PauseTooLong or Stopped."""

    @abstractmethod
    def _send(self, path: str, params: Mapping[str, Any], read: Callable[[Iterable[bytes]], T]) -> Answer[T]:
        """One request. Raises Refused, Limited or Hiccup, and httpx's own errors."""

    def object(self, resource: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One object. Raises like ``page``."""
        found = self._ask(resource, lambda: self._send(path, params or {}, parsed)).body
        if not isinstance(found, dict):
            raise Unreachable(f"{resource}: expected an object")
        return found

    def stream(self, resource: str, path: str, read: Callable[[Iterable[bytes]], T]) -> T:
        """A body too large to hold: ``read`` gets its chunks, anew at each try. Raises like ``page``."""
        return self._ask(resource, lambda: self._send(path, {}, read)).body

    def close(self) -> None:
        """Let the connections go."""
        self.transport.end()

    def _ask(self, resource: str, send: Callable[[], Answer[T]], at_most: int | None = None) -> Answer[T]:
        """Ask until there is a whole answer, ``tries`` times; a pause that the forge asks for is not a try."""
        tries, at_most = 0, at_most or self.tries
        while True:
            with self._turns:
                asked_at = self.budget.acquire(resource)
                with self._lock:
                    self.calls[resource] += 1
                try:
                    answer = send()
                    self.budget.accepted(resource)
                    self.budget.learn(answer.headers, self.in_flight)
                    return answer
                except Limited as limited:
                    self.budget.refused(resource, asked_at, limited.headers)
                    continue
                except Refused as refused:
                    self.budget.accepted(resource)
                    raise Refused(refused.status, self._unechoed(refused.message)) from refused
                except (Hiccup, httpx.HTTPError, ValueError, OSError) as error:
                    tries += 1
                    if tries >= at_most:
                        raise Unreachable(f"{self._unechoed(what(error))} ({tries} tries)") from error
                    with self._lock:
                        self.retries += 1
            self.budget.sleep(min(20.0, 0.2 * 2**tries) * random.uniform(0.5, 1.0))  # noqa: S311

    def _unechoed(self, message: str) -> str:
        """A proxy may answer with the request's headers in it."""
        return message.replace(self.token, MASKED)


class Transport(httpx.HTTPTransport):
    """Connections to one forge: no credentials to anybody else, a deadline for whole answers.

    Clients come and go over it (githubkit makes one a call), so theirs is not the word that closes it: ``end`` is.
    """

    def __init__(self, home: str, in_flight: int, longest: float) -> None:
        # Proxies and certificates are those of GitLab's client: what the environment says to requests.
        proxies = get_environ_proxies(home)
        scheme = httpx.URL(home).scheme
        bundle = next((os.environ[name] for name in _BUNDLES if os.environ.get(name)), None)
        super().__init__(
            verify=ssl.create_default_context(cafile=bundle or certifi.where()),
            trust_env=False,
            proxy=proxies.get(scheme) or proxies.get("all"),
            limits=httpx.Limits(max_connections=2 * in_flight, max_keepalive_connections=in_flight),
        )
        self._home, self._longest = origin(httpx.URL(home)), longest

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, its answer not yet read."""
        if origin(request.url) != self._home:
            for name in _CREDENTIALS:
                request.headers.pop(name, None)
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Timely(response.stream, time.monotonic() + self._longest)
        return response

    def __exit__(self, *_: object) -> None:
        """A client goes, the connections stay."""

    def close(self) -> None:
        """A client goes, the connections stay."""

    def end(self) -> None:
        """The connections go."""
        super().close()


class _Timely(httpx.SyncByteStream):
    """A body that must have arrived by a deadline."""

    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield chunk
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the answer took too long to arrive")

    def close(self) -> None:
        """What httpx calls when the body was read or given up."""
        self._stream.close()


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """What makes two addresses one server."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def parsed(chunks: Iterable[bytes]) -> Any:
    """The JSON of a body of a sane size. Raises ValueError."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > _LARGEST:
            raise ValueError("the answer is larger than 256 MB")
    return json.loads(body)


def shortened(status: int, message: object) -> str:
    """What a server said, in one short line; an HTML page is no message."""
    line = " ".join(message.split()) if isinstance(message, str) else ""
    return f"HTTP {status}" if not line or "<" in line[:_LONGEST_WORDS] else f"HTTP {status}: {line[:_LONGEST_WORDS]}"


def answered(headers: Mapping[str, str]) -> datetime:
    """When the server answered, by its own clock (naive UTC)."""
    return datetime.fromtimestamp(server_time(headers), UTC).replace(tzinfo=None)


def what(error: BaseException) -> str:  # noqa: PLR0911 - one line per kind
    """Why there was no usable answer; clients pack the cause two or three deep."""
    chain = list(_causes(error))

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in chain)

    if isinstance(error, Hiccup):
        return str(error)
    if any_is(httpx.TimeoutException):
        return "no answer in time"
    if any_is(ssl.SSLError):
        return "the TLS certificate was not accepted"
    if any_is(httpx.ProxyError):
        return "the proxy could not be reached"
    if any_is(socket.gaierror):
        return "the host name cannot be resolved"
    if any_is(ConnectionRefusedError):
        return "the connection was refused: nothing listens there"
    if any_is(httpx.ConnectError):
        return "the connection failed"
    if any_is(httpx.HTTPError):
        return "the answer was cut off"
    return "the answer is not valid JSON" if any_is(ValueError) else type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
