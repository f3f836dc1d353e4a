"""The ledger is kept at the start of the app and after every sync, in the app and from the shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib import runtime
from dashlib import settings as settings_module
from dashlib.commands import sync as sync_command
from dashlib.settings import SettingsError
from dashlib.store import open_store
from dashlib.sync.background import BackgroundSync
from dashlib.sync.run import Request
from tests.nightlies.rows import DAY, now, schedule
from tests.queries.build import Builder
from tests.sync.world import GitLab, running_gitlab, settings_for


@pytest.fixture(scope="module")
def gitlab() -> Iterator[GitLab]:
    with running_gitlab(repos=3, days=14) as running:
        yield running


def slots(built: Builder) -> int:
    return int(built.rows("select count(*) as n from schedule_slots")[0]["n"])


def test_at_the_start_of_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dashboard.duckdb"
    with open_store(path) as store:
        Builder(store).project()
        schedule(Builder(store), created_at=now() - 3 * DAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASH_DATABASE", str(path))
    monkeypatch.setenv("DASH_LATE_HOURS", "0.5")
    try:
        built = Builder(runtime.runtime().store)
        assert slots(built) >= 4
        assert built.rows("select late_after() as hours") == [{"hours": DAY / 48}]
    finally:
        runtime.close()


@pytest.mark.parametrize("text", ["soon", "-1", "169"])
def test_hours_that_cannot_be_used(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DASH_LATE_HOURS must be"):
        settings_module.load({"DASH_LATE_HOURS": text}, tmp_path)


def test_after_a_sync_of_the_command(gitlab: GitLab, tmp_path: Path) -> None:
    settings = settings_for(gitlab, tmp_path / "dashboard.duckdb", window_days=30)
    sync_command.run(argparse.Namespace(since=None, project=[], full=False, json=True), settings)
    with open_store(settings.database) as store:
        assert slots(Builder(store)) > 10


def test_after_a_sync_of_the_app(gitlab: GitLab, tmp_path: Path) -> None:
    settings = settings_for(gitlab, tmp_path / "dashboard.duckdb", window_days=30)
    with open_store(settings.database) as store:
        BackgroundSync(settings, store).run(Request())
        assert slots(Builder(store)) > 10
