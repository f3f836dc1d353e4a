"""``sql``: one read-only statement over the data, as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from dashlib import control
from dashlib.commands import say
from dashlib.settings import Settings
from dashlib.store import StoreError
from dashlib.store.database import explained

_ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_FORMATS = ("table", "csv", "json", "parquet")
_SHOWN_ROWS = 200


class QueryError(Exception):
    """A statement that is refused or fails; the message is DuckDB's, which points at the place."""


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
    path = _readable(settings)
    try:
        batches = _answer(path, arguments.query)
        if arguments.output is None:
            _write(batches, arguments.format, sys.stdout.buffer)
        else:
            with arguments.output.open("wb") as target:
                _write(batches, arguments.format, target)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        raise QueryError(f"{arguments.output}: {error.strerror}") from error
    return say.DONE


def _readable(settings: Settings) -> Path:
    """The read snapshot while the app runs, else the database itself."""
    app = control.running(settings.database)
    if app is not None:
        for answer in app.call("snapshot"):
            return Path(answer["snapshot"])
    if not settings.database.exists():
        raise StoreError(
            f"There is no database at {settings.database} yet: run `python -m dashlib sync`, or `make demo`"
        )
    return settings.database


def _answer(path: Path, query: str) -> pa.RecordBatchReader:
    """The statement's rows. DuckDB itself refuses writes, files and the network."""
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1 or statements[0].type not in _ALLOWED:
        raise QueryError("one SELECT statement, please: this command only reads")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise explained(path, error) from error
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection.execute(statements[0]).to_arrow_reader(10_000)


def _write(batches: pa.RecordBatchReader, form: str, target: BinaryIO) -> None:
    if form == "parquet":
        with pq.ParquetWriter(target, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
    elif form == "json":
        _write_json(batches, target)
    elif form == "csv":
        _write_csv(batches, target)
    else:
        _write_table(batches, target)


def _rows(batches: pa.RecordBatchReader) -> Iterator[list[Any]]:
    """Rows as Python values, column by name order; two columns may share a name."""
    for batch in batches:
        columns = [_values(column) for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def _values(column: Any) -> list[Any]:
    """Python has no year 12000 and no infinite time: such columns come as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = column.cast(pa.string()).to_pylist()
    return values


def _write_json(batches: pa.RecordBatchReader, target: BinaryIO) -> None:
    names = _distinct(batches.schema.names)
    target.write(b"[")
    for number, row in enumerate(_rows(batches)):
        text = json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False, allow_nan=False)
        target.write((",\n" if number else "").encode() + text.encode("utf-8", "replace"))
    target.write(b"]\n")
    target.flush()


def _write_csv(batches: pa.RecordBatchReader, target: BinaryIO) -> None:
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(batches.schema.names)
    for row in _rows(batches):
        values = (plain(value) for value in row)
        writer.writerow([json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in values])
    text.flush()
    text.detach()


def _write_table(batches: pa.RecordBatchReader, target: BinaryIO) -> None:
    """For a person: the first rows, and how many there are."""
    grid = Grid()
    for name in batches.schema.names:
        grid.add_column(Text(name))
    count = 0
    for row in _rows(batches):
        count += 1
        if count <= _SHOWN_ROWS:
            grid.add_row(*(Text("" if value is None else str(plain(value))) for value in row))
    text = io.StringIO()
    console = Console(file=text, width=None if sys.stdout.isatty() else 200, force_terminal=False)
    console.print(grid)
    shown = f" (the first {_SHOWN_ROWS} shown)" if count > _SHOWN_ROWS else ""
    console.print(f"{count:,} row{'' if count == 1 else 's'}{shown}", highlight=False)
    target.write(text.getvalue().encode("utf-8", "replace"))
    target.flush()


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line per type
    """A value as JSON writes it: times ISO 8601 in UTC, what JSON has no number for as null or text."""
    if isinstance(value, datetime):
        utc = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat() + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _distinct(names: list[str]) -> list[str]:
    """``select 1 as a, 2 as a`` keeps both in JSON."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found
