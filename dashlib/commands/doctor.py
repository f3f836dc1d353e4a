"""``doctor``: settings, token, scopes, database, teams, webhooks, morning note: what is wrong, and how to mend it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

from dashlib import control
from dashlib import settings as settings_module
from dashlib.commands import doctor_app, say
from dashlib.commands import doctor_forges as forges
from dashlib.commands import doctor_report as report
from dashlib.commands import doctor_teams as teams
from dashlib.commands import doctor_webhooks as webhooks
from dashlib.commands.layout import visible
from dashlib.failures.rulebook import rulebook
from dashlib.settings import Settings, SettingsError
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import texts
from dashlib.store import StoreError, open_store
from dashlib.sync.budget import Budget, PauseTooLong
from dashlib.sync.client import Client, Refused, Unreachable
from dashlib.sync.plan import ProjectQuery, project_queries, quoted

Finding: TypeAlias = tuple[bool | None, str]
_WORDS = {True: "ok   ", None: "note ", False: "WRONG"}
_ENOUGH = frozenset({"api", "read_api"})


def add_arguments(_: argparse.ArgumentParser) -> None:
    """The command has no flags."""


def run(_: argparse.Namespace) -> int:
    """Print one line per thing looked at. Exit code 1 when anything is wrong; a note is not."""
    fine = True
    for good, text in _findings():
        say.out(f"{_WORDS[good]}  {text}")
        fine = fine and good is not False
    return say.DONE if fine else say.DONE_WITH_ERRORS


def _findings() -> Iterator[Finding]:
    try:
        yield from _unheard()
        settings = settings_module.load()
    except SettingsError as error:
        yield from ((False, wrong) for wrong in error.sentences)
        return
    yield True, f"settings: GitLab at {settings.gitlab_url}, time zone {settings.timezone}, logs {settings.logs}"
    app = doctor_app.running(settings)
    if app is not None:
        yield from app.differs(settings)
    yield from _database(settings)
    yield _rules()
    yield from teams.findings(settings, app)
    is_theirs = settings.gitlab_token is None and app is not None and app.has_token
    if not is_theirs and (settings.gitlab_token is not None or not settings.sources):
        yield from _gitlab(settings)
    yield from forges.findings(settings)
    yield from webhooks.findings(settings, app)
    yield report.finding(settings)


def _rules() -> Finding:
    try:
        return True, f"rules: {len(rulebook())} rules tell why a job failed"
    except ValueError as error:
        return False, f"rules: no job's reason can be read: {error}"


def _unheard() -> Iterator[Finding]:
    """A misspelt setting changes nothing and says nothing. Its value may be a secret, so only its name is told."""
    for one in settings_module.unheard(os.environ, Path.cwd()):
        if one.name == one.nearest:
            why = "is not read: settings stand above the first [table]"
        elif one.nearest is not None:
            why = f"is no setting: did you mean {one.nearest}?"
        else:
            why = "is no setting; the README lists them"
        yield False, f"settings: {visible(one.name)} in {visible(one.place)} {why}"


def _database(settings: Settings) -> Iterator[Finding]:
    app = control.running(settings.database)
    if app is not None:
        yield True, f"database: {settings.database}, in use by the dashboard at {app.address}"
        return
    fresh = not settings.database.exists()
    try:
        with open_store(settings.database) as store:
            count = store.reader().execute("select count(*) from projects").fetchone()
    except StoreError as error:
        yield False, f"database: {error}"
        return
    if fresh:
        settings.database.unlink(missing_ok=True)
        yield True, f"database: {settings.database} can be made; `python -m dashlib sync` fills it"
    else:
        yield True, f"database: {settings.database} with {count[0] if count else 0} projects"


def _gitlab(settings: Settings) -> Iterator[Finding]:
    if settings.gitlab_token is None:
        yield (
            False,
            "token: GITLAB_ACCESS_TOKEN is not set; make one with scope read_api at "
            + (f"{settings.gitlab_url}/-/user_settings/personal_access_tokens"),
        )
        return
    client = Client(settings.gitlab_url, settings.gitlab_token, Budget(), settings.timeout_seconds, 1, tries=2)
    for look in (_user, _scopes, _projects):
        try:
            yield from look(client, settings)
        except Refused as error:
            yield False, _refused(look, error, settings)
            return
        except (Unreachable, PauseTooLong) as error:
            yield (
                False,
                f"GitLab: {settings.gitlab_url} cannot be reached: {error}; check GITLAB_URL, proxy and certificate",
            )
            return


def _user(client: Client, _: Settings) -> Iterator[Finding]:
    user = client.object("user", "/user")
    version = client.object("version", "/version")
    yield True, f"GitLab: version {version.get('version', 'unknown')}, token of {user.get('username')}"


def _scopes(client: Client, _: Settings) -> Iterator[Finding]:
    try:
        token = client.object("token", "/personal_access_tokens/self")
    except Refused as error:
        if error.status != 404:
            raise
        yield True, "token: its scopes cannot be read here (older GitLab, or no personal access token)"
        return
    scopes = texts(token.get("scopes"))
    if not _ENOUGH & set(scopes):
        yield False, f"token: its scopes are {', '.join(scopes) or 'none'}; it needs read_api"
    else:
        yield True, f"token: scopes {', '.join(scopes)}"
    expires = stamps.day(token.get("expires_at"))
    if expires is not None and (expires - _today()).days < 14:
        yield False, f"token: expires on {expires}; make a new one before"


def _projects(client: Client, settings: Settings) -> Iterator[Finding]:
    for query in project_queries(settings.groups, settings.projects):
        yield from _asked_for(client, query)


def _asked_for(client: Client, query: ProjectQuery) -> Iterator[Finding]:
    """What one entry of DASH_PROJECTS or DASH_GROUPS leads to; an entry of nothing does not hide the others.

    What is no group may be a person's own namespace, which GitLab lists at another address.
    """
    try:
        if query.single:
            yield True, f"projects: {client.object('projects', query.path).get('path_with_namespace')} is visible"
            return
        page = client.page("projects", query.path, {**dict(query.params), "per_page": "100"})
    except Refused as error:
        if error.status != 404:
            raise
        if query.fallback and "/" not in query.name:
            yield from _asked_for(client, ProjectQuery(f"/users/{quoted(query.name)}/projects", (), query.name))
        else:
            wrong = f"there is no {query.name}, or the token may not see it; check DASH_PROJECTS, DASH_GROUPS"
            yield False, f"projects: {wrong}"
        return
    count = f"{len(page.items)}{' or more' if page.next else ''}"
    if page.items:
        yield True, f"projects: {count} at {query.path}"
    else:
        yield False, f"projects: none at {query.path}; set DASH_PROJECTS, or add the token's user to a group"


def _refused(look: Callable[..., Iterator[Finding]], error: Refused, settings: Settings) -> str:
    if error.status == 401:
        return f"token: {settings.gitlab_url} does not accept it ({error.message}); make a new one with scope read_api"
    if look is _user and error.status in (301, 404):
        return f"GitLab: nothing at {settings.gitlab_url} answers as a GitLab ({error.message}); check GITLAB_URL"
    what = {"_user": "GitLab", "_scopes": "token", "_projects": "projects"}[look.__name__]
    return f"{what}: {error.message.rstrip(' .')}; check GITLAB_URL, DASH_PROJECTS and DASH_GROUPS"


def _today() -> date:
    return datetime.now(UTC).date()
