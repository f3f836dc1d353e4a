"""Who calls the analysis: the command, the background sync, the app when it starts; and what an old file becomes."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import pytest

from dashlib import conclusions
from dashlib.commands import sync as command
from dashlib.failures import tables as failure_tables
from dashlib.failures.analyse import Progress
from dashlib.failures.rulebook import RULES_VERSION
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.store.database import TABLES
from dashlib.sync import background as module
from dashlib.sync.background import BackgroundSync
from dashlib.sync.run import Report, Request
from tests.queries.build import Builder
from tests.recognise.logs import PYTEST
from tests.sync.world import rows, running_gitlab, settings_for


def failed(built: Builder) -> int:
    job = built.job(built.pipeline(status="failed"), status="failed")
    built.trace(job, PYTEST)
    return job


def eventually(built: Builder, sql: str, expected: Any) -> None:
    deadline = time.monotonic() + 120
    while (found := built.rows(sql)) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_a_background_sync_ends_with_the_reasons(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    stages: list[str | None] = []
    sync = BackgroundSync(Settings(database=built.store.path), built.store)

    def synced(*_: Any, **__: Any) -> Report:
        failed(built)
        return Report(0, 0.0, {}, [])

    monkeypatch.setattr(module, "sync", synced)
    explained = sync._explained

    def noted(progress: Progress) -> None:
        explained(progress)
        stages.append(sync.state().stage)

    monkeypatch.setattr(sync, "_explained", noted)
    sync.run(Request())
    assert built.rows("select state, rules_version from failures") == [
        {"state": "explained", "rules_version": RULES_VERSION}
    ]
    assert stages == ["reasons"]
    sync.stop()


def test_reasons_are_there_while_the_sync_still_reads(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = BackgroundSync(Settings(database=built.store.path), built.store)

    def synced(*_: Any, **__: Any) -> Report:
        job = failed(built)
        eventually(built, "select job_id, state from failures", [{"job_id": job, "state": "explained"}])
        return Report(0, 0.0, {}, [])

    monkeypatch.setattr(module, "sync", synced)
    sync.run(Request())
    sync.stop()


def test_the_command_ends_with_the_reasons(tmp_path: Path) -> None:
    arguments = argparse.Namespace(since=None, project=[], full=False, json=True)
    with running_gitlab(repos=4, days=5) as gitlab:
        command.run(arguments, settings_for(gitlab, tmp_path / "dashboard.duckdb", window_days=5))
    states = [state for (state,) in rows(tmp_path / "dashboard.duckdb", "select state from job_failures")]
    assert states and "not_analysed" not in states


def test_the_app_explains_what_is_stored_when_it_starts_even_without_a_token(built: Builder) -> None:
    job = failed(built)
    sync = BackgroundSync(Settings(database=built.store.path), built.store)
    sync.start()
    eventually(built, "select job_id from failures", [{"job_id": job}])
    sync.stop()


def test_an_analysis_that_fails_takes_nothing_from_the_sync(
    built: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    report = Report(7, 0.0, {}, [])
    monkeypatch.setattr(module, "sync", lambda *_, **__: report)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("disk gone")

    monkeypatch.setattr(conclusions, "analyse", broken)
    sync = BackgroundSync(Settings(database=built.store.path), built.store)
    assert sync.run(Request()) is report
    assert "could not be brought up to date" in caplog.text
    sync.stop()


def test_a_database_of_the_release_before_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        job = failed(built)
        # The release before had neither the tables nor the views over them.
        names = [table.name for table in failure_tables.TABLES]
        store._writer.run(lambda connection: [connection.execute(sql) for sql in old(connection, names)]).result()
    with open_store(path) as store:
        built = Builder(store)
        held = {row["table_name"] for row in built.rows("select table_name from duckdb_tables()")}
        assert {table.name for table in TABLES} <= held
        assert built.rows("select job_id, state, log from job_failures") == [
            {"job_id": job, "state": "not_analysed", "log": "stored"}
        ]
        built.failure(job, "sig")
        assert built.rows("select signature from failure_signatures") == [{"signature": "sig"}]


def old(connection: Any, names: list[str]) -> list[str]:
    """Statements that make a file as it was before there were reasons."""
    views = [
        name for (name,) in connection.execute("select view_name from duckdb_views() where not internal").fetchall()
    ]
    gone = [f'drop view "{name}"' for name in views] + [f"drop table {name}" for name in names]
    return [*gone, "delete from bookkeeping.meta where name = 'views'"]
