"""Sends a reply over ASGI, whole or spoilt: cut, slow, late, or with the connection reset under it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from starlette.types import Scope, Send

from dashlib.demo.calls import Reply
from dashlib.demo.faults import Rule

RESET = "dashlib.demo.reset"
_PIECES = 20


async def send_reply(send: Send, reply: Reply, length: int | None = None) -> None:
    """Sends the head; the body is up to the caller when `length` is given."""
    headers = [(b"content-type", reply.media_type.encode())]
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    size = len(reply.body) if length is None else length
    if size >= 0:
        headers.append((b"content-length", str(size).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if length is None:
        await send({"type": "http.response.body", "body": reply.body})


async def send_spoilt(scope: Scope, send: Send, reply: Reply, rule: Rule) -> None:
    """Sends the reply with a fault of the wire."""
    body = reply.body
    if rule.kind == "hang":
        await asyncio.sleep(rule.seconds)
        await send_reply(send, reply)
    elif rule.kind == "slow":
        await send_reply(send, reply, len(body))
        step = max(1, -(-len(body) // _PIECES))
        for start in range(0, len(body), step):
            await asyncio.sleep(rule.seconds / _PIECES)
            await send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        half = body[: len(body) // 2]
        await send_reply(send, reply, len(body) + (64 if rule.kind == "cut_short" else 0))
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await asyncio.sleep(0.01)
        if rule.kind == "reset":
            reset: dict[str, Callable[[], None]] = scope.get("extensions", {}).get(RESET, {})
            for cut in reset.values():
                cut()


def reset_connection(transport: asyncio.Transport) -> None:
    """Closes a connection with RST instead of FIN, so the client sees a reset and not an end."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
