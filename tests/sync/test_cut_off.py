"""A sync that is cut off anywhere goes on from there: no holes, no doubles, the same rows as one that was not."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib import conclusions
from dashlib.demo.company import ARCHIVED
from dashlib.demo.gitlab import READ_TOKEN
from dashlib.store import open_store
from dashlib.sync.run import Request, sync
from tests.forked import Command
from tests.sync.world import (
    SINCE,
    GitLab,
    Steady,
    Tables,
    everything,
    running_gitlab,
    settings_for,
    steady_company,
    synced,
    unexpected,
)

_ROOT = Path(__file__).resolve().parents[2]


def started(gitlab: GitLab, database: Path) -> Command:
    environment = {
        **os.environ,
        "GITLAB_URL": gitlab.url,
        "GITLAB_ACCESS_TOKEN": READ_TOKEN,
        "DASH_DATABASE": str(database),
        "DASH_PROJECTS": "*",
        # How many green logs are read depends on how many calls the sync before made.
        "DASH_GREEN_LOGS": "0",
    }
    return Command(["sync", "--since", SINCE.isoformat(), "--json"], _ROOT, environment)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steady]:
    with steady_company(tmp_path_factory.mktemp("calm") / "calm.duckdb", repos=4) as steady:
        yield steady


def test_killed_at_six_moments_then_once_more(steady: Steady, tmp_path: Path) -> None:
    gitlab, killed = steady.gitlab, tmp_path / "killed.duckdb"
    undisturbed = steady.copied(tmp_path / "undisturbed.duckdb")
    with open_store(undisturbed) as store:
        conclusions.draw(store, settings_for(gitlab, undisturbed))
    dice = random.Random(20261121)
    deaths = 0
    for _ in range(6):
        process = started(gitlab, killed)
        calls = len(gitlab.calls) + dice.randrange(0, 50)
        deadline = time.monotonic() + 30
        while process.poll() is None and len(gitlab.calls) < calls and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(dice.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deaths += process.returncode == -signal.SIGKILL
    assert deaths >= 3
    last = started(gitlab, killed)
    _, said = last.communicate(timeout=120)
    assert last.returncode in (0, 1), said
    assert everything(killed) == everything(undisturbed)


@pytest.mark.parametrize(
    "kind", ["reset", "cut_short", "bad_gateway", "unavailable", "broken_json", "too_many", "server_error"]
)
def test_faults_cost_time_not_rows(steady: Steady, tmp_path: Path, kind: str) -> None:
    gitlab, stormy = steady.gitlab, tmp_path / "stormy.duckdb"
    rule = gitlab.faults.add(kind, path=r"^(?!.*trace)", every=6, times=25)  # type: ignore[arg-type]
    assert not unexpected(gitlab, synced(gitlab, stormy))
    gitlab.faults.clear()
    assert rule.hits > 3
    assert everything(stormy) == steady.tables


def test_stopped_by_a_person(steady: Steady, tmp_path: Path) -> None:
    """Ctrl-C ends the sync at its next page; the next one goes on."""
    gitlab, stopped = steady.gitlab, tmp_path / "stopped.duckdb"
    stop = threading.Event()
    asked = len(gitlab.calls)
    with open_store(stopped) as store:
        watch = threading.Thread(target=lambda: _stop_after(gitlab, asked + 25, stop))
        watch.start()
        report = sync(settings_for(gitlab, stopped), store, Request(since=SINCE), stop=stop)
        watch.join()
    assert "stopped" in report.errors[0].message
    assert not unexpected(gitlab, synced(gitlab, stopped))
    assert everything(stopped) == steady.tables


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitLab, Tables]]:
    """One repository that is archived, and what an undisturbed sync of it brings."""
    calm = tmp_path_factory.mktemp("archive") / "calm.duckdb"
    with running_gitlab(repos=14) as gitlab:
        assert not synced(gitlab, calm, projects=(ARCHIVED,)).errors
        whole = everything(calm)
        assert whole["projects"] and whole["jobs"] and whole["traces"]
        yield gitlab, whole


@pytest.mark.parametrize("calls", range(1, 12))
def test_an_archive_that_was_not_read_to_its_end_is_gone_on_with(
    archive: tuple[GitLab, Tables], tmp_path: Path, calls: int
) -> None:
    """Stopped at each of its first calls: its list of pipelines may be complete when its jobs and logs are not."""
    gitlab, whole = archive
    stopped, stop = tmp_path / "stopped.duckdb", threading.Event()
    asked = len(gitlab.calls)
    watch = threading.Thread(target=lambda: _stop_after(gitlab, asked + calls, stop))
    watch.start()
    with open_store(stopped) as store:
        settings = settings_for(gitlab, stopped, projects=(ARCHIVED,))
        sync(settings, store, Request(since=SINCE), stop=stop)
        stop.set()
        watch.join()
        assert not sync(settings, store, Request(since=SINCE)).errors
    assert everything(stopped) == whole
    asked = len(gitlab.calls)
    assert not synced(gitlab, stopped, projects=(ARCHIVED,)).errors
    read = [call for call in gitlab.calls[asked:] if "/jobs" in str(call) or "/pipelines" in str(call)]
    assert not read, "an archive that was read to its end is left alone"


def _stop_after(gitlab: GitLab, calls: int, stop: threading.Event) -> None:
    while len(gitlab.calls) < calls and not stop.is_set():
        time.sleep(0.002)
    stop.set()
