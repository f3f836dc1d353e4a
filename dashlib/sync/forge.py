"""The forges that can be read, as data: what asks each, where its tasks begin, and its words for what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import duckdb

from dashlib.settings import Settings
from dashlib.sync import context as shared
from dashlib.sync import doubts
from dashlib.sync.budget import Budget
from dashlib.sync.client import Client
from dashlib.sync.codearts import events as codearts
from dashlib.sync.context import Context
from dashlib.sync.loop import Task
from dashlib.sync.steps import green_logs, linked_issues, projects

Begin = Callable[[Context], list[Task]]


def _nothing(_: Context) -> list[Task]:
    return []


@dataclass(frozen=True)
class Source:
    """One forge. ``open`` makes its client (from a connection that tells what is known), ``first`` are its first tasks,
    ``last`` what follows when those are done. ``missing`` says what to set where it is not set up, ``none`` what to do
    where it shows nothing. ``chosen`` are the settings' words for what of it is read.
    """

    name: str
    missing: str
    none: str
    open: Callable[[Settings, threading.Event, duckdb.DuckDBPyConnection], shared.Forge]
    first: Begin
    chosen: Callable[[Settings], tuple[str, ...]]
    explain: Callable[[Settings, str, Exception, bool], str] | None = None
    last: Begin = _nothing

    def explained(self, settings: Settings) -> Callable[[str, Exception, bool], str] | None:
        """What tells an error of this source as a sentence; None where the usual words do."""
        return None if self.explain is None else partial(self.explain, settings)


def _open_gitlab(settings: Settings, stop: threading.Event, _: duckdb.DuckDBPyConnection) -> shared.Forge:
    assert settings.gitlab_token is not None
    budget = Budget(settings.calls_per_minute, stop)
    return Client(settings.gitlab_url, settings.gitlab_token, budget, settings.timeout_seconds, settings.requests)


def _open_github(settings: Settings, stop: threading.Event, reader: duckdb.DuckDBPyConnection) -> shared.Forge:
    # githubkit takes a fifth of a second to import: only where there is a GitHub.
    from dashlib.sync.github import limits, plan  # noqa: PLC0415
    from dashlib.sync.github.client import GitHubClient  # noqa: PLC0415

    assert settings.github_token is not None
    budget = limits.GitHubBudget(settings.calls_per_minute or limits.CALLS_PER_MINUTE, stop)
    known = dict(reader.execute("select path, etag from bookkeeping.etags where source = 'github'").fetchall())
    return GitHubClient(
        plan.api(settings.github_url), settings.github_token, budget, settings.timeout_seconds, settings.requests,
        etags=known,
    )  # fmt: skip


def _open_codearts(settings: Settings, stop: threading.Event, _: duckdb.DuckDBPyConnection) -> shared.Forge:
    from dashlib.sync.codearts.client import CodeArtsClient  # noqa: PLC0415 - httpx, as above

    assert settings.codearts_token is not None
    budget = Budget(settings.calls_per_minute, stop, forge="CodeArts")
    return CodeArtsClient(
        settings.codearts_url, settings.codearts_token, budget, settings.timeout_seconds, settings.requests
    )


def _github(context: Context) -> list[Task]:
    from dashlib.sync.github import repositories  # noqa: PLC0415 - as above

    return repositories.start(context)


def _github_words(settings: Settings, resource: str, error: Exception, whole: bool) -> str:
    from dashlib.sync.github.words import explained  # noqa: PLC0415 - as above

    return explained(settings, resource, error, whole)


def _after_gitlab(context: Context) -> list[Task]:
    return [*doubts.first(context), *linked_issues.first(context), *green_logs.first(context)]


GITLAB = Source(
    "gitlab",
    "GITLAB_ACCESS_TOKEN is not set: make a token with scope read_api, or try `make demo`",
    "the token's user is a member of no project; set DASH_PROJECTS",
    _open_gitlab,
    projects.start,
    lambda settings: (*settings.projects, *settings.groups),
    last=_after_gitlab,
)
GITHUB = Source(
    "github",
    "DASH_GITHUB_TOKEN is not set: make a token with read access to metadata, contents and actions",
    "the token shows no repository; set DASH_GITHUB_REPOSITORIES",
    _open_github,
    _github,
    lambda settings: settings.github_repositories,
    explain=_github_words,
)
CODEARTS = Source(
    "codearts",
    "CodeArts is not set up: set DASH_CODEARTS_URL, DASH_CODEARTS_TOKEN and DASH_CODEARTS_REPOSITORIES",
    "no repository is named; set DASH_CODEARTS_REPOSITORIES",
    _open_codearts,
    codearts.start,
    lambda settings: tuple(map(str, settings.codearts_repositories)),
    explain=codearts.explained,
)
SOURCES = {source.name: source for source in (GITLAB, GITHUB, CODEARTS)}
"""Every forge that can be read, by name; in this order."""
