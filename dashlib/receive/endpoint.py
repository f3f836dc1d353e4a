"""A route that takes deliveries: verify, store, answer (status codes as in the contract of the routes).

200 means that the delivery is on disk, whatever is made of it later: GitLab switches a hook off after four answers that
are not 2xx. So the only refusals are of requests that nobody we know can have sent as they are.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from dashlib.receive.body import Incoming, Refused, in_time, plain_only, read
from dashlib.receive.receiver import Receiver
from dashlib.receive.secrets import cleaned_headers
from dashlib.receive.setup import SETTING_NAMES
from dashlib.receive.sources import Opened, Source, bare_content_type, extra_headers
from dashlib.settings import Settings, SettingsError
from dashlib.store import StoreError
from dashlib.store.repeats import content_key, push_key

_LOG = logging.getLogger(__name__)
_LARGE = 128 * 1024
"""From here on a body is read by another thread: a megabyte of JSON would hold up everybody else."""
_RETRY_AFTER = b"5"
_WANTS_SECRET = [(b"www-authenticate", b"Bearer")]


class Endpoint:
    """The ASGI application of one source's route. It takes every method itself: what it does not, nobody else may."""

    def __init__(self, source: Source, receiver: Callable[[], Receiver]) -> None:
        self._source, self._receiver = source, receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            await _answer(send, 405, {"error": "only POST"}, [(b"allow", b"POST")])
            return
        # ASGI: names are in lower case already, values may be any bytes.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        incoming, receiver = Incoming(receive), None
        try:
            receiver = self._receiver()
            kind, reply, is_new = await self._take(receiver, headers, incoming)
        except Refused as refused:
            await self._refuse(send, receiver, refused, incoming.rest(headers))
        except (StoreError, SettingsError) as error:
            _LOG.warning("a delivery was not stored: %s", error)
            why = "the database is not open" if receiver is None else "the delivery was not stored"
            again = Refused(503, f"{why}; send it again", [(b"retry-after", _RETRY_AFTER)])
            await self._refuse(send, receiver, again, incoming.rest(headers))
        else:
            receiver.metrics.answered(self._source.name, kind, "accepted" if is_new else "duplicate")
            await _answer(send, 200, reply, [])

    async def _take(
        self, receiver: Receiver, headers: dict[str, str], receive: Receive
    ) -> tuple[str, dict[str, Any], bool]:
        """Its kind as it is stored, what to answer, and whether it is new. Raises Refused or StoreError."""
        source, settings, now = self._source, receiver.settings, time.time()
        signed = source.is_open(settings) and source.signed(headers, settings)
        if not signed and not source.verify(headers, b"", settings, now):
            raise Refused(401, _unproven(source, settings), _WANTS_SECRET)
        if not source.takes(bare_content_type(headers), headers):
            raise Refused(415, "the content type is not one that this route takes")
        plain_only(headers)
        raw = await in_time(read(receive, headers))
        if signed and not source.verify(headers, raw, settings, now):
            raise Refused(401, "the signature is wrong or too old", _WANTS_SECRET)
        opened = await asyncio.to_thread(source.open, raw, headers) if len(raw) > _LARGE else source.open(raw, headers)
        row = _row(source, headers, raw, opened)
        is_new = await receiver.store(row, keyed=source.keyed(headers))
        return row["kind"], source.reply(opened.kind, opened.payload), is_new

    async def _refuse(self, send: Send, receiver: Receiver | None, refused: Refused, rest: Awaitable[None]) -> None:
        """The answer goes out at once; the connection ends when the ``rest`` of the body was read."""
        if receiver is not None:
            receiver.metrics.answered(self._source.name, "", str(refused.status))
        more = [*refused.headers, (b"connection", b"close")]
        await _answer(send, refused.status, {"error": str(refused)}, more, rest)


class Deliveries:
    """ASGI middleware, outermost: deliveries go straight to their endpoints.

    Sessions, compression and the rules of pages have no business with them, and cost as much as storing them.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Endpoint]) -> None:
        self._app, self._endpoints = app, endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery, or pass everything else on."""
        if scope["type"] == "http":
            # With a slash at the end, too: to a redirect GitLab says "delivered", and nothing is.
            path = scope["path"]
            app = self._endpoints.get(path) or self._endpoints.get(path.rstrip("/")) or self._app
        else:
            app = self._app
        await app(scope, receive, send)


def _unproven(source: Source, settings: Settings) -> str:
    """A closed route says so: there is no secret to find out, and whoever sets up the sender looks for one."""
    if source.is_open(settings):
        return "the secret is missing or wrong"
    names = " or ".join(SETTING_NAMES[field] for field in source.secrets)
    return f"this route is closed: {names} is not set"


def _row(source: Source, headers: dict[str, str], raw: bytes, opened: Opened) -> dict[str, Any]:
    """The delivery as it is stored. Its key is made of the body as it came and of the sender's own key, if any."""
    key = content_key("\0".join([source.name, *(headers.get(name, "") for name in source.known_by)]), raw)
    push = source.pushed(opened.kind, opened.payload)
    if push is not None:
        key = push_key(key, f"{source.name}\0{push[0]}", *push[1:])
    kept = source.headers(headers) | extra_headers(source, raw, headers)
    return {
        "source": source.name,
        "kind": _storable(opened.kind[:200]),
        "received_at": datetime.now(UTC).replace(tzinfo=None).isoformat(),
        "bytes": len(raw),
        "dedup_key": key,
        "headers": cleaned_headers(kept),
        "body": opened.text,
    }


def _json(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # it repeats half a surrogate pair, which is answered as it was asked: "\\ud83d"
        return json.dumps(body).encode()


def _storable(kind: str) -> str:
    """Half a surrogate pair, which JSON may spell and neither the database nor the metrics hold, as ``?``."""
    return kind if kind.isascii() else kind.encode("utf-8", "replace").decode()


async def _answer(
    send: Send,
    status: int,
    body: dict[str, Any],
    headers: list[tuple[bytes, bytes]],
    rest: Awaitable[None] | None = None,
) -> None:
    """``rest`` is awaited between what the sender reads and the end of the connection."""
    content = _json(body) if body else b"{}"
    told = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    if rest is None:
        await send({"type": "http.response.body", "body": content})
        return
    await send({"type": "http.response.body", "body": content, "more_body": True})
    await rest
    await send({"type": "http.response.body", "body": b""})
