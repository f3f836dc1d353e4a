"""GitHub's two rate limits (docs.github.com, rate limits for the REST API), which it announces differently from GitLab.

The primary one is 5,000 calls an hour, told in ``X-RateLimit-*`` of every answer; beyond it there are 403 or 429 until
``X-RateLimit-Reset``. A secondary one (900 calls a minute, a hundred at once, time of computing) announces nothing and
is 403 or 429 with ``Retry-After``, or without: "wait for at least one minute", then ever longer. Whoever goes on asking
meanwhile may be banned, so nobody asks anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashlib.sync.budget import Budget, server_time

CALLS_PER_MINUTE = 800
"""Unless DASH_CALLS_PER_MINUTE says otherwise: the secondary limit is nine hundred."""
_AT_LEAST = 60.0
_NAMES = {"X-RateLimit-Remaining": "RateLimit-Remaining", "X-RateLimit-Limit": "RateLimit-Limit"} | {
    "X-RateLimit-Reset": "RateLimit-Reset"
}


@dataclass
class GitHubBudget(Budget):
    """A Budget that reads GitHub's headers."""

    forge: str = "GitHub"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._unannounced = 0

    def learn(self, headers: Mapping[str, str], in_flight: int) -> None:
        """Spread what is left of the hour. GraphQL and searches have hours of their own: theirs is not told here."""
        if headers.get("X-RateLimit-Resource", "core") == "core":
            told = {ours: headers[theirs] for theirs, ours in _NAMES.items() if theirs in headers}
            super().learn(told | {"Date": headers.get("Date", "")}, in_flight)

    def accepted(self, resource: str) -> None:
        """An answer that was no refusal: patience starts anew."""
        super().accepted(resource)
        self._unannounced = 0

    def refused(self, resource: str, asked_at: float, headers: Mapping[str, str]) -> None:
        """A refusal of either limit: everything waits for as long as it says, or a minute, then two, then four."""
        after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
        if after.isdecimal():
            seconds = float(after)
        elif headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
            seconds = max(1.0, float(reset) - server_time(headers) + 1.0)
        else:
            seconds = _AT_LEAST * 2.0 ** min(self._unannounced, 6)
            self._unannounced += 1
        self.pause(max(seconds, 0.25), asked_at)
