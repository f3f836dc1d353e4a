"""One page of the GitLab API, or one log, through python-gitlab: with time-outs, patience and a guarded token.

python-gitlab sends ``PRIVATE-TOKEN`` along when an answer redirects to another host, follows ``Link`` headers to any
host, has no time-out by default and sleeps through any ``Retry-After`` (GITLAB.md 4.3). So: the session's adapter
strips credentials from every request that leaves the instance, next pages are asked on our own base URL with the
link's query, and waiting is the Budget's.
"""

from __future__ import annotations

import json
import os
import queue
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gitlab
import requests
from gitlab.exceptions import GitlabError, RedirectError
from requests.adapters import HTTPAdapter
from requests.exceptions import ProxyError
from urllib3.exceptions import HTTPError, NameResolutionError, ProtocolError, ReadTimeoutError

from dashlib.failures.mask import MASKED
from dashlib.sync.budget import Budget, server_time

_TRIES, _TRIES_OF_NOBODY = 7, 3
_TRANSIENT = frozenset({408, 425, 500, 502, 503, 504, *range(520, 531)})
_CREDENTIALS = ("PRIVATE-TOKEN", "JOB-TOKEN", "Authorization", "Cookie")
_OAUTH = re.compile(r"[0-9a-f]{64}")
_WHOLE_ANSWER = 10
"""Time-outs that a whole answer may take: GitLab's largest log (100 MB) at a third of a megabyte a second."""
_REFUSED = "the connection was refused: nothing listens there"
_NO_SUCH_HOST = "the host name cannot be resolved"
_PAGE_BYTES = 256 * 1024 * 1024


class Refused(Exception):
    """An answer that asking again will not change: 401, 403, 404, 405, other 4xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Unreachable(Exception):
    """No usable answer after several tries."""


@dataclass(frozen=True)
class Page:
    """One page of a list: its items, the query of the next page (None at the end) and when the server answered."""

    items: list[Any]
    next: dict[str, Any] | None
    answered_at: datetime
    total_pages: int | None
    total: int | None = None


@dataclass
class Client:
    """Shared by all workers: ``in_flight`` lanes, each a python-gitlab client of its own, for whoever asks next."""

    url: str
    token: str = field(repr=False)
    budget: Budget
    timeout: float = 30.0
    in_flight: int = 8
    calls: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    tries: int = _TRIES

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._met = False
        self._free: queue.LifoQueue[_Lane | None] = queue.LifoQueue()
        for _ in range(self.in_flight):
            self._free.put(None)

    def page(self, resource: str, path: str, params: Mapping[str, Any]) -> Page:
        """One page of a list endpoint. Raises Refused, Unreachable, PauseTooLong or Stopped."""
        items, headers, query = self._asked(resource, path, params, _parsed)
        if not isinstance(items, list):
            raise Unreachable(f"{resource}: expected a list")
        return Page(
            items,
            _next(headers, query),
            _answered(headers),
            _count(headers.get("X-Total-Pages")),
            _count(headers.get("X-Total")),
        )

    def object(self, resource: str, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One object. Raises like ``page``."""
        found, _, _ = self._asked(resource, path, params or {}, _parsed)
        if not isinstance(found, dict):
            raise Unreachable(f"{resource}: expected an object")
        return found

    def stream(self, resource: str, path: str, read: Any) -> Any:
        """A body too large to hold: ``read`` gets its chunks, anew at each try. Raises like ``page``."""
        return self._asked(resource, path, {}, read)[0]

    def create(self, resource: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST, sent once: after Unreachable nobody knows whether it came to something. Raises like ``page``."""
        return self._sent("post", resource, path, body)

    def update(self, resource: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One PUT, sent once as ``create``; gives what stands there now. Raises like ``page``."""
        return self._sent("put", resource, path, body)

    def _sent(self, verb: str, resource: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        lane = self._free.get() or self._lane()
        try:
            self.budget.acquire(resource)
            with self._lock:
                self.calls[resource] += 1
            send = lane.client.http_post if verb == "post" else lane.client.http_put
            made = send(path, post_data=dict(body), obey_rate_limit=False, max_retries=0)
        except GitlabError as error:
            status = error.response_code or 0
            if 400 <= status < 500 and status not in _TRANSIENT:
                raise Refused(status, self._unechoed(_said(error))) from error
            raise Unreachable(self._unechoed(_what(error))) from error
        except (requests.RequestException, HTTPError, ValueError, OSError) as error:
            raise Unreachable(self._unechoed(_what(error))) from error
        finally:
            self._free.put(lane)
        if not isinstance(made, dict):
            raise Unreachable(f"{resource}: expected an object")
        return made

    def close(self) -> None:
        """Let the connections of idle lanes go."""
        for _ in range(self.in_flight):
            lane = self._free.get()
            if lane is not None:
                lane.client.session.close()
            self._free.put(None)

    def _asked(
        self, resource: str, path: str, params: Mapping[str, Any], read: Any
    ) -> tuple[Any, Mapping[str, str], Any]:
        """Ask until there is a whole answer; a 429 is waited for and is not a try."""
        tries = 0
        while True:
            lane = self._free.get() or self._lane()
            try:
                asked_at = self.budget.acquire(resource)
                return self._once(lane, resource, path, params, read)
            except Refused as refused:
                if refused.status != 429:
                    raise
                self.budget.refused(resource, asked_at, lane.headers)
            except (GitlabError, requests.RequestException, HTTPError, ValueError, OSError) as error:
                tries += 1
                # Where nobody has ever answered, a wrong address is likelier than a server that is about to start.
                if tries >= (self.tries if self._met or not _nobody(error) else min(_TRIES_OF_NOBODY, self.tries)):
                    raise Unreachable(f"{self._unechoed(_what(error))} ({tries} tries)") from error
                with self._lock:
                    self.retries += 1
                self.budget.sleep(min(20.0, 0.2 * 2**tries) * random.uniform(0.5, 1.0))  # noqa: S311
            finally:
                self._free.put(lane)

    def _once(
        self, lane: _Lane, resource: str, path: str, params: Mapping[str, Any], read: Any
    ) -> tuple[Any, Mapping[str, str], Any]:
        with self._lock:
            self.calls[resource] += 1
        lane.headers = {}
        try:
            response = lane.client.http_request(
                "get", path, query_data=dict(params), streamed=True, obey_rate_limit=False, retry_transient_errors=False
            )
        except RedirectError as error:
            raise Refused(301, "the server redirects somewhere else") from error
        except GitlabError as error:
            status = error.response_code or 0
            if status in _TRANSIENT or status < 400:
                raise
            raise Refused(status, self._unechoed(_said(error))) from error
        with response:
            body = read(_chunks(response, time.monotonic() + _WHOLE_ANSWER * self.timeout))
        self._met = True
        self.budget.accepted(resource)
        self.budget.learn(response.headers, self.in_flight)
        return body, response.headers, dict(params)

    def _unechoed(self, message: str) -> str:
        """A proxy may answer with the request's headers in it."""
        return message.replace(self.token, MASKED)

    def _lane(self) -> _Lane:
        session = requests.Session()
        # Proxies and certificates of the environment are looked up once: requests would do it (and read ~/.netrc, whose
        # password must not replace the token) again at each call.
        session.proxies = requests.utils.get_environ_proxies(self.url)
        session.trust_env = False
        guard = _Guard(self.url)
        session.mount("https://", guard)
        session.mount("http://", guard)
        # An OAuth token is refused as PRIVATE-TOKEN; every other kind of token is taken there.
        oauth = _OAUTH.fullmatch(self.token) is not None
        client = gitlab.Gitlab(
            self.url,
            private_token=None if oauth else self.token,
            oauth_token=self.token if oauth else None,
            timeout=self.timeout,
            ssl_verify=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
            keep_base_url=True,
            session=session,
        )
        lane = _Lane(client)
        session.hooks["response"].append(lane.note_headers)
        return lane


@dataclass
class _Lane:
    """A connection, and the headers of its last answer: python-gitlab's exceptions carry none, and a 429 needs them."""

    client: gitlab.Gitlab
    headers: Mapping[str, str] = field(default_factory=dict)

    def note_headers(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """The hook that requests calls."""
        self.headers = response.headers


class _Guard(HTTPAdapter):
    """Takes the credentials off every request that does not go to the instance itself (a log in object storage)."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=4, pool_maxsize=4)
        self._home = _origin(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if _origin(request.url or "") != self._home:
            for name in _CREDENTIALS:
                request.headers.pop(name, None)
        return super().send(request, *args, **kwargs)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The body piece by piece: a server that drips bytes for ever meets a deadline, not only a read time-out."""
    while chunk := response.raw.read1(64 * 1024, decode_content=True):
        yield chunk
        if time.monotonic() > deadline:
            raise requests.Timeout("the answer took too long to arrive")


def _parsed(chunks: Iterable[bytes]) -> Any:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > _PAGE_BYTES:
            raise ValueError("the answer is larger than 256 MB")
    return json.loads(body)


def _next(headers: Mapping[str, str], params: dict[str, Any]) -> dict[str, Any] | None:
    """The next page's query: the link's own, whatever host it names; else ``X-Next-Page``."""
    link = requests.utils.parse_header_links(headers.get("Link", ""))
    for part in link:
        if part.get("rel") == "next":
            query = parse_qs(urlsplit(part["url"]).query, keep_blank_values=True)
            found = {
                **params,
                **{name: values if name.endswith("[]") else values[-1] for name, values in query.items()},
            }
            found.pop("private_token", None)
            return None if found == {k: str(v) for k, v in params.items()} else found
    page = _count(headers.get("X-Next-Page"))
    return {**params, "page": str(page)} if page is not None and str(page) != str(params.get("page", 1)) else None


def _answered(headers: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(server_time(headers), UTC).replace(tzinfo=None)


def _count(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None


def _said(error: GitlabError) -> str:
    """What the server said, in one short line; an HTML page is no message."""
    text = str(error.error_message or "")
    if isinstance(error.error_message, bytes):
        text = error.error_message.decode("utf-8", "replace")
    line = " ".join(text.split())
    return (
        f"HTTP {error.response_code}" if not line or "<" in line[:200] else f"HTTP {error.response_code}: {line[:200]}"
    )


def _what(error: Exception) -> str:  # noqa: PLR0911 - one line per kind
    if isinstance(error, GitlabError):
        return _said(error)
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate was not accepted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | ProtocolError):
        return "the answer was cut off"
    if isinstance(error, requests.ConnectionError):
        return _unconnected(error)
    if isinstance(error, ValueError):
        return "the answer is not valid JSON"
    return type(error).__name__


def _nobody(error: Exception) -> bool:
    """Whether no server was found at all."""
    return isinstance(error, requests.ConnectionError) and _unconnected(error) in (_REFUSED, _NO_SUCH_HOST)


def _unconnected(error: requests.ConnectionError) -> str:
    """requests packs the cause two or three deep; its own text names addresses of objects in memory."""
    packed = [error, *error.args, *(getattr(inner, "reason", None) for inner in error.args)]
    if any(isinstance(inner, ProxyError) for inner in (error, *packed)):
        return "the proxy could not be reached"
    if any(isinstance(inner, NameResolutionError) for inner in packed):
        return _NO_SUCH_HOST
    causes = [inner.__cause__ or inner.__context__ for inner in packed if isinstance(inner, BaseException)]
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return _REFUSED
    return "the connection failed"
