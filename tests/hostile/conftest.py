"""Fixtures: a hostile GitLab, and the loader run as a person runs it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Command
from tests.hostile.dialect import Dialect
from tests.hostile.server import TOKEN, HostileGitLab
from tests.hostile.wire import Answer, Asked, Faults, Wire
from tests.hostile.world import World

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Ran:
    """One run of the command."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def errors(self) -> list[str]:
        return [f"{e['project']}: {e['message']}" for e in self.report["errors"]]


@dataclass
class Loader:
    """``python -m dashlib`` with settings of its own; a database that is not there is copied from ``empty``."""

    home: Path
    server: HostileGitLab
    database: Path
    settings: dict[str, str]
    empty: Path | None = None

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        base = {
            "HOME": str(self.home), "PYTHONPATH": str(ROOT), "GITLAB_URL": self.server.url,
            "GITLAB_ACCESS_TOKEN": TOKEN,
            "DASH_DATABASE": str(self.database), "DASH_PROJECTS": "*", "DASH_WINDOW_DAYS": "10", "PYTHONHASHSEED": "0",
        }  # fmt: skip
        return kept | base | self.settings | more

    def start(self, *arguments: str, **settings: str) -> Command:
        environment = self.environment(**settings)
        if self.empty is not None and not Path(environment["DASH_DATABASE"]).exists():
            shutil.copyfile(self.empty, environment["DASH_DATABASE"])
        return Command(arguments, self.home, environment)

    def run(self, *arguments: str, limit: float = 60, **settings: str) -> Ran:
        began = time.monotonic()
        process = self.start(*arguments, **settings)
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"still running after {limit} s\n{out}\n{err}")
        assert process.returncode is not None
        ran = Ran(process.returncode, out, err, time.monotonic() - began)
        assert "Traceback" not in ran.err, ran.err
        return ran

    def sync(self, *arguments: str, code: int | None = 0, limit: float = 60, **settings: str) -> Ran:
        ran = self.run("sync", "--json", *arguments, limit=limit, **settings)
        assert code is None or ran.code == code, f"exit {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def killed(self, at_call: int) -> bool:
        """Start a sync and kill it (-9) at its n-th request; whether it came to that."""
        process = self.start("sync", "--json")
        calls = itertools.count(1)

        def before(_: Asked) -> None:
            if next(calls) == at_call:
                process.send_signal(signal.SIGKILL)

        self.server.before = before
        process.communicate(timeout=60)
        self.server.before = lambda _: None
        return process.returncode == -signal.SIGKILL


Start = Callable[..., tuple[HostileGitLab, Loader]]


@pytest.fixture
def start(tmp_path: Path, empty_database: Path) -> Iterator[Start]:
    """Start a server over a world, and get a loader for it."""
    yield from _start(tmp_path, empty_database)


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Start]:
    """The same for a whole file of tests."""
    yield from _start(tmp_path_factory.mktemp("hostile"), empty_database)


def _start(tmp_path: Path, empty: Path) -> Iterator[Start]:
    running: list[HostileGitLab] = []

    def begin(
        world: World, dialect: Dialect | None = None, faults: Faults | None = None, **settings: str
    ) -> tuple[HostileGitLab, Loader]:
        server = HostileGitLab(world, dialect or Dialect(), faults or Faults())
        running.append(server)
        return server, Loader(tmp_path, server, tmp_path / f"dash{len(running)}.duckdb", settings, empty)

    yield begin
    for server in running:
        server.wire.close()
        assert not server.wire.crashes


class Trap:
    """Another host: it must never see the token. It serves logs for redirects, and nothing else."""

    def __init__(self) -> None:
        self.wire = Wire(self._answer)
        self.wire.keep_requests = True
        self.logs: dict[str, bytes] = {}

    def _answer(self, asked: Asked) -> Answer:
        body = self.logs.get(asked.path.rpartition("/")[2])
        return Answer(200, body, {}, "text/plain") if body is not None else Answer(404, b"no", {}, "text/plain")

    @property
    def url(self) -> str:
        return self.wire.url

    def secrets(self) -> list[str]:
        """Requests that carried anything like a credential."""
        return [
            asked.target
            for asked in self.wire.met
            if TOKEN in asked.target
            or any(TOKEN in value for value in asked.headers.values())
            or "authorization" in asked.headers
        ]


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.wire.close()
