"""``sync``: one sync of every forge that is set up, in the running app if there is one, else here."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from dashlib import conclusions, control
from dashlib.commands import say
from dashlib.settings import Settings, SettingsError
from dashlib.store import open_store
from dashlib.sync.forge import GITLAB, SOURCES
from dashlib.sync.run import Progress, Request, asked, sync


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("--source", choices=list(SOURCES), help="only this source (default: all that are set up)")
    parser.add_argument("--project", metavar="GLOB", action="append", default=[], help="only projects with such a path")
    parser.add_argument("--since", metavar="DATE", type=day, help="read back to this day, inclusive (YYYY-MM-DD)")
    parser.add_argument("--full", action="store_true", help="read the whole window again")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def day(text: str) -> date:
    """A day on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from error


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Sync and print the report. Exit code 0, or 1 when errors are listed."""
    if arguments.since is not None and arguments.since > date.today():  # noqa: DTZ011 - a person's calendar
        raise SettingsError(f"--since {arguments.since} lies in the future")
    source = getattr(arguments, "source", None)
    sources = (source,) if source else ()
    request = Request(arguments.since, tuple(arguments.project), arguments.full, sources=sources)
    app = control.running(settings.database)
    if app is None:
        asked(settings, request)
    with _shown(quiet=arguments.json) as show:
        report = _in_app(app, request, show) if app is not None else _here(settings, request, show)
    if arguments.json:
        say.out(json.dumps(report))
    else:
        _print(report)
    return say.DONE_WITH_ERRORS if report["errors"] else say.DONE


def _here(settings: Settings, request: Request, show: Any) -> dict[str, Any]:
    # Hundreds of thousands of rows pass through and hardly one is part of a cycle: do not look through them for cycles.
    gc.set_threshold(200_000, 20, 100)
    stop = threading.Event()

    def interrupted(*_: Any) -> None:
        # Twice means now: what is on disk is whole, and the next sync goes on from there.
        if stop.is_set():
            os._exit(130)
        stop.set()

    previous = signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    try:
        with open_store(settings.database) as store:
            with conclusions.meanwhile(store):
                report = sync(settings, store, request, stop=stop, on_progress=show)
            conclusions.draw(store, settings, stop=stop)
    finally:
        signal.signal(signal.SIGINT, previous)
    result: dict[str, Any] = json.loads(report.as_json())
    return result


def _in_app(app: control.App, request: Request, show: Any) -> dict[str, Any]:
    body = {
        "since": request.since.isoformat() if request.since else None,
        "only": list(request.only),
        "full": request.full,
        "sources": list(request.sources),
    }
    for answer in app.call("sync", body):
        if "waiting" in answer:
            say.note("the dashboard is syncing at the moment: this sync follows")
        if "progress" in answer:
            show(Progress(**answer["progress"]))
        if "report" in answer:
            report: dict[str, Any] = answer["report"]
            return report
    raise control.AppError(f"the running dashboard at {app.address} ended the sync without a report")


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Any]:
    """A line that moves on a terminal; nothing in a pipe."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield lambda progress: live.update(_line(progress))


def _line(progress: Progress) -> Text:
    parts = [
        *([progress.source] if progress.source != GITLAB.name else []),
        f"{progress.stage or 'projects'}",
        f"{progress.projects} projects",
        f"{progress.calls:,} calls",
        f"{progress.rows:,} rows",
        f"{progress.waiting:,} to go",
    ]
    if progress.problems:
        parts.append(f"{progress.problems} problems")
    return Text("⟳ " + " · ".join(parts))


def _print(report: dict[str, Any]) -> None:
    grid = Grid(box=None, pad_edge=False)
    grid.add_column("table")
    grid.add_column("rows", justify="right")
    for table, rows in report["rows"].items():
        grid.add_row(table, f"{rows:,}")
    console = Console(file=sys.stdout)
    if report["rows"]:
        console.print(grid)
    noun = "call" if report["calls"] == 1 else "calls"
    console.print(f"{report['calls']:,} {noun} in {report['seconds']:.1f} s", highlight=False)
    for problem in report["errors"]:
        where = f"{problem['source']} {problem['project']}" if problem["project"] else problem["source"]
        say.error(f"{where}: {problem['message']}")
