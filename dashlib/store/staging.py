"""Rows become an Arrow table with the declared types: the fast way into DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.json as pa_json

from dashlib.model import Row, Table

_ARROW_TYPES: dict[str, Any] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "JSON": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
    "VARCHAR[]": pa.list_(pa.string()),
    "STRUCT(name VARCHAR, email VARCHAR)[]": pa.list_(pa.struct([("name", pa.string()), ("email", pa.string())])),
    "STRUCT(number BIGINT, text VARCHAR)[]": pa.list_(pa.struct([("number", pa.int64()), ("text", pa.string())])),
}

ORDINAL = "staged_ordinal"
"""Where in the batch a row stood; overwriting tables take the last one."""


def staged(table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Any:
    """An Arrow table of the named columns plus the ordinal; missing columns are null.

    Raises ``pyarrow.ArrowInvalid`` or ``pyarrow.ArrowTypeError`` when a value does not fit its declared type.
    """
    arrays = []
    for column in columns:
        values = [row.get(column) for row in rows]
        arrays.append(_array(values, _ARROW_TYPES[table.columns[column]]))
    arrays.append(pa.array(range(len(rows)), pa.int64()))
    return pa.table(arrays, names=[*columns, ORDINAL])


def staged_lines(table: Table, columns: Sequence[str], lines: bytes) -> Any:
    """An Arrow table of the named columns; each line is a row as a JSON object; other names in it are passed over.

    Made without the interpreter's lock: others go on meanwhile. Raises ``pyarrow.ArrowInvalid`` when a value does not
    fit its declared type.
    """
    schema = pa.schema([(column, _ARROW_TYPES[table.columns[column]]) for column in columns])
    return pa_json.read_json(
        pa.BufferReader(lines),
        pa_json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        pa_json.ParseOptions(explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior="ignore"),
    )


def _array(values: list[Any], kind: Any) -> Any:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        # JSON may spell half a surrogate pair ("\ud83d"); no database can hold it as text.
        return pa.array([_encodable(value) for value in values], kind)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _encodable(part) for name, part in value.items()}
    if isinstance(value, Iterable):
        return [_encodable(part) for part in value]
    return value
