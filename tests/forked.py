"""``python -m dashlib …`` in a process of its own that need not import everything first.

A fresh interpreter spends a second of CPU on pandas, pyarrow, DuckDB and the rules before it does anything, and the
suite runs hundreds of commands. These are forked from one that has got so far; it can be killed like any other, and
has its own environment, folder and output. What is about the start itself starts an interpreter.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.warm"])


class Command:
    """One command under way, with those methods of ``subprocess.Popen`` that tests need; its output is read as text."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._said = Path(tempfile.mkdtemp(prefix="said"))
        self._process: ForkServerProcess = _FORKED.Process(
            target=_run, args=(list(words), str(folder), dict(environment), str(self._said))
        )
        # A script that Streamlit ran here calls itself the main module: the forked process would begin with running it.
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            self._process.start()
        finally:
            sys.modules["__main__"] = main

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal that ended it, as ``subprocess`` has it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Does nothing where it has ended already."""
        if self._process.exitcode is None and self._process.pid:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end; what it said on stdout and stderr. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("dashlib", timeout or 0)
        return self._read("out"), self._read("err")

    def _read(self, name: str) -> str:
        path = self._said / name
        return path.read_text("utf-8", "replace") if path.exists() else ""


def _run(words: list[str], folder: str, environment: dict[str, str], said: str) -> None:
    """In the forked process: become ``python -m dashlib`` with these words."""
    from dashlib.__main__ import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(Path(said, name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
    sys.argv = ["dashlib", *words]
    try:
        sys.exit(main(words))
    finally:
        # Of a forked process nobody calls them.
        atexit._run_exitfuncs()
        sys.stdout.flush()
