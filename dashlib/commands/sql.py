"""``sql``: one read-only statement over the data, as a table, CSV, JSON, Parquet or Excel.

It runs in a process of its own with the limits of the page *SQL* (``dashlib.explore``), over the read snapshot that a
running app makes for it, else over the database file itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from dashlib.commands import layout, say
from dashlib.commands.database import readable, reading
from dashlib.explore.formats import WRITERS, plain, rows
from dashlib.explore.running import Answer, begin, warm
from dashlib.settings import Settings

_FORMATS = ("table", "csv", "json", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("query", metavar="QUERY", help="one SELECT statement")
    parser.add_argument("--format", choices=_FORMATS, help="default: the ending of --output, else table")
    parser.add_argument("--output", metavar="F", type=Path, help="write to a file (parquet needs one)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Answer one question."""
    if arguments.format is None:
        ending = arguments.output.suffix.lstrip(".").lower() if arguments.output is not None else ""
        arguments.format = ending if ending in _FORMATS else "table"
    if arguments.format == "parquet" and arguments.output is None:
        say.error("parquet is binary: name a file with --output")
        return say.BAD_USAGE
    # It starts while the database is looked for.
    warm()
    path = readable(settings)
    # Whether it can be read, and by this release, is said before the query is looked at.
    reading(path).close()
    running = begin(path, arguments.query)
    try:
        if arguments.output is None:
            _write(running.answer(), arguments.format, sys.stdout.buffer)
        else:
            # A file that cannot be written is told at once, not after half a minute.
            with arguments.output.open("wb") as target:
                _write(running.answer(), arguments.format, target)
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        say.error(f"{arguments.output or 'stdout'}: {error.strerror}")
        return say.DONE_WITH_ERRORS
    finally:
        running.close()
    return say.DONE


def _write(answer: Answer, form: str, target: BinaryIO) -> None:
    if form == "table":
        _write_table(answer, target)
    else:
        WRITERS[form](answer.schema, answer.batches, target)


def _write_table(answer: Answer, target: BinaryIO) -> None:
    """For a person."""
    numbers = [_is_number(field.type) for field in answer.schema]
    # JSON has no NaN; a person is told.
    shown = ([value if isinstance(value, float) else plain(value) for value in row] for row in rows(answer.batches))
    text = layout.draw(answer.schema.names, shown, numbers, layout.screen_width())
    target.write(text.encode("utf-8", "replace"))
    target.flush()


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
