"""How a command finds the running app: a private file beside the database that holds its address and a token.

One process owns a DuckDB file. While the app runs, commands that need the database have the app do the work; the file
(mode 0600, its token made for this run) is what lets them in. A file that a killed app left behind is recognised by
nobody answering.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from dashlib.errors import Explained

PREFIX = "/-/dash"
"""Where the app answers its own commands."""


class AppError(Explained):
    """The running app could not do what it was asked."""


_PING = (2.0, 10.0)
"""Seconds for an answer: to connect, to read."""
_RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class App:
    """A running app as its file describes it."""

    address: str
    token: str = field(repr=False)
    pid: int

    def call(self, name: str, body: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Have the app do something; its answer comes as JSON objects, one a line. Raises AppError."""
        try:
            with self._post(name, body or {}, timeout=(5, 3600)) as response:
                if response.status_code != 200:
                    raise AppError(f"the running dashboard at {self.address} answered {response.status_code}")
                for line in response.iter_lines():
                    if line:
                        answer = json.loads(line)
                        if "failed" in answer:
                            raise AppError(str(answer["failed"]))
                        yield answer
        except (requests.RequestException, ValueError) as error:
            raise AppError(f"the running dashboard at {self.address} stopped answering") from error

    def answers(self) -> bool:
        """Whether it is really there. One that takes its time is, as long as its process lives."""
        try:
            with self._post("ping", {}, timeout=_PING) as response:
                return response.status_code == 200 and response.json() == {"pong": True}
        except requests.Timeout:
            return _lives(self.pid)
        except (requests.RequestException, ValueError):
            return False

    def _post(self, name: str, body: dict[str, Any], timeout: tuple[float, float]) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        headers = {"Authorization": f"Bearer {self.token}"}
        return session.post(f"{self.address}{PREFIX}/{name}", json=body, headers=headers, timeout=timeout, stream=True)


def file_of(database: Path) -> Path:
    """The private file of the app that owns a database."""
    return database.with_name(f"{database.name}.app")


def announce(database: Path, address: str) -> App:
    """Leave the file; only the owner of the process can read it."""
    app = App(address, secrets.token_urlsafe(32), os.getpid())
    target = file_of(database)
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
        json.dump({"address": app.address, "token": app.token, "pid": app.pid}, handle)
    os.replace(partial, target)
    return app


def withdraw(database: Path) -> None:
    """Take the file away, if it is this process's."""
    known = _read(database)
    if known is not None and known.pid == os.getpid():
        file_of(database).unlink(missing_ok=True)


def running(database: Path) -> App | None:
    """The app that owns this database, if one is running."""
    app = _read(database)
    return app if app is not None and app.answers() else None


@contextmanager
def starting(database: Path, patience: float) -> Iterator[App | None]:
    """Be the only ``serve`` of a database from here on; the app, where one runs already.

    While another one starts, it is waited for, ``patience`` seconds at most. Raises AppError.
    """
    with _alone(database) as lock:
        deadline = time.monotonic() + patience
        while (app := running(database)) is None and not lock():
            if time.monotonic() >= deadline:
                raise AppError(f"another serve of {database} is starting and does not get ready: end it")
            time.sleep(_RETRY_SECONDS)
        yield app


@contextmanager
def _alone(database: Path) -> Iterator[Callable[[], bool]]:
    """Asks for a lock that the system lets go when this process ends, however it does; True where it is ours.

    Where no file can be made, or none locked, everybody has it: opening the database says what is wrong.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        path = database.with_name(f"{database.name}.serve")
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        yield lambda: True
        return

    def lock() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    try:
        yield lock
    finally:
        os.close(file)


def accepts(app: App, authorization: str | None) -> bool:
    """Whether a request carries this run's token (constant time)."""
    return hmac.compare_digest((authorization or "").encode(), f"Bearer {app.token}".encode())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(database: Path) -> App | None:
    try:
        values = json.loads(file_of(database).read_text("utf-8"))
        return App(str(values["address"]), str(values["token"]), int(values["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
