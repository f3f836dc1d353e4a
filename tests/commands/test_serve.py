"""``serve`` as a person starts and ends it: the address on stdout, Ctrl-C, a terminal that closes, ``kill -9``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from dashlib.commands import serve
from dashlib.settings import Settings
from dashlib.store import DatabaseInUse
from tests.commands.shell import ROOT, Shell


def begun(shell: Shell, *words: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal has it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    # A shell starts what runs in its background deaf to Ctrl-C, and so would the test's own process be.
    return subprocess.Popen(
        ["env", "--default-signal=INT,HUP", sys.executable, "-m", "dashlib", *(words or ("serve",)), "--port", "0"],
        cwd=shell.folder, env=kept | {"PYTHONPATH": str(ROOT), "HOME": str(shell.folder)}, process_group=0,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def address_of(process: subprocess.Popen[str]) -> str:
    """The address that it prints when it serves."""
    assert process.stdout is not None
    return next(line.strip() for line in process.stdout if line.startswith("http"))


def started(shell: Shell, *words: str) -> tuple[subprocess.Popen[str], str]:
    """The command and the address it printed."""
    process = begun(shell, *words)
    return process, address_of(process)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_it_ends_in_order_and_says_nothing(shell: Shell, how: signal.Signals) -> None:
    process, address = started(shell)
    assert requests.get(f"{address}/healthz", timeout=10).status_code == 200
    os.killpg(process.pid, how)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/healthz", timeout=10)
    assert not list(Path(shell.folder, "data").glob("*.app")), "the next command opens the database itself"


@pytest.mark.parametrize("words", [("serve",), ("demo", "--repos", "1", "--days", "2")], ids=lambda words: words[0])
def test_what_it_started_ends_with_it_even_when_it_is_killed(shell: Shell, words: tuple[str, ...]) -> None:
    process, address = started(shell, *words)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    # At first another one may still explain logs.
    assert len(children) >= {"serve": 1, "demo": 2}[words[0]]
    process.kill()
    process.communicate(timeout=60)  # until the last of them has let go of the pipes
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/healthz", timeout=10)
    assert not list(Path(shell.folder, "data").glob("*.app")), "it stopped in order"
    wanted = ("sql", "select count(*) as n from projects")
    database = Path("data", "demo.duckdb" if words[0] == "demo" else "dashboard.duckdb")
    assert shell(*wanted, DASH_DATABASE=str(database)).code == 0, "the database is not locked"


HOLDER = """
import sys
from pathlib import Path
from dashlib.store import open_store
with open_store(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(database: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the database until its stdin is closed."""
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        yield holder


def test_it_waits_until_the_database_is_let_go(shell: Shell) -> None:
    """The child of a ``serve`` that was killed stops in order, which takes it seconds."""
    with held(shell.folder / "data" / "dashboard.duckdb") as holder:
        process = begun(shell)
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("waiting 15 seconds at most: The database ")
        assert f" is in use by process {holder.pid}. " in said
    try:
        assert requests.get(f"{address_of(process)}/healthz", timeout=10).status_code == 200
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert err == "", "it is told once"


def test_it_does_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error is the one that every command gives; it is told once what is waited for."""
    monkeypatch.setattr(serve, "_RELEASE_SECONDS", 0.5)
    monkeypatch.setattr(serve, "_RETRY_SECONDS", 0.01)
    database = tmp_path / "x.duckdb"
    with held(database) as holder, pytest.raises(DatabaseInUse, match=f"in use by process {holder.pid}. Stop it"):
        serve.run(argparse.Namespace(host="127.0.0.1", port=0), Settings(database=database))
    assert capsys.readouterr().err.count("waiting") == 1


def test_the_second_of_two_that_start_together_says_that_one_runs(shell: Shell) -> None:
    both = [begun(shell), begun(shell)]
    while all(process.poll() is None for process in both):
        time.sleep(0.05)
    first, second = sorted(both, key=lambda process: process.poll() is not None)
    try:
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out) == (1, "")
        assert err == f"error: the dashboard runs already at {address_of(first)}\n"
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
