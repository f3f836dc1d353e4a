"""A child process ends with the one that started it, however that ended.

The parent holds the one end of a pipe and never writes to it. When it is gone, even by ``kill -9``, the system closes
that end; the child reads the end of the file and stops itself as if it had been told to by SIGTERM. Otherwise a server
whose command was killed would keep its port, and its database locked.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from types import TracebackType

_NAME = "NIGHTLY_DASHBOARD_LIFELINE"
"""The variable in which the child finds the number of its end."""
_PATIENCE_SECONDS = 60.0


class Lifeline:
    """The parent's side. ``pass_fds`` and ``environment`` are for ``subprocess.Popen``; close it behind that."""

    def __init__(self) -> None:
        self._child, self._ours = os.pipe()
        self.pass_fds = (self._child,)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` and what the child needs to know."""
        return {**base, _NAME: str(self._child)}

    def __enter__(self) -> Lifeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The child has its end now. Ours stays open as long as this process lives, or until ``cut``."""
        os.close(self._child)
        if error is not None:
            self.cut()

    def cut(self) -> None:
        """Let go: the child stops, if it runs still."""
        os.close(self._ours)


def watch() -> None:
    """In the child: stop this process when its parent is gone. Nothing where no parent holds a lifeline."""
    told = os.environ.pop(_NAME, "")
    if told.isdecimal():
        os.set_inheritable(int(told), False)
        threading.Thread(target=_wait, args=(int(told),), name="lifeline", daemon=True).start()


def _wait(ours: int) -> None:
    os.read(ours, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)  # as long as ``serve`` waits before it kills
    os._exit(1)
