"""Answers as files: CSV, JSON, Parquet, Excel. Times are ISO 8601 in UTC where a file has no type for them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from dashlib.errors import Explained

Batches = Iterable[pa.RecordBatch]
_FORMULA = re.compile(r"^[=+\-@\t\r]")
SHEET_ROWS, _CELL = 1_048_575, 32_767
"""What a sheet of Excel holds below its header, and the characters of a cell (Microsoft, "Excel specifications and
limits")."""
_EXACT = 10**15
"""Excel keeps fifteen digits of a number: a longer one (an id) is written as text."""


class Unwritable(Explained):
    """A file of this kind has no place for the answer: a sheet too few rows, Parquet no such type."""


def rows(batches: Batches) -> Iterator[list[Any]]:
    """Rows as Python values in the order of the columns; two columns may share a name."""
    for batch in batches:
        columns = [values_of(column) for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def values_of(column: Any) -> list[Any]:
    """Python has no year 12000 and no infinite time: such columns come as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = column.cast(_legible(column.type)).to_pylist()
    return values


def _legible(kind: pa.DataType) -> pa.DataType:
    """The type with text in it wherever a time stands, however deep."""
    if pa.types.is_map(kind):
        return pa.map_(_legible(kind.key_type), _legible(kind.item_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_legible(kind.value_type), kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_legible(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_legible(field.type)) for field in kind])
    return pa.string() if pa.types.is_temporal(kind) else kind


def write_parquet(schema: pa.Schema, batches: Batches, target: BinaryIO) -> None:
    """Types as they are; intervals, for which there is none, as text. Raises Unwritable where they stand in others.

    No two columns share a name: most readers would not find either.
    """
    schema = pa.schema([field.with_name(name) for field, name in zip(schema, distinct(schema.names), strict=True)])
    spans = [place for place, field in enumerate(schema) if pa.types.is_interval(field.type)]
    for place in spans:
        schema = schema.set(place, pa.field(schema.field(place).name, pa.string()))
    try:
        with pq.ParquetWriter(target, schema) as writer:
            for batch in batches:
                columns = batch.columns
                for place in spans:
                    told = [None if value is None else _span(value) for value in columns[place].to_pylist()]
                    columns[place] = pa.array(told, pa.string())
                writer.write_batch(pa.record_batch(columns, schema=schema))
    except pa.ArrowNotImplementedError as error:
        raise Unwritable(f"Parquet has no type for this: {error}. Cast it to varchar, or take CSV or JSON.") from error


def _span(value: pa.MonthDayNano) -> str:
    """ISO 8601."""
    return f"P{value.months}M{value.days}DT{value.nanoseconds / 1e9:g}S"


def write_json(schema: pa.Schema, batches: Batches, target: BinaryIO) -> None:
    """One array of objects."""
    names = distinct(schema.names)
    target.write(b"[")
    for number, row in enumerate(rows(batches)):
        text = json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False, allow_nan=False)
        target.write((",\n" if number else "").encode() + text.encode("utf-8", "replace"))
    target.write(b"]\n")
    target.flush()


def write_csv(schema: pa.Schema, batches: Batches, target: BinaryIO, *, defuse: bool = False) -> None:
    """UTF-8 with a header. With ``defuse`` text that a spreadsheet would run as a formula gets an apostrophe."""
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    safe = defused if defuse else _same
    writer.writerow(map(safe, schema.names))
    for row in rows(batches):
        values = (plain(value) for value in row)
        writer.writerow([safe(_in_json(value) if isinstance(value, list | dict | bool) else value) for value in values])
    text.flush()
    text.detach()


def write_excel(schema: pa.Schema, batches: Batches, target: BinaryIO) -> None:
    """One sheet with a header that stays, filters, and nothing that runs: text is text.

    Raises Unwritable for more rows than a sheet has. Text longer than a cell ends in ``…``.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet("answer")
        formats: dict[type, Any] = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        bold = book.add_format({"bold": True})
        for column, field in enumerate(schema):
            sheet.write_string(0, column, _cell(field.name), bold)
            sheet.set_column(column, column, 20 if pa.types.is_temporal(field.type) else max(10, len(field.name) + 3))
        sheet.freeze_panes(1, 0)
        last = 0
        for last, row in enumerate(rows(batches), start=1):
            if last > SHEET_ROWS:
                raise Unwritable(f"A sheet of Excel holds {SHEET_ROWS:,} rows: take CSV or Parquet, or add a limit.")
            for column, value in enumerate(row):
                _write_cell(sheet, last, column, value, formats)
        if len(schema):
            sheet.autofilter(0, 0, last, len(schema) - 1)


def _write_cell(sheet: Any, row: int, column: int, value: Any, formats: dict[type, Any]) -> None:
    if isinstance(value, datetime):
        value = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    # Excel's days begin in 1900.
    if isinstance(value, date) and value.year >= 1900:
        kind = datetime if isinstance(value, datetime) else date
        sheet.write_datetime(row, column, value, formats[kind])
        return
    value = plain(value)
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and abs(value) < _EXACT:
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, _cell(_in_json(value) if isinstance(value, list | dict) else str(value)))


def _cell(text: str) -> str:
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


WRITERS: dict[str, Callable[[pa.Schema, Batches, BinaryIO], None]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
    "xlsx": write_excel,
}
"""How an answer is written, by the file's ending."""


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
    if isinstance(value, pa.MonthDayNano):
        return _span(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def distinct(names: list[str]) -> list[str]:
    """``select 1 as a, 2 as a`` keeps both: no two names are the same."""
    found: list[str] = []
    for name in names:
        one, number = name, 1
        while one in found or (one != name and one in names):
            number += 1
            one = f"{name}_{number}"
        found.append(one)
    return found


def defused(value: object) -> object:
    """A value for a spreadsheet: text that it would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _in_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _same(value: object) -> object:
    return value
