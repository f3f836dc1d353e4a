"""Several tasks, one continuation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from dashlib.sync.loop import Task


class Barrier:
    """Whoever arrives last, done or failed, names the tasks that go on."""

    def __init__(self, parts: int, then: Callable[[], Iterable[Task]]) -> None:
        self._lock = threading.Lock()
        self._missing = parts
        self._then = then

    def arrive(self) -> Iterable[Task]:
        """One part less."""
        with self._lock:
            self._missing -= 1
            if self._missing:
                return []
        return self._then()
