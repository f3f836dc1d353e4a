"""Deliveries of webhooks with GitLab's headers (GITLAB.md 6.1), and a sender that never blocks and never raises."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from dashlib.demo.dice import dice
from dashlib.demo.hooks import Hooks
from dashlib.demo.webhooks import WebHook, WebHooks

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
    """X-Gitlab-Event of a body; what is confidential has one of its own."""
    if str(body.get("event_type", "")).startswith("confidential_"):
        return "Confidential " + HEADERS[str(body["object_kind"])]
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
    """Sends bodies to the hooks that ask for them, from a thread of its own, and counts the answers against each hook.

    Never raises, never blocks. A failed delivery is not tried again, and what happens while a hook is switched off is
    not kept for it: as GitLab does it (GITLAB.md 6.1), so a receiver has to look for itself, too. ``sent``, ``failed``,
    ``dropped`` (no room) and ``skipped`` (switched off meanwhile) count deliveries.
    """

    def __init__(self, web_hooks: WebHooks, *, base_url: str = "", timeout: float = 10.0, room: int = 1000) -> None:
        self.web_hooks, self.timeout = web_hooks, timeout
        self.hooks = Hooks(base_url)
        self.sent = self.failed = self.dropped = self.skipped = 0
        self._keys = dice("deliveries", base_url)
        self._session = requests.Session()
        self._session.trust_env = False
        self._queue: queue.Queue[tuple[WebHook, Delivery] | None] = queue.Queue(room)
        self._thread = threading.Thread(target=self._work, name="demo-hooks", daemon=True)
        self._thread.start()

    def send(self, body: Mapping[str, Any]) -> None:
        """Puts a delivery into the queue for each hook that asks for it; a full queue drops it."""
        for hook in self.web_hooks.that_hear(header_of(body), body["project"]):
            key = str(uuid.UUID(int=self._keys.getrandbits(128), version=4))
            each = delivery(body, secret=hook.token, base_url=self.hooks.base, key=key)
            try:
                self._queue.put_nowait((hook, each))
            except queue.Full:
                self.dropped += 1

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._deliver(*item)
            finally:
                self._queue.task_done()
        self._session.close()
        self._queue.task_done()

    def _deliver(self, hook: WebHook, each: Delivery) -> None:
        if not self.web_hooks.executable(hook):
            self.skipped += 1
            return
        try:
            with self._session.post(
                hook.url, each.body, headers=each.headers, timeout=self.timeout, allow_redirects=False, stream=True
            ) as answer:
                good = 200 <= answer.status_code < 400
        except (requests.RequestException, ValueError) as error:
            _LOG.info("a hook was not delivered: %s", error)
            good = False
        self.web_hooks.answered(hook, good=good)
        self.sent, self.failed = self.sent + good, self.failed + (not good)

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
