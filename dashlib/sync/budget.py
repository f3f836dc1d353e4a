"""How fast GitLab may be asked: learnt from what it says, capped by what we were told.

GitLab has two independent limits (doc/administration/settings/user_and_ip_rate_limits.md). Rack::Attack counts every
request of a user and announces itself in ``RateLimit-*`` headers; application limits count one endpoint, announce
nothing, and since 18.5 answer with a ``Retry-After`` of their *whole* interval (600 s for ``/projects``), though the
window may end in a second. So the first kind pauses everything for as long as it says; the second pauses its endpoint
only, and is probed with growing patience up to what it says.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 900.0
"""Seconds. A server that asks for more, at once or bit by bit without a single answer, is not waited for: the sync
ends, says so, and resumes next time."""
_FIRST_PROBE = 2.0
_SHORTEST_PAUSE = 0.25
_EVERYTHING = ""


class Stopped(Exception):
    """The sync was asked to stop while it waited."""


class PauseTooLong(Exception):
    """The server asks for a pause that no person would wait for."""

    def __init__(self, seconds: float, forge: str = "GitLab") -> None:
        super().__init__(f"{forge}'s rate limit asks for a pause of {seconds / 60:.0f} minutes; sync again after it")
        self.seconds = seconds


@dataclass
class Budget:
    """Shared by all workers. ``monotonic`` and ``wait`` are replaced in tests."""

    calls_per_minute: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    monotonic: Callable[[], float] = time.monotonic
    waited: float = 0.0
    remaining: int | None = None
    forge: str = "GitLab"

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._next_call = 0.0
        self._spacing = 60.0 / self.calls_per_minute if self.calls_per_minute else 0.0
        self._learnt_spacing = 0.0
        self._learnt_until = 0.0
        self._paused: dict[str, float] = {}
        self._refusals: dict[str, int] = {}
        self._spent: dict[str, float] = {}

    def acquire(self, resource: str) -> float:
        """Wait for a turn; returns the moment it was given (for ``refused``). Raises Stopped."""
        while True:
            now = self.monotonic()
            with self._lock:
                until = max(self._paused.get(_EVERYTHING, 0.0), self._paused.get(resource, 0.0), self._next_call)
                if until <= now:
                    spacing = max(self._spacing, self._learnt_spacing if now < self._learnt_until else 0.0)
                    self._next_call = now + spacing if spacing else 0.0
                    return now
            self.sleep(until - now)

    def sleep(self, seconds: float) -> None:
        """Wait, unless the sync is stopped meanwhile. Raises Stopped."""
        began = self.monotonic()
        stopped = self.stop.wait(max(0.0, seconds))
        with self._lock:
            self.waited += self.monotonic() - began
        if stopped:
            raise Stopped

    def learn(self, headers: Mapping[str, str], in_flight: int) -> None:
        """Slow down before the limit is met: spread what is left over the time until it is renewed."""
        remaining, limit = _whole(headers.get("RateLimit-Remaining")), _whole(headers.get("RateLimit-Limit"))
        if remaining is None or limit is None:
            return
        reset_in = self._reset_in(headers)
        with self._lock:
            self.remaining = remaining
            now = self.monotonic()
            if reset_in is None or remaining > max(2 * in_flight, limit // 10):
                self._learnt_spacing = 0.0
            elif remaining <= in_flight:
                self._paused[_EVERYTHING] = max(self._paused.get(_EVERYTHING, 0.0), now + min(reset_in, LONGEST_PAUSE))
            else:
                self._learnt_spacing, self._learnt_until = reset_in / (remaining - in_flight + 1), now + reset_in

    def accepted(self, resource: str) -> None:
        """An answer that was no refusal: patience starts anew."""
        with self._lock:
            self._refusals.pop(resource, None)
            self._spent.pop(resource, None)
            self._spent.pop(_EVERYTHING, None)

    def refused(self, resource: str, asked_at: float, headers: Mapping[str, str]) -> None:
        """A 429. Several requests in flight meet the same limit: only the first of them lengthens the pause.

        Raises PauseTooLong when that would be waiting for more than LONGEST_PAUSE.
        """
        asked = _seconds(headers.get("Retry-After"))
        # With Rack::Attack on, every answer carries its headers, an application limit's refusal too: only when nothing
        # is left of the budget is it the one that refuses.
        announced = "RateLimit-Limit" in headers or "RateLimit-Reset" in headers
        whole_instance = announced and (_whole(headers.get("RateLimit-Remaining")) or 0) <= 0
        scope = _EVERYTHING if whole_instance else resource
        with self._lock:
            now = self.monotonic()
            if self._paused.get(scope, 0.0) > asked_at:
                return
            count = self._refusals[resource] = self._refusals.get(resource, 0) + 1
            patience = _FIRST_PROBE * 2 ** min(count - 1, 8)
            if whole_instance:
                pause = asked if asked is not None else self._reset_in(headers)
                pause = patience if pause is None else pause
            else:
                pause = patience if asked is None else min(asked, patience)
            # "0" is said in the last second of a window: a server that refuses again is asked ever more slowly.
            pause = max(pause, _SHORTEST_PAUSE * 2 ** min(count - 1, 6))
            spent = self._spent[scope] = self._spent.get(scope, 0.0) + pause
            if spent > LONGEST_PAUSE:
                raise PauseTooLong(max(pause, asked or 0.0), self.forge)
            self._paused[scope] = now + pause + random.uniform(0, 0.1)  # noqa: S311 - not a secret

    def pause(self, seconds: float, asked_at: float) -> None:
        """Nobody asks anything for so long; what was asked before a pause that is known already adds nothing to it.

        Raises PauseTooLong like ``refused``.
        """
        with self._lock:
            now = self.monotonic()
            if self._paused.get(_EVERYTHING, 0.0) > asked_at:
                return
            spent = self._spent[_EVERYTHING] = self._spent.get(_EVERYTHING, 0.0) + seconds
            if spent > LONGEST_PAUSE:
                raise PauseTooLong(seconds, self.forge)
            self._paused[_EVERYTHING] = now + seconds + random.uniform(0, 0.1)  # noqa: S311 - not a secret

    def _reset_in(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until the limit is renewed, by the server's own clock (the Date header): ours may differ."""
        reset = _whole(headers.get("RateLimit-Reset"))
        if reset is None:
            return None
        return max(0.0, reset - server_time(headers))


def server_time(headers: Mapping[str, str]) -> float:
    """The server's clock (unix seconds) as the answer's Date header says it, else ours."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return time.time()


def _seconds(value: str | None) -> float | None:
    """``Retry-After``: seconds, or (from proxies) an HTTP date."""
    if value is None:
        return None
    whole = _whole(value)
    if whole is not None:
        return float(max(0, whole))
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _whole(value: str | None) -> int | None:
    try:
        return int(float(value)) if value is not None else None
    except (ValueError, OverflowError):
        return None
