"""The one loop: tasks in order of their urgency, so many at once, until none is left.

A task does one call (or one small thing) and names the tasks that follow from it. What one task raises is told to
``failed`` and ends that task alone.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

Urgency: TypeAlias = tuple[float, ...]
"""Smaller goes first: the stage, then what orders tasks inside it."""


@dataclass
class Task:
    """One step of a sync. ``project_id`` and ``resource`` say what it is about when it fails.

    ``on_failure`` names tasks that go on all the same (a project's logs, though its child pipelines are forbidden).
    """

    urgency: Urgency
    resource: str
    run: Callable[[], Iterable[Task]]
    project_id: int = 0
    on_failure: Callable[[], Iterable[Task]] | None = None


def _raise(error: BaseException) -> Iterable[Task]:
    raise error


@dataclass
class Loop:
    """``workers`` threads over one priority queue.

    ``hurry`` is called where a worker has nothing to do and tasks wait for something to be on disk.
    """

    workers: int
    failed: Callable[[Task, Exception], None]
    fatal: tuple[type[Exception], ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)
    hurry: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self._heap: list[tuple[Urgency, int, Task]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._active = 0
        self._pending = 0
        self._hurried = False
        self._stages: Counter[float] = Counter()
        self._error: Exception | None = None

    def add(self, tasks: Iterable[Task]) -> None:
        """Put tasks into the queue."""
        with self._changed:
            for task in tasks:
                heapq.heappush(self._heap, (task.urgency, next(self._order), task))
                self._stages[task.urgency[0]] += 1
                self._changed.notify()

    def add_after(self, stored: Future[int], task: Task) -> None:
        """Put a task into the queue once something is on disk; nobody waits for it meanwhile.

        A failure to store fails the task, in its turn.
        """
        with self._changed:
            self._pending += 1
            self._hurried = False
            self._stages[task.urgency[0]] += 1

        def arrived(done: Future[int]) -> None:
            error = done.exception()
            self.add([task if error is None else replace(task, run=partial(_raise, error))])
            # Only now: workers that see neither a task nor a pending one go home.
            with self._changed:
                self._pending -= 1
                self._stages[task.urgency[0]] -= 1
                self._wake_if_over()

        stored.add_done_callback(arrived)

    def run(self) -> None:
        """Work until the queue is empty. Raises the first fatal exception of a task."""
        threads = [threading.Thread(target=self._work, name=f"sync-{n}", daemon=True) for n in range(self.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def stage(self) -> float | None:
        """The most urgent stage that still has work."""
        with self._changed:
            return min((stage for stage, count in self._stages.items() if count), default=None)

    def waiting(self) -> int:
        """Tasks in the queue and under way."""
        with self._changed:
            return sum(self._stages.values())

    def _work(self) -> None:
        while (task := self._take()) is not None:
            try:
                self.add(task.run())
            except self.fatal as error:
                with self._changed:
                    self._error = self._error or error
            except Exception as error:  # noqa: BLE001 - recorded against the task's project, the rest goes on
                self._tell(task, error)
            finally:
                with self._changed:
                    self._active -= 1
                    self._stages[task.urgency[0]] -= 1
                    self._wake_if_over()

    def _tell(self, task: Task, error: Exception) -> None:
        """Record a failure; a failure that cannot be recorded ends the run."""
        try:
            self.failed(task, error)
        except Exception as untold:  # noqa: BLE001 - raised by run()
            with self._changed:
                self._error = self._error or untold

    def _over(self) -> bool:
        return self._error is not None or self.stop.is_set() or not (self._heap or self._active or self._pending)

    def _wake_if_over(self) -> None:
        """Each worker that is woken takes the interpreter from one that has something to do."""
        if self._over():
            self._changed.notify_all()

    def _take(self) -> Task | None:
        with self._changed:
            while True:
                if self._over():
                    return None
                if self._heap:
                    self._active += 1
                    return heapq.heappop(self._heap)[2]
                if self._pending and not self._hurried:
                    self._hurried = True
                    self.hurry()
                self._changed.wait(0.5)
