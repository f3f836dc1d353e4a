"""A query's own process, forked from one that has DuckDB and Arrow imported: a fifth of the CPU of a started one.

It does what a started one does (``child.main``: limits, refusals, the answer, the end); what is about its start, its
environment or its end by force is tested with started ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from multiprocessing.reduction import DupFd
from types import ModuleType
from typing import IO, Any

from dashlib.explore import child, running
from tests.forked import _FORKED


class Files:
    """Standard input, output and errors, on their way into the process."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers

    def __getstate__(self) -> list[Any]:
        return [DupFd(number) for number in self.numbers]

    def __setstate__(self, sent: list[Any]) -> None:
        self.numbers = tuple(one.detach() for one in sent)


def answer_one(files: Files) -> None:
    """In the forked process: what ``python child.py`` does."""
    os.setsid()
    os.chdir("/")
    os.environ.clear()
    for place, number in enumerate(files.numbers):
        os.dup2(number, place)
        os.close(number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    child.main()


class Process:
    """Those methods of ``subprocess.Popen`` that ``running`` needs."""

    def __init__(self, out: IO[bytes], err: IO[bytes]) -> None:
        read, write = os.pipe()
        self.stdin: IO[bytes] | None = os.fdopen(write, "wb")
        self._process = _FORKED.Process(target=answer_one, args=(Files(read, out.fileno(), err.fileno()),))
        # A script that Streamlit ran here calls itself the main module: the forked process would begin with running it.
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = main
            os.close(read)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("query", timeout or 0)
        return code

    def kill(self) -> None:
        self._process.kill()


class Forked(running._Child):
    """In the place of a started process."""

    def __init__(self) -> None:
        self.out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this
        self.err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = Process(self.out, self.err)  # type: ignore[assignment]
