"""``demo``: a simulated GitLab with an invented company, synced through the real loader and served."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import requests

from dashlib import control
from dashlib.commands import say, serve
from dashlib.commands import sync as sync_command
from dashlib.lifeline import Lifeline
from dashlib.receive.setup import SETTING_NAMES
from dashlib.settings import Settings
from dashlib.store import StoreError, open_store

_DATABASE = Path("data/demo.duckdb")
"""Always this one, whatever DASH_DATABASE says: each demo begins anew, and nobody's own data may be in the way."""
_EVERY_SECONDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument(
        "--port", type=serve.port, help="0 takes a free one (default 8501, or a free one if that is taken)"
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="A", help=argparse.SUPPRESS)
    parser.add_argument("--days", type=_count, default=60, help="nights of history (default 60)")
    parser.add_argument("--repos", type=_count, default=40, help="repositories (default 40)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Start the simulated GitLab, sync, serve; the URL is the last line printed."""
    database = _DATABASE
    running = control.running(database)
    if running is not None:
        say.error(f"the demo runs already at {running.address}")
        return say.DONE_WITH_ERRORS
    _forget(database)
    token = _token()
    # Whoever wants to post something himself sets them; else nobody need know them.
    hook_token = settings.gitlab_webhook_token or secrets.token_urlsafe(32)
    bearer = settings.hook_token or secrets.token_urlsafe(32)
    with _GitLab(arguments.repos, arguments.days) as gitlab:
        say.note(f"simulated GitLab at {gitlab.url}: {arguments.repos} repositories, {arguments.days} nights")
        settings = replace(
            settings, gitlab_url=gitlab.url, gitlab_token=token, database=database, groups=(), projects=("*",),
            window_days=arguments.days,
            timezone=settings.timezone if "DASH_TIMEZONE" in os.environ else "Europe/Berlin",
        )  # fmt: skip
        troubled = sync_command.run(argparse.Namespace(since=None, project=[], full=False, json=False), settings)
        if troubled:
            say.note("(that trouble belongs to the demo: the dashboard shows it on its page Sources, and goes on)")
        _decide(database)
        with serve.Server(arguments.host, _port(arguments), _environment(settings, hook_token, bearer)) as server:
            server.wait_until_ready()
            add_hooks(gitlab.url, f"{server.url}/gitlab/events", hook_token)
            gitlab.send_signals_to(server.url, bearer)
            say.out(server.url)
            return server.wait()


def _port(arguments: argparse.Namespace) -> int:
    """A first try must not fail because something else listens on the usual port."""
    if arguments.port is not None:
        return int(arguments.port)
    return 8501 if serve.is_free(arguments.host, 8501) else serve.free_port()


def _decide(database: Path) -> None:
    """One failure has an issue and somebody who has it, as a person would have seen to by the time others look."""
    from dashlib.demo.decided import decide  # noqa: PLC0415 - as WRITE_TOKEN below

    with open_store(database) as store:
        decide(store)


def _token() -> str:
    """The simulated GitLab's own, which may create issues there; imported only here: other commands start faster."""
    from dashlib.demo.gitlab import WRITE_TOKEN  # noqa: PLC0415

    return WRITE_TOKEN


def add_hooks(gitlab_url: str, hook_url: str, hook_token: str) -> None:
    """Have GitLab tell the dashboard what happens, as a person does: a webhook of each top group, by GitLab's API.

    ``hook_token`` goes in the body of a request on this machine, never on a command line. A GitLab whose hook is not
    answered with 2xx pauses it by itself. Raises StoreError when the simulated GitLab does not take it.
    """
    from dashlib.demo.gitlab import WRITE_TOKEN  # noqa: PLC0415 - as WRITE_TOKEN above
    from dashlib.demo.webhooks import FLAGS  # noqa: PLC0415

    hook = {"url": hook_url, "token": hook_token, "name": "dashboard"} | dict.fromkeys(FLAGS.values(), True)
    with requests.Session() as session:
        session.trust_env = False
        session.headers["PRIVATE-TOKEN"] = WRITE_TOKEN
        try:
            groups = session.get(f"{gitlab_url}/api/v4/groups", params={"top_level_only": "true"}, timeout=30)
            groups.raise_for_status()
            for group in groups.json():
                made = session.post(f"{gitlab_url}/api/v4/groups/{group['id']}/hooks", json=hook, timeout=30)
                made.raise_for_status()
        except requests.RequestException as error:
            raise StoreError(f"the simulated GitLab took no webhook: {error}") from error


def _environment(settings: Settings, hook_token: str, bearer: str) -> dict[str, str]:
    """What the served dashboard needs to go on syncing from the simulated GitLab, where things go on happening; and the
    secrets of webhooks that somebody has set, to post to it himself.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    told = {name: getattr(settings, field) for field, name in SETTING_NAMES.items()}
    return (
        ours
        | {name: secret for name, secret in told.items() if secret}
        | {
            "GITLAB_URL": settings.gitlab_url,
            "GITLAB_ACCESS_TOKEN": settings.gitlab_token or "",
            "DASH_DATABASE": str(settings.database.resolve()),
            "DASH_TIMEZONE": settings.timezone,
            "DASH_WINDOW_DAYS": str(settings.window_days),
            "DASH_SYNC_MINUTES": "0.5",
            "DASH_PROJECTS": "*",
            "DASH_GITLAB_WEBHOOK_TOKEN": hook_token,
            "DASH_HOOK_TOKEN": bearer,
        }
    )


class _GitLab:
    """The simulated GitLab in a process of its own, as a real one would be."""

    def __init__(self, repos: int, days: int) -> None:
        command = [
            sys.executable, "-m", "dashlib.demo", "--port", "0", "--repos", str(repos), "--days", str(days),
            "--live", str(_EVERY_SECONDS), "--signals",
        ]  # fmt: skip
        with Lifeline() as self._lifeline:
            self._process = subprocess.Popen(
                command, env=self._lifeline.environment(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, pass_fds=self._lifeline.pass_fds,
            )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url.startswith("http"):
            raise StoreError("the simulated GitLab did not start; its words stand above")

    def send_signals_to(self, url: str, bearer: str) -> None:
        """Have the company's machines post their signals to the dashboard; the token goes through a pipe alone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"url": url, "token": bearer}) + "\n")
            self._process.stdin.close()
        except OSError as error:
            raise StoreError(f"the simulated company ended: {error}") from error

    def __enter__(self) -> _GitLab:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._lifeline.cut()


def _forget(database: Path) -> None:
    """Each demo ends today: yesterday's company is another one."""
    for name in (database.name, f"{database.name}.wal", f"{database.stem}.snapshot.duckdb", f"{database.name}.app"):
        database.with_name(name).unlink(missing_ok=True)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)
