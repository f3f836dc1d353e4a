"""What the smaller simulated forges share: an ASGI app that records calls, spoils answers, and hands out limits."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from dashlib.demo.calls import Reply
from dashlib.demo.faults import ON_THE_WIRE, Faults, fault_reply
from dashlib.demo.wire import send_reply, send_spoilt


@dataclass(frozen=True)
class Asked:
    """One request: its path as it was sent, its query, its headers (names in lower case) and its body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str


@dataclass
class Staged(ABC):
    """A forge on a stage. ``asked`` and ``templates`` record what was asked; ``limits`` are answered first, each once.

    ``faults`` are GitLab's demo's: a rule's ``resource`` is one of this forge's templates.
    """

    faults: Faults = field(default_factory=Faults)
    asked: list[Asked] = field(default_factory=list)
    templates: Counter[str] = field(default_factory=Counter)
    limits: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, asked: Asked) -> tuple[str, Reply]:
        """The template of the path ("" for one that is not there), and the answer as it is on a good day."""

    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one call and records it."""
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += bytes(message.get("body", b""))
            if not message.get("more_body"):
                break
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        base = f"{scope['scheme']}://{names.get('host', 'localhost')}"
        asked = Asked(scope["method"], scope["raw_path"].decode("latin-1"), query, names, body, base)
        with self.lock:
            self.asked.append(asked)
            template, reply = self.answer(asked)
            self.templates[template] += 1
            limit = self.limits.pop(0) if self.limits else None
        whole = asked.path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        rule = self.faults.choose(asked.method, whole, template, None)
        if limit is not None:
            reply = limit
        elif rule is not None:
            reply = fault_reply(rule, reply, base, None)
        reply = Reply(reply.status, reply.body, reply.media_type, {**self.headers(), **reply.headers})
        if rule is not None and limit is None and rule.kind in ON_THE_WIRE:
            await send_spoilt(scope, send, reply, rule)
        else:
            await send_reply(send, reply)
