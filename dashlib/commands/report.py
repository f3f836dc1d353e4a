"""``report``: the morning note of a night, as Markdown, HTML or JSON."""

from __future__ import annotations

import argparse
from datetime import date

import duckdb

from dashlib.commands import say
from dashlib.commands.database import readable, reading
from dashlib.nightlies.report import FORMATS, note
from dashlib.settings import Settings
from dashlib.store import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("--night", type=_night, metavar="DATE", help="a day as YYYY-MM-DD; default: the newest night")
    parser.add_argument("--format", choices=list(FORMATS), default="md", help="default: md")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the note. Raises NoSuchNight, StoreError."""
    connection = reading(readable(settings))
    try:
        found = note(connection, arguments.night, dashboard=settings.report_url)
    except duckdb.Error as error:
        raise StoreError(f"the data could not be read: {error}") from error
    finally:
        connection.close()
    say.out(FORMATS[arguments.format](found))
    return say.DONE


def _night(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write one such as 2026-03-10") from error
