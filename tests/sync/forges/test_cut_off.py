"""A sync of GitHub or CodeArts that is killed anywhere goes on from there: the same rows, once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

from dashlib.demo import codearts, github
from dashlib.demo.staged import Staged
from tests.forked import Command
from tests.sync.forges.world import FAST, SINCE, Arts, Hub, synced
from tests.sync.world import everything

_ROOT = Path(__file__).resolve().parents[3]


def started(environment: dict[str, str]) -> Command:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    environment = kept | environment | {"DASH_CALLS_PER_MINUTE": str(FAST)}
    return Command(["sync", "--since", SINCE.isoformat(), "--json"], _ROOT, environment)


def killed_and_resumed(server: Staged, environment: dict[str, str], most: int, at_least: int) -> None:
    dice = random.Random(20261121)
    deaths = 0
    for _ in range(5):
        process = started(environment)
        calls = len(server.asked) + dice.randrange(1, most)
        deadline = time.monotonic() + 30
        while process.poll() is None and len(server.asked) < calls and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deaths += process.returncode == -signal.SIGKILL
    assert deaths >= at_least
    last = started(environment)
    _, said = last.communicate(timeout=120)
    assert last.returncode == 0, said


def test_github_killed_at_five_moments(hub: Hub, empty_database: Path, tmp_path: Path) -> None:
    calm, killed = tmp_path / "calm.duckdb", tmp_path / "killed.duckdb"
    assert synced(hub.settings(calm), concluded=True).errors == []
    environment = {
        "DASH_GITHUB_URL": hub.url, "DASH_GITHUB_TOKEN": github.TOKEN, "DASH_GITHUB_REPOSITORIES": "*",
        "DASH_DATABASE": str(killed),
    }  # fmt: skip
    shutil.copyfile(empty_database, killed)
    killed_and_resumed(hub.server, environment, 40, 3)
    assert everything(killed) == everything(calm)


def test_codearts_killed_at_five_moments(arts: Arts, empty_database: Path, tmp_path: Path) -> None:
    calm, killed = tmp_path / "calm.duckdb", tmp_path / "killed.duckdb"
    settings = arts.settings(calm)
    assert synced(settings, concluded=True).errors == []
    environment = {
        "DASH_CODEARTS_URL": arts.url, "DASH_CODEARTS_TOKEN": codearts.TOKEN, "DASH_DATABASE": str(killed),
        "DASH_CODEARTS_REPOSITORIES": " ".join(map(str, settings.codearts_repositories)),
    }  # fmt: skip
    shutil.copyfile(empty_database, killed)
    killed_and_resumed(arts.server, environment, 6, 1)
    assert everything(killed) == everything(calm)
