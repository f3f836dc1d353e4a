"""``sql``: one read-only statement over the data, as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dashlib.commands import layout, say
from dashlib.commands.database import readable, reading
from dashlib.errors import Explained
from dashlib.settings import Settings
from dashlib.store import StoreError

_ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_FORMATS = ("table", "csv", "json", "parquet")
_MACHINE = (
    duckdb.OperationalError,
    duckdb.InternalError,
    duckdb.FatalException,
    duckdb.InterruptException,
)
"""What DuckDB says when the statement is right and the file, the memory or DuckDB is not."""
_MACHINE_WORDS = ("IO Error", "Out of Memory Error", "INTERNAL Error", "FATAL Error", "Serialization Error")
"""The same where only the words are left."""


@dataclass(frozen=True)
class Answer:
    """The statement's columns, and its rows as they come."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class QueryError(Explained):
    """A statement that is wrong, or no reading, as DuckDB draws it."""

    code = 2
    drawn = True


class _Echo(QueryError):
    """One of DuckDB's threads met an error and stopped the others, and one of those spoke first."""


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
    path = readable(settings)
    try:
        answer = _answer(path, arguments.query)
        if arguments.output is None:
            _write(answer, arguments.format, sys.stdout.buffer)
        else:
            _write_file(answer, arguments.format, arguments.output)
    except (_Echo, duckdb.InterruptException) as error:
        raise _first_cause(path, arguments.query) or QueryError(str(error)) from error
    except duckdb.Error as error:
        raise _explained(str(error), wrong=not isinstance(error, _MACHINE)) from error
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        say.error(f"{arguments.output or 'stdout'}: {error.strerror}")
        return say.DONE_WITH_ERRORS
    return say.DONE


def _explained(message: str, *, wrong: bool) -> QueryError | StoreError:
    return QueryError(message) if wrong else StoreError(f"the data could not be read: {message}")


def _first_cause(path: Path, query: str) -> QueryError | StoreError | None:
    """What was wrong, asked of one thread alone."""
    try:
        for _ in _answer(path, query, threads=1).batches:
            pass
    except duckdb.Error as error:
        return _explained(str(error), wrong=not isinstance(error, _MACHINE))
    except (QueryError, StoreError) as error:
        return error
    return None


def _answer(path: Path, query: str, threads: int | None = None) -> Answer:
    """The statement's rows. DuckDB itself refuses writes, files and the network."""
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1 or statements[0].type not in _ALLOWED:
        raise QueryError("one SELECT statement, please: this command only reads")
    connection = reading(path)
    if threads is not None:
        connection.execute(f"set threads = {threads}")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    reader = connection.execute(statements[0]).to_arrow_reader(10_000)
    return Answer(reader.schema, _streamed(reader))


def _streamed(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Arrow hands on what DuckDB says of a later row, but as an error of its own."""
    try:
        yield from reader
    except (OSError, pa.ArrowException) as error:
        if str(error).startswith("INTERRUPT Error"):
            raise _Echo(str(error)) from error
        raise _explained(str(error), wrong=not str(error).startswith(_MACHINE_WORDS)) from error


def _write_file(answer: Answer, form: str, path: Path) -> None:
    """A file that ends in the middle looks like an answer: it is emptied instead."""
    with path.open("wb") as target:
        try:
            _write(answer, form, target)
        except BaseException:
            if target.seekable():
                target.seek(0)
                target.truncate()
            raise


def _write(answer: Answer, form: str, target: BinaryIO) -> None:
    if form == "parquet":
        with pq.ParquetWriter(target, answer.schema) as writer:
            for batch in answer.batches:
                writer.write_batch(batch)
    elif form == "json":
        _write_json(answer, target)
    elif form == "csv":
        _write_csv(answer, target)
    else:
        _write_table(answer, target)


def _rows(answer: Answer) -> Iterator[list[Any]]:
    """Rows as Python values, column by name order; two columns may share a name."""
    for batch in answer.batches:
        columns = [_values(column) for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def _values(column: Any) -> list[Any]:
    """Python has no year 12000 and no infinite time: such columns come as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = column.cast(pa.string()).to_pylist()
    return values


def _write_json(answer: Answer, target: BinaryIO) -> None:
    names = _distinct(answer.schema.names)
    target.write(b"[")
    for number, row in enumerate(_rows(answer)):
        text = json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False, allow_nan=False)
        target.write((",\n" if number else "").encode() + text.encode("utf-8", "replace"))
    target.write(b"]\n")
    target.flush()


def _write_csv(answer: Answer, target: BinaryIO) -> None:
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.schema.names)
    for row in _rows(answer):
        values = (plain(value) for value in row)
        writer.writerow([json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in values])
    text.flush()
    text.detach()


def _write_table(answer: Answer, target: BinaryIO) -> None:
    """For a person."""
    numbers = [_is_number(field.type) for field in answer.schema]
    # JSON has no NaN; a person is told.
    rows = ([value if isinstance(value, float) else plain(value) for value in row] for row in _rows(answer))
    text = layout.draw(answer.schema.names, rows, numbers, layout.screen_width())
    target.write(text.encode("utf-8", "replace"))
    target.flush()


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


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
