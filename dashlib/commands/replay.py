"""``replay``: stored deliveries through today's row functions again, in the running app if there is one, else here."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator, Mapping

from dashlib import control
from dashlib.commands import say
from dashlib.commands.database import need
from dashlib.commands.sync import day
from dashlib.receive.shaping import replay
from dashlib.receive.sources import BY_NAME
from dashlib.receive.tables import FAILED, UNREADABLE
from dashlib.settings import Settings
from dashlib.store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("--source", choices=sorted(BY_NAME), help="only what this source sent (default: all of it)")
    parser.add_argument("--since", metavar="DATE", type=day, help="only what came since this day (YYYY-MM-DD)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Replay and say what came of it.

    Exit code 1 when a delivery failed that had not, or otherwise than before, or by a defect of ours. What its sender
    wrote so that nobody can read it stays unreadable for as long as it is kept: one line, and exit code 0.
    """
    app = control.running(settings.database)
    counts = _in_app(app, arguments) if app is not None else _here(settings, arguments)
    last = deque(counts, maxlen=1)
    told = last[0] if last else {}
    total = sum(told.values())
    parts = ", ".join(f"{count:,} {status}" for status, count in sorted(told.items()))
    noun = "delivery" if total == 1 else "deliveries"
    say.out(f"{total:,} {noun}" + (f": {parts}" if parts else ""))
    if told.get(UNREADABLE):
        say.note(f"{told[UNREADABLE]:,} cannot be read as their sender wrote them, as before; see Sources")
    if told.get(FAILED):
        which = (
            "1 delivery; its error stands" if told[FAILED] == 1 else f"{told[FAILED]:,} deliveries; their errors stand"
        )
        say.error(f"not all became rows of {which} in the table deliveries")
        return say.DONE_WITH_ERRORS
    return say.DONE


def _in_app(app: control.App, arguments: argparse.Namespace) -> Iterator[Mapping[str, int]]:
    since = arguments.since.isoformat() if arguments.since else None
    for answer in app.call("replay", {"source": arguments.source, "since": since}):
        yield answer["replayed"]


def _here(settings: Settings, arguments: argparse.Namespace) -> Iterator[Mapping[str, int]]:
    need(settings)
    with open_store(settings.database) as store:
        yield from replay(settings, store, arguments.source, arguments.since)
