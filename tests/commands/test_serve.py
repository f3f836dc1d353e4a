"""``serve`` as a person starts and ends it: the address on stdout, Ctrl-C, a terminal that closes, ``kill -9``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.commands.shell import ROOT, Shell


def started(shell: Shell, *words: str) -> tuple[subprocess.Popen[str], str]:
    """The command in a process group of its own, as a terminal has it, and the address it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    # A shell starts what runs in its background deaf to Ctrl-C, and so would the test's own process be.
    process = subprocess.Popen(
        ["env", "--default-signal=INT,HUP", sys.executable, "-m", "dashlib", *(words or ("serve",)), "--port", "0"],
        cwd=shell.folder, env=kept | {"PYTHONPATH": str(ROOT), "HOME": str(shell.folder)}, process_group=0,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, next(line.strip() for line in process.stdout if line.startswith("http"))


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
