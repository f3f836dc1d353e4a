"""The demo company on a simulated GitHub and a simulated CodeArts, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from dashlib.demo import codearts, github
from dashlib.demo.serve import serving
from dashlib.demo.staged import Asked, Staged
from dashlib.demo.world import World
from dashlib.settings import Settings
from dashlib.sync.run import Report, Request
from tests.sync.world import END, Calm, everything, run

SINCE = date(2026, 11, 16)
FAST = 1_000_000
"""Calls a minute: nothing is saved up on loopback."""


@dataclass
class Hub:
    """A running simulated GitHub."""

    url: str
    server: github.GitHub
    world: World

    def settings(self, database: Path, **more: Any) -> Settings:
        values: dict[str, Any] = {"github_repositories": ("*",), "calls_per_minute": FAST} | more
        return Settings(github_url=self.url, github_token=github.TOKEN, database=database, **values)


@dataclass
class Arts:
    """A running simulated CodeArts."""

    url: str
    server: codearts.CodeArts
    world: World

    def settings(self, database: Path, **more: Any) -> Settings:
        ids = tuple(project.id for project in self.world.projects[:4])
        values: dict[str, Any] = {"codearts_repositories": ids, "calls_per_minute": FAST} | more
        return Settings(codearts_url=self.url, codearts_token=codearts.TOKEN, database=database, **values)


@contextmanager
def on_stage(staged: Staged) -> Iterator[str]:
    with serving(Starlette(routes=[Mount("/", app=staged)])) as url:
        yield url


@contextmanager
def running_hub(repos: int = 4, days: int = 5) -> Iterator[Hub]:
    world = World(7, END, repos=repos, days=days)
    server = github.GitHub(world=world)
    with on_stage(server) as url:
        yield Hub(url, server, world)


@contextmanager
def running_arts(repos: int = 4, days: int = 8) -> Iterator[Arts]:
    world = World(7, END, repos=repos, days=days)
    server = codearts.CodeArts(world=world)
    with on_stage(server) as url:
        yield Arts(url, server, world)


def synced(settings: Settings, request: Request | None = None, *, concluded: bool = False) -> Report:
    """One sync of whatever the settings choose; see ``run``."""
    return run(settings, request or Request(since=SINCE), concluded=concluded)


@dataclass
class SteadyHub(Calm):
    """A company on GitHub in which nothing moves, and what it was asked for."""

    hub: Hub
    asked: list[Asked]

    def settings(self, to: Path) -> Settings:
        """Settings with a database of one's own that holds the first sync."""
        return self.hub.settings(self.copied(to))


@contextmanager
def steady_hub(database: Path) -> Iterator[SteadyHub]:
    with running_hub() as hub:
        report = synced(hub.settings(database))
        assert report.errors == []
        yield SteadyHub(database, report, everything(database), hub, list(hub.server.asked))
