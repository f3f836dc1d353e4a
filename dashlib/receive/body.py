"""The body of a request: bounded in size, in time and in depth, so that no sender can hold the server up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import orjson

LARGEST = 25 * 1024 * 1024
"""GitLab and GitHub send no more."""
READ_SECONDS = 30.0
"""For the whole body; a sender that drips has no longer (GitLab itself gives up after ten seconds)."""
LINGER_SECONDS = 10.0
"""So long what is refused may go on arriving; see ``Incoming.rest``."""
DEEPEST = 64
"""Real payloads nest about ten deep; GitLab's own API takes 32 (doc/administration/instance_limits.md)."""


class Refused(Exception):
    """The request is answered with this status, sentence and headers; nothing of it is stored."""

    def __init__(self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


class Incoming:
    """An ASGI ``receive`` that knows whether the body has ended."""

    def __init__(self, receive: Callable[[], Awaitable[Any]]) -> None:
        self._receive, self._ended = receive, False

    async def __call__(self) -> Any:
        """The next message."""
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def rest(self, headers: Mapping[str, str]) -> None:
        """Read what is left of a body that was refused, and keep nothing: ``LARGEST`` bytes, ``LINGER_SECONDS``.

        A connection that is closed while its peer still writes is reset, and takes the answer with it: most senders
        read only when they have written all. Who asked before writing (``Expect``) was answered already.
        """
        if "expect" in headers:
            return
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._ended and size <= LARGEST:
                    size += len((await self()).get("body", b""))


async def read(receive: Callable[[], Awaitable[Any]], headers: Mapping[str, str]) -> bytes:
    """The whole body from an ASGI ``receive``.

    Raises Refused: 413 as soon as it is, or says it is, larger than ``LARGEST``; 408 when it takes too long; 400 when
    the sender goes away in the middle.
    """
    said = headers.get("content-length", "")
    if said.isdecimal() and (len(said) > 12 or int(said) > LARGEST):
        raise Refused(413, f"the body is larger than {LARGEST // 1024**2} MB")
    message = await _next(receive)
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        return _bounded(body)
    parts, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise Refused(400, "the sender went away")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            raise Refused(413, f"the body is larger than {LARGEST // 1024**2} MB")
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await _next(receive)


async def in_time(reading: Coroutine[Any, Any, bytes]) -> bytes:
    """A body that must be there within ``READ_SECONDS``. Most are there already, and no clock is set for them."""
    try:
        waits_for = reading.send(None)
    except StopIteration as done:
        body: bytes = done.value
        return body
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await _Begun(reading, waits_for)
    except TimeoutError as error:
        raise Refused(408, "the body took too long") from error


class _Begun:
    """A coroutine that was run up to what it waits for, to be awaited from there on."""

    def __init__(self, coroutine: Coroutine[Any, Any, bytes], waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, bytes]:
        try:
            yield self._waits_for
        except BaseException as error:
            self._coroutine.throw(error)
            raise
        return (yield from self._coroutine.__await__())


async def _next(receive: Callable[[], Awaitable[Any]]) -> Any:
    return await receive()


def _bounded(body: bytes) -> bytes:
    if len(body) > LARGEST:
        raise Refused(413, f"the body is larger than {LARGEST // 1024**2} MB")
    return body


def plain_only(headers: Mapping[str, str]) -> None:
    """Raises Refused (415) for a body that is compressed or otherwise encoded: none of our senders does that.

    ``Accept-Encoding`` tells such a 415 from one about the type of the content (RFC 9110, 12.5.3).
    """
    encoding = headers.get("content-encoding", "").strip()
    if encoding.lower() not in ("", "identity"):
        told = f"the body is encoded with {encoding[:40]}: send it as it is, without Content-Encoding"
        raise Refused(415, told, [(b"accept-encoding", b"identity")])


def parsed(raw: bytes) -> Any:
    """The JSON of a body. Raises Refused (400) for what is no JSON (RFC 8259: no NaN, UTF-8) or nests too deep."""
    try:
        found = orjson.loads(raw)
    except ValueError:
        found = _by_the_book(raw)
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _is_deep(found):
        raise Refused(400, f"the JSON nests deeper than {DEEPEST}")
    return found


def _by_the_book(raw: bytes) -> Any:
    """What orjson does not take: half a surrogate pair, a number beyond any float, a byte order mark."""
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except ValueError as error:
        raise Refused(400, "the body is not JSON") from error
    except RecursionError as error:
        raise Refused(400, f"the JSON nests deeper than {DEEPEST}") from error


def form_payload(raw: bytes) -> bytes:
    """The JSON of a GitHub webhook whose content type is a form. Raises Refused (400) where there is none."""
    try:
        fields = parse_qs(raw.decode("ascii"), max_num_fields=8)
    except ValueError as error:
        raise Refused(400, "the body is no form") from error
    found = fields.get("payload")
    if not found:
        raise Refused(400, "the form holds no payload")
    return found[0].encode("utf-8", "replace")


def _is_deep(value: Any) -> bool:
    """Whether it nests deeper than ``DEEPEST``: level by level, never by recursion."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer if type(outer) is list else ())
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
