"""Many logs are explained in a process of its own: this one's pages, hooks and lanes keep the interpreter meanwhile.

Run as ``python -m dashlib.failures.apart`` it is that process: it reads lists of jobs from its input and writes what it
makes of each list, until its input is closed or nothing has come for a minute.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from dashlib.failures.row import Explained, Failed, explained
from dashlib.failures.rulebook import RuleError, rulebook

_LOG = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]
_WORTH = 40
"""Jobs from which on it is worth asking the process where this one has read the rules, which takes half a second."""
_IDLE_SECONDS = 60.0
_NICER = 5
_LONGEST_SECONDS = 120.0
"""A batch takes a few seconds; what takes so long stands still."""


class Apart:
    """The process, started when there is enough to do; its user asks from one thread or from many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def explained(self, jobs: Sequence[Failed], waiting: int) -> list[Explained]:
        """What ``row.explained`` says of each job; ``waiting`` counts those that are to follow, these included.

        A few are explained here, if that needs no reading of rules. Raises RuleError when the rules cannot be read.
        """
        if waiting < _WORTH and _rules_are_read():
            return [explained(job) for job in jobs]
        with self._lock:
            until = time.monotonic() + _LONGEST_SECONDS
            for _ in range(2):
                try:
                    return self._asked(jobs)
                except (OSError, EOFError, pickle.UnpicklingError):
                    # It goes home when nothing comes, and may be killed where memory is short.
                    self._end()
                if time.monotonic() >= until:
                    break
        _LOG.warning("the process that explains logs gave no answer: this one goes on without it")
        return [explained(job) for job in jobs]

    def _asked(self, jobs: Sequence[Failed]) -> list[Explained]:
        if self._process is None:
            self._process = _started()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        stuck = threading.Timer(_LONGEST_SECONDS, self._process.kill)
        stuck.daemon = True
        stuck.start()
        try:
            pickle.dump(list(jobs), self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            answer: list[Explained] | RuleError = pickle.load(self._process.stdout)  # noqa: S301 - our own process
        finally:
            stuck.cancel()
        if isinstance(answer, RuleError):
            raise answer
        return answer

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()
            self._process = None


def _rules_are_read() -> bool:
    return bool(rulebook.cache_info().currsize)


def _started() -> subprocess.Popen[bytes]:
    """In a session of its own: an interrupt from the keyboard is for the one who asks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dashlib.failures.apart"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    # When it goes home, somebody must take note, or its entry stays in the table of processes.
    threading.Thread(target=process.wait, name="reasons-apart", daemon=True).start()
    return process


def main() -> None:
    """Answer until there is nothing more to do."""
    os.nice(_NICER)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([asked], [], [], _IDLE_SECONDS)[0]:
        try:
            jobs: list[Failed] = pickle.load(asked)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):
            return
        answer: list[Explained] | RuleError
        try:
            answer = [explained(job) for job in jobs]
        except RuleError as error:
            answer = error
        try:
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
        except BrokenPipeError:
            # Whoever asked is gone. What is left unwritten must not be tried again at the end.
            os._exit(0)


if __name__ == "__main__":
    main()
