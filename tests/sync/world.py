"""A small company on a simulated GitLab, and what a sync of it must bring."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from dashlib import conclusions
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.serve import serving
from dashlib.demo.world import World
from dashlib.people import tables as people_tables
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.store.database import TABLES
from dashlib.sync.context import Problem
from dashlib.sync.run import Report, Request, sync

END = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SINCE = date(2026, 11, 7)

Tables: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""All rows by the name of their table."""


@dataclass
class GitLab:
    """A running simulated GitLab: its world, its faults, its record of calls."""

    url: str
    world: World
    faults: Faults
    calls: list[Any]


@contextmanager
def running_gitlab(repos: int = 10, days: int = 14) -> Iterator[GitLab]:
    world, faults = World(7, END, repos=repos, days=days), Faults()
    app = create_app(world, faults=faults)
    with serving(app) as url:
        yield GitLab(url, world, faults, app.state.calls)


@dataclass
class Calm:
    """A company in which nothing moves: what an undisturbed sync of it brought."""

    database: Path
    report: Report
    tables: Tables

    def copied(self, to: Path) -> Path:
        """A database of one's own that holds the first sync."""
        shutil.copyfile(self.database, to)
        return to


@dataclass
class Steady(Calm):
    """The same on GitLab, and what it was asked for."""

    gitlab: GitLab
    calls: list[Any]


@contextmanager
def steady_company(database: Path, repos: int = 10) -> Iterator[Steady]:
    with running_gitlab(repos=repos) as gitlab:
        report = synced(gitlab, database)
        assert not unexpected(gitlab, report)
        yield Steady(database, report, everything(database), gitlab, list(gitlab.calls))


def settings_for(gitlab: GitLab, database: Path, **more: Any) -> Settings:
    values: dict[str, Any] = {"projects": ("*",), "green_logs": 0} | more
    return Settings(gitlab_url=gitlab.url, gitlab_token=READ_TOKEN, database=database, **values)


def synced(
    gitlab: GitLab, database: Path, request: Request | None = None, *, concluded: bool = False, **more: Any
) -> Report:
    """One sync of the simulated GitLab; see ``run``."""
    return run(settings_for(gitlab, database, **more), request or Request(since=SINCE), concluded=concluded)


def run(settings: Settings, request: Request, *, concluded: bool = False) -> Report:
    """One sync; ``concluded``: with the nights, persons and reasons that follow from it."""
    with open_store(settings.database) as store:
        report = sync(settings, store, request)
        if concluded:
            conclusions.draw(store, settings)
        return report


def unexpected(gitlab: GitLab, report: Report) -> list[Problem]:
    """Errors beside those of projects whose CI is off: that is recorded against them."""
    off = {project.path for project in gitlab.world.projects if not project.ci}
    return [error for error in report.errors if error.project not in off or "CI/CD is off" not in error.message]


@contextmanager
def reading(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What a sync has left behind, only looked at: opening the store costs ten times as much."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def rows(database: Path, statement: str) -> list[tuple[Any, ...]]:
    with reading(database) as reader:
        return reader.execute(statement).fetchall()


def everything(database: Path) -> Tables:
    """All rows of all data tables; ``loads`` is bookkeeping, and who is who depends on who was known first."""
    names = [
        table.name
        for table in TABLES
        if table.schema == "main" and table.name != "loads" and table not in people_tables.TABLES
    ]
    with reading(database) as reader:
        return {name: sorted(reader.execute(f"select * from {name}").fetchall(), key=repr) for name in names}
