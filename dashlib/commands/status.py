"""``status``: each source's freshness, the tables' size, the disk."""

from __future__ import annotations

import argparse
import json
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table as Grid

from dashlib import control
from dashlib.commands import say
from dashlib.commands.database import need
from dashlib.queries.status import status
from dashlib.settings import Settings
from dashlib.store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print how fresh everything is. Exit code 1 when the last sync of a source had errors."""
    found = _found(settings)
    if arguments.json:
        say.out(json.dumps(found))
    else:
        _print(found)
    return say.DONE_WITH_ERRORS if any(source["last_error"] for source in found["sources"]) else say.DONE


def _found(settings: Settings) -> dict[str, Any]:
    app = control.running(settings.database)
    if app is not None:
        for answer in app.call("status"):
            running: dict[str, Any] = answer["status"]
            return running
    with open_store(need(settings)) as store:
        reader: duckdb.DuckDBPyConnection = store.reader()
        return status(reader, settings.database)


def _print(found: dict[str, Any]) -> None:
    console = Console()
    grid = Grid("source", "last success", "lag", "calls", "rows", box=None, pad_edge=False)
    for source in found["sources"]:
        grid.add_row(
            source["source"], source["last_success_at"] or "never", _spoken(source["lag_seconds"]),
            f"{source['calls'] or 0:,}", f"{source['rows'] or 0:,}",
        )  # fmt: skip
    console.print(grid if found["sources"] else "nothing synced yet: run `python -m dashlib sync`")
    for source in found["sources"]:
        if source["last_error"]:
            console.print(f"{source['source']}, last sync: {source['last_error']}", markup=False, highlight=False)
    console.print(" · ".join(f"{name} {rows:,}" for name, rows in found["tables"].items()), highlight=False)
    console.print(f"{found['disk_bytes'] / 1e6:,.1f} MB on disk", highlight=False)


def _spoken(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
