"""What ``doctor`` looks at besides GitLab: the tokens of GitHub and CodeArts, and what they show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import duckdb

from dashlib.settings import Settings
from dashlib.sync.asking import Asking
from dashlib.sync.budget import PauseTooLong
from dashlib.sync.client import Refused, Unreachable
from dashlib.sync.codearts import events as codearts
from dashlib.sync.context import Forge
from dashlib.sync.forge import CODEARTS, GITHUB, Source
from dashlib.sync.github import plan, words

Finding: TypeAlias = tuple[bool, str]
_TROUBLE = (Refused, Unreachable, PauseTooLong)


def findings(settings: Settings) -> Iterator[Finding]:
    """One finding per thing looked at; nothing where neither is set up."""
    quick = replace(settings, requests=1)
    if settings.github_token is not None:
        yield from _github(quick)
    if settings.codearts_token is not None or settings.codearts_repositories:
        yield from _codearts(quick)


def _open(source: Source, settings: Settings) -> Forge:
    """A client that gives up soon. What is stored of ETags must not answer here: it gets an empty database to ask."""
    with duckdb.connect() as nothing:
        nothing.execute("create schema bookkeeping; create table bookkeeping.etags (path text, etag text, source text)")
        client = source.open(settings, threading.Event(), nothing)
    if isinstance(client, Asking):
        client.tries = 2
    return client


def _github(settings: Settings) -> Iterator[Finding]:
    client = _open(GITHUB, settings)
    try:
        yield True, f"GitHub: {settings.github_url}, token of {_login(client)}"
        seen = None
        for query in plan.queries(settings.github_repositories):
            found, where = _repositories(client, query)
            seen = seen or next(iter(found), None)
            if found:
                yield True, f"GitHub repositories: {len(found)}{' or more' if len(found) >= 100 else ''} at {where}"
            else:
                yield False, f"GitHub repositories: none at {where}; check DASH_GITHUB_REPOSITORIES and the token"
        if seen is not None:
            client.page("pipelines", f"/repos/{seen}/actions/runs", {"per_page": 1})
            yield True, f"GitHub Actions: the runs of {seen} can be read"
    except _TROUBLE as error:
        yield False, f"GitHub: {words.explained(settings, 'token', error, whole=True)}"
    finally:
        client.close()


def _login(client: Forge) -> str:
    """Whose token it is; an app's has no user."""
    try:
        return str(client.object("user", "/user").get("login"))
    except Refused as refused:
        if refused.status != 403:
            raise
        return "an app"


def _repositories(client: Forge, query: plan.Query) -> tuple[list[str], str]:
    """Full names on the first page of a list, and where it is."""
    if query.single:
        return [str(client.object("projects", query.path).get("full_name"))], query.path
    try:
        page = client.page("projects", query.path, {**dict(query.params), "per_page": plan.PER_PAGE})
    except Refused as refused:
        if refused.status not in (403, 404) or not query.instead:
            raise
        return _repositories(client, query.instead[0])
    return [str(item.get("full_name")) for item in page.items if isinstance(item, dict)], query.path


def _codearts(settings: Settings) -> Iterator[Finding]:
    if CODEARTS.name not in settings.sources:
        yield False, CODEARTS.missing
        return
    client = _open(CODEARTS, settings)
    readable = 0
    try:
        for repository in settings.codearts_repositories:
            try:
                client.page("events", codearts.path(repository), {})
                readable += 1
            except Refused as refused:
                said = codearts.explained(settings, "events", refused, whole=False)
                if refused.status not in (403, 404):
                    yield False, f"CodeArts: {said}"
                    return
                yield False, f"CodeArts repository {repository}: {said}"
        if readable:
            yield True, f"CodeArts: {settings.codearts_url}, {readable} repositories can be read"
    except (Unreachable, PauseTooLong) as error:
        yield False, f"CodeArts: {codearts.explained(settings, 'events', error, whole=True)}"
    finally:
        client.close()
