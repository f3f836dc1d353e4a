"""A clock that only moves when somebody waits."""

from __future__ import annotations

import threading
from typing import Any

from dashlib.sync.budget import Budget


class Clock:
    """Stands in for ``time.monotonic`` and for the stop event's wait."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now


class Stop(threading.Event):
    """Waiting moves the clock; ``after`` sets the event when so much time has passed."""

    def __init__(self, clock: Clock, after: float | None = None) -> None:
        super().__init__()
        self._clock, self._after = clock, after

    def wait(self, timeout: float | None = None) -> bool:
        seconds = timeout or 0.0
        self._clock.waits.append(seconds)
        self._clock.now += seconds
        if self._after is not None and self._clock.now >= 1000.0 + self._after:
            self.set()
        return self.is_set()


def budget(clock: Clock, stop_after: float | None = None, **settings: Any) -> Budget:
    """A Budget that lives on the clock."""
    return Budget(stop=Stop(clock, stop_after), monotonic=clock, **settings)
