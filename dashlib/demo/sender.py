"""Deliveries of webhooks with GitLab's headers (GITLAB.md 6.1), and a sender that never blocks and never raises."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import queue
import threading
import time
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashlib.demo.dice import dice
from dashlib.demo.hooks import Hooks

HEADERS = {
    "push": "Push Hook",
    "tag_push": "Tag Push Hook",
    "pipeline": "Pipeline Hook",
    "build": "Job Hook",
    "issue": "Issue Hook",
    "merge_request": "Merge Request Hook",
    "note": "Note Hook",
}
_LOG = logging.getLogger(__name__)


def header_of(body: Mapping[str, Any]) -> str:
    """X-Gitlab-Event of a body; confidential issues have one of their own."""
    if body.get("event_type") == "confidential_issue":
        return "Confidential Issue Hook"
    return HEADERS[str(body["object_kind"])]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to be sent: its headers and its exact bytes."""

    headers: dict[str, str]
    body: bytes


def delivery(
    body: Mapping[str, Any],
    *,
    secret: str = "",
    base_url: str = "",
    key: str | None = None,
    old: bool = False,
    signing_token: str | None = None,
    at: int | None = None,
) -> Delivery:
    """The request of a hook with GitLab's headers (GITLAB.md 6.1); the same `key` makes it a resend.

    `old` is a GitLab before 14: no UUIDs, no key, and `Build Hook`. `signing_token` adds the three webhook-* headers.
    """
    raw = json.dumps(body, ensure_ascii=False).encode()
    key = key or str(uuid.uuid4())
    event = header_of(body)
    headers = {"Content-Type": "application/json", "X-Gitlab-Event": event}
    if old:
        headers |= {
            "User-Agent": "GitLab/13.12.15-ee",
            "X-Gitlab-Event": "Build Hook" if event == "Job Hook" else event,
        }
    else:
        headers |= {
            "User-Agent": "GitLab/18.5.2-ee",
            "X-Gitlab-Instance": base_url,
            "Idempotency-Key": key,
            "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
        }
    if secret:
        headers["X-Gitlab-Token"] = secret
    if signing_token:
        moment = int(time.time()) if at is None else at
        signed = signature(signing_token, key, moment, raw)
        headers |= {"webhook-id": key, "webhook-timestamp": str(moment), "webhook-signature": signed}
    return Delivery(headers, raw)


def signature(signing_token: str, key: str, at: int, raw: bytes) -> str:
    """The value of webhook-signature (GITLAB.md 6.2): Standard Webhooks, HMAC-SHA256 with the decoded token."""
    secret = base64.b64decode(signing_token.removeprefix("whsec_"))
    digest = hmac.digest(secret, f"{key}.{at}.".encode() + raw, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


class HookSender:
    """Sends deliveries from a thread of its own. Never raises, never blocks: what does not fit or fails is counted."""

    def __init__(
        self, url: str, secret: str = "", *, base_url: str = "", timeout: float = 10.0, room: int = 1000
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("a hook needs an http(s) URL")
        self.url, self.secret, self.timeout = url, secret, timeout
        self.hooks = Hooks(base_url)
        self.sent = self.failed = self.dropped = 0
        self._keys = dice("deliveries", url)
        self._queue: queue.Queue[Delivery | None] = queue.Queue(room)
        self._thread = threading.Thread(target=self._work, name="demo-hooks", daemon=True)
        self._thread.start()

    def send(self, body: Mapping[str, Any]) -> None:
        """Puts a body into the queue; a full queue drops it."""
        key = str(uuid.UUID(int=self._keys.getrandbits(128), version=4))
        try:
            self._queue.put_nowait(delivery(body, secret=self.secret, base_url=self.hooks.base, key=key))
        except queue.Full:
            self.dropped += 1

    def _work(self) -> None:
        while (each := self._queue.get()) is not None:
            request = urllib.request.Request(self.url, each.body, each.headers, method="POST")  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                    answer.read()
                self.sent += 1
            except (OSError, ValueError) as error:
                self.failed += 1
                _LOG.info("a hook was not delivered: %s", error)
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def flush(self) -> None:
        """Waits until everything in the queue was tried."""
        self._queue.join()

    def close(self) -> None:
        """Sends what is queued, then ends the thread; waits no longer than one time-out."""
        try:
            self._queue.put(None, timeout=self.timeout)
        except queue.Full:
            return
        self._thread.join(self.timeout)
