"""The sync inside the serving process: never two at once, and never ended for good by one that went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashlib.receive.metrics import Metrics
from dashlib.settings import Settings
from dashlib.store import open_store, snapshot_path
from dashlib.sync.background import BackgroundSync, SyncRunning, SyncState
from dashlib.sync.run import Request
from tests.sync.unit.small_server import Answer, Asked, Respond, Small, small_server

PROJECT = {"id": 1, "path_with_namespace": "fjordlys/beacon", "name": "beacon", "created_at": "2026-01-01T00:00:00Z"}


def quiet(asked: Asked) -> Answer:
    """A GitLab with one project in which nothing ever happened."""
    return Answer([PROJECT] if asked.path.endswith("/projects") else [])


@contextmanager
def background(tmp_path: Path, respond: Respond, **other: Any) -> Iterator[tuple[BackgroundSync, Small]]:
    with open_store(tmp_path / "dashboard.duckdb") as store, small_server(respond) as server:
        values: dict[str, Any] = {"gitlab_url": server.url, "gitlab_token": "canary", "sync_minutes": 0.0} | other
        sync = BackgroundSync(Settings(**values), store)
        try:
            yield sync, server
        finally:
            sync.stop()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_one_sync(tmp_path: Path) -> None:
    with background(tmp_path, quiet) as (sync, _):
        report = sync.run(Request())
        assert report.errors == []
        assert report.rows["projects"] == 1
        assert not sync.state().running
        with duckdb.connect(str(snapshot_path(tmp_path / "dashboard.duckdb")), read_only=True) as left:
            assert left.execute("select path_with_namespace from projects").fetchall() == [("fjordlys/beacon",)]


def test_never_two_at_once(tmp_path: Path) -> None:
    go = threading.Event()

    def held(asked: Asked) -> Answer:
        return Answer([PROJECT], wait=go) if asked.path.endswith("/projects") else Answer([])

    with background(tmp_path, held) as (sync, server):
        assert sync.now()
        eventually(lambda: bool(server.asked))
        state = sync.state()
        assert (state.running, state.trigger) == (True, "button")
        assert not sync.now()
        with pytest.raises(SyncRunning, match="a sync is running already"):
            sync.run(Request())
        threading.Timer(0.3, go.set).start()
        assert sync.run(Request(), wait=True).errors == [], "whoever waits reads after the one under way"
        assert sum(asked.path.endswith("/projects") for asked in server.asked) == 2
        assert sync.now()


def test_a_limit_of_an_hour_ends_one_sync_not_all_of_them(tmp_path: Path) -> None:
    limit = Answer(b"Retry later", 429, {"RateLimit-Limit": "60", "RateLimit-Remaining": "0", "Retry-After": "3600"})
    with background(tmp_path, lambda _: limit) as (sync, server):
        report = sync.run(Request())
        assert ["60 minutes" in problem.message for problem in report.errors] == [True]
        server.respond = quiet
        assert sync.run(Request()).errors == []
        assert sync.now()


def test_without_a_token_there_is_nothing_to_start(tmp_path: Path) -> None:
    with background(tmp_path, quiet, gitlab_token=None, sync_minutes=1.0) as (sync, server):
        sync.start()
        assert not sync.now()
        assert sync.state().next_at is None
        assert server.asked == []


def test_the_timer_syncs_at_once_and_again(tmp_path: Path) -> None:
    with background(tmp_path, quiet, sync_minutes=0.001) as (sync, server):
        sync.start()
        eventually(lambda: server.paths().count("/api/v4/projects") > 2)


def test_stop_ends_a_sync_under_way(tmp_path: Path) -> None:
    def busy(_: Asked) -> Answer:
        return Answer(b"", 503)

    with background(tmp_path, busy) as (sync, server):
        assert sync.now()
        eventually(lambda: bool(server.asked))
        sync.stop()
        assert not sync.state().running
        assert not sync.now()


def test_a_defect_is_logged_and_the_next_sync_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    with background(tmp_path, quiet) as (sync, _):
        with monkeypatch.context() as patch:
            patch.setattr("dashlib.sync.background.sync", lambda *_, **__: 1 / 0)
            assert sync.now()
            eventually(lambda: "the background sync failed" in caplog.text)
        eventually(lambda: not sync.state().running)
        assert sync.run(Request()).errors == []


def test_what_is_left_of_each_forge_s_calls_is_told(tmp_path: Path) -> None:
    """GitLab and GitHub count apart; a sync that has not asked yet changes nothing that is known."""
    told = {"gitlab": {"RateLimit-Limit": "2000", "RateLimit-Remaining": "1999"}}
    told["github"] = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4321", "X-RateLimit-Resource": "core"}

    def answer(asked: Asked) -> Answer:
        of = "github" if asked.path.startswith("/api/v3") else "gitlab"
        return Answer([], 200, told[of])

    with background(tmp_path, answer, github_token="canary") as (sync, server):
        settings = replace(sync._settings, github_url=server.url)
        sync._settings = settings
        assert sync.budget_left() == {}
        sync.run(Request())
        assert sync.budget_left() == {"gitlab": 1999, "github": 4321}
        told["gitlab"]["RateLimit-Remaining"] = "7"
        sync.run(Request(sources=("gitlab",)))
        assert sync.budget_left() == {"gitlab": 7, "github": 4321}
        metrics = Metrics(sync._store.reader, sync.budget_left).text().decode()
        assert 'dashboard_api_calls_left{source="github"} 4321.0' in metrics
        assert 'dashboard_api_calls_left{source="gitlab"} 7.0' in metrics
        assert "dashboard_doubts 0.0" in metrics


def test_webhooks_doubts_are_asked_unless_syncs_are_off(tmp_path: Path) -> None:
    with background(tmp_path, quiet) as (sync, server):
        assert sync.ask_in_doubt() is False
        sync._state = SyncState(running=True)
        assert sync.ask_in_doubt() is False, "background syncs are off"
        sync._settings = replace(sync._settings, sync_minutes=10.0)
        assert sync.ask_in_doubt() is True, "the sync under way asks; afterwards it is looked at again"
        sync._state = SyncState()
        assert sync.ask_in_doubt() is False, "nothing is in doubt"
        assert server.asked == []
