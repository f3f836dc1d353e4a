"""All forges that are set up in one sync: one report, one load each, and none that stops the others."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dashlib.settings import Settings, SettingsError
from dashlib.store import open_store
from dashlib.sync.background import BackgroundSync
from dashlib.sync.run import Request, sync
from tests.sync.forges.world import SINCE, Arts, Hub, synced
from tests.sync.unit.small_server import Answer, small_server
from tests.sync.world import rows

PROJECT = {"id": 1, "path_with_namespace": "fjordlys/beacon", "name": "beacon", "created_at": "2026-01-01T00:00:00Z"}


def both(hub: Hub, arts: Arts, database: Path) -> Settings:
    ours, theirs = hub.settings(database), arts.settings(database)
    return replace(
        ours, codearts_url=theirs.codearts_url, codearts_token=theirs.codearts_token,
        codearts_repositories=theirs.codearts_repositories,
    )  # fmt: skip


def test_every_forge_that_is_set_up(hub: Hub, arts: Arts, tmp_path: Path) -> None:
    with small_server(lambda asked: Answer([PROJECT] if asked.path.endswith("/projects") else [])) as gitlab:
        settings = replace(both(hub, arts, tmp_path / "all.duckdb"), gitlab_url=gitlab.url, gitlab_token="canary")
        report = synced(settings)
    assert report.errors == []
    told = json.loads(report.as_json())
    assert set(told) == {"calls", "seconds", "rows", "errors"}
    loads = rows(settings.database, "select source, calls, rows, complete from loads order by source")
    assert [(source, complete) for source, _, _, complete in loads] == [
        ("codearts", True), ("github", True), ("gitlab", True),
    ]  # fmt: skip
    assert report.calls == sum(calls for _, calls, _, _ in loads)
    assert sum(report.rows.values()) == sum(count for _, _, count, _ in loads)
    assert rows(settings.database, "select source from projects group by all order by all") == [
        ("codearts",), ("github",), ("gitlab",),
    ]  # fmt: skip
    assert rows(settings.database, "select source from source_freshness order by 1") == [
        ("codearts",), ("github",), ("gitlab",),
    ]  # fmt: skip


def test_one_that_fails_stops_no_other(hub: Hub, arts: Arts, tmp_path: Path) -> None:
    settings = replace(both(hub, arts, tmp_path / "one.duckdb"), github_token="ghp_revoked")
    report = synced(settings)
    assert [(error.source, error.project) for error in report.errors] == [("github", None)]
    assert json.loads(report.as_json())["errors"][0]["source"] == "github"
    assert rows(settings.database, "select source, complete from loads order by 1") == [
        ("codearts", True), ("github", False),
    ]  # fmt: skip
    assert rows(settings.database, "select count(*) from events")[0][0] > 0


def test_one_of_them(hub: Hub, arts: Arts, tmp_path: Path) -> None:
    settings = both(hub, arts, tmp_path / "one.duckdb")
    synced(settings, Request(since=SINCE, sources=("codearts",)))
    assert hub.server.asked == []
    assert rows(settings.database, "select source from loads") == [("codearts",)]


def test_a_glob_that_one_of_them_knows_is_no_error_of_the_others(hub: Hub, arts: Arts, tmp_path: Path) -> None:
    settings = both(hub, arts, tmp_path / "glob.duckdb")
    number = settings.codearts_repositories[0]
    assert synced(settings, Request(since=SINCE, only=(str(number),))).errors == []
    [error] = synced(settings, Request(since=SINCE, only=("nobody/*",))).errors
    assert "no project matches nobody/*" in error.message


def test_what_is_not_set_up_is_told(tmp_path: Path) -> None:
    with open_store(tmp_path / "none.duckdb") as store:
        for sources, told in (
            ((), "GITLAB_ACCESS_TOKEN"), (("github",), "DASH_GITHUB_TOKEN"), (("codearts",), "DASH_CODEARTS_URL"),
        ):  # fmt: skip
            with pytest.raises(SettingsError, match=told):
                sync(Settings(), store, Request(sources=sources))
        with pytest.raises(SettingsError, match="CodeArts is not set up"):
            sync(Settings(codearts_token="x", github_token="y"), store, Request(sources=("codearts",)))


def test_the_timer_reads_them_all(hub: Hub, arts: Arts, tmp_path: Path) -> None:
    settings = replace(both(hub, arts, tmp_path / "timer.duckdb"), sync_minutes=60.0, window_days=3)
    with open_store(settings.database) as store:
        background = BackgroundSync(settings, store)
        background.start()
        try:
            deadline = time.monotonic() + 120
            while len(_loads(store)) < 2:
                assert time.monotonic() < deadline, "it never came to that"
                time.sleep(0.05)
        finally:
            background.stop()
        assert _loads(store) == [("codearts", "timer", True), ("github", "timer", True)]


def _loads(store: object) -> list[tuple[str, str, bool]]:
    reader = store.reader()  # type: ignore[attr-defined]
    found: list[tuple[str, str, bool]] = reader.execute(
        "select source, trigger, complete from loads where finished_at is not null order by 1"
    ).fetchall()
    return found


def test_certificates_that_are_not_there(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    [error] = synced(hub.settings(tmp_path / "ca.duckdb")).errors
    assert (error.source, error.project) == ("github", None)
    assert "cannot be asked" in error.message
