"""``report``: the morning note of a night, as Markdown, HTML or JSON.

What a night is and which schedules count stands in the database, as the last serve or sync wrote it: this command only
reads. Where the settings of today say something else, it says so.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from dashlib.commands import say
from dashlib.commands.database import readable, reading
from dashlib.nightlies.report import note
from dashlib.nightlies.report_text import FORMATS
from dashlib.queries.nights_held import held
from dashlib.settings import Settings, collected
from dashlib.store import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    newest = "the newest night of which half has ended"
    parser.add_argument("--night", type=_night, metavar="DATE", help=f"a day as YYYY-MM-DD; default: {newest}")
    parser.add_argument("--format", choices=list(FORMATS), default="md", help="default: md")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the note. Raises NoSuchNight, StoreError."""
    connection = reading(readable(settings))
    try:
        elsewhere = _elsewhere(connection, settings)
        # A note asks five questions: each would work out every night anew, the copy holds them.
        with held(connection) as copy:
            found = note(copy, arguments.night, dashboard=settings.report_url)
    except duckdb.Error as error:
        raise StoreError(f"the data could not be read: {error}") from error
    finally:
        connection.close()
    for word, counts, asked in elsewhere:
        say.note(
            f"note: {word} is {asked} here, but {counts} counts: what the last serve or sync wrote down. "
            "Run `python -m dashlib sync`, or start the dashboard again, with the new one."
        )
    say.out(FORMATS[arguments.format](found))
    return say.DONE


def _elsewhere(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[tuple[str, str, str]]:
    """The settings by which the database's nights differ from those of today: name, what counts, what was asked for.

    Only those that somebody set: who asks a demo's database set nothing, and wants no other one.
    """
    stored = dict(connection.execute("select name, value from bookkeeping.settings").fetchall())
    patterns = connection.execute("select field, pattern from bookkeeping.nightly order by all").fetchall()
    compared = (
        ("DASH_TIMEZONE", stored.get("timezone", settings.timezone), settings.timezone),
        ("DASH_LATE_HOURS", stored.get("late_hours", f"{settings.late_hours:g}"), f"{settings.late_hours:g}"),
        ("DASH_REPORT_BY", stored.get("report_by", settings.report_by), settings.report_by),
        ("DASH_NIGHTLY", _globs(patterns), _globs(sorted(settings.nightly))),
    )
    written = collected(os.environ, Path.cwd())
    return [(word, counts, asked) for word, counts, asked in compared if counts != asked and written.get(word)]


def _globs(patterns: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{field}:{glob}" for field, glob in patterns) or "every schedule"


def _night(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write one such as 2026-03-10") from error
