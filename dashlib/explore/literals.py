"""Values written into SQL, for people to read and to run elsewhere. What the program itself asks is always bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any


def literal(value: Any) -> str:
    """A value as DuckDB writes it: text, a truth value, a number, a day, a moment (UTC), none, or a list of these.

    Read back it is the same value. Raises TypeError for anything else, ValueError for a number beyond 64 bits: what is
    not known is not pasted.
    """
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(part) for part in value) + "]"
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def _text(value: str) -> str:
    """A statement ends at a NUL character, so that one is put together from its number."""
    parts = ("'" + part.replace("'", "''") + "'" for part in value.split("\0"))
    joined = " || chr(0) || ".join(parts)
    return f"({joined})" if "\0" in value else joined


def _integer(value: int) -> str:
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"no literal for a number beyond 64 bits: {value}")
    return str(int(value))


def _float(value: float) -> str:
    """A plain ``0.1`` would be a decimal number of DuckDB's, and it has no words for these three."""
    return f"'{value}'::double" if math.isnan(value) or math.isinf(value) else f"{value!r}::double"


def _moment(value: datetime) -> str:
    utc = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return f"timestamp '{utc.isoformat(sep=' ')}'"


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (str, _text),
    (bool, lambda value: "true" if value else "false"),
    (int, _integer),
    (float, _float),
    (datetime, _moment),
    (date, lambda value: f"date '{value.isoformat()}'"),
    (type(None), lambda _: "null"),
)
"""In this order: a truth value is a number to Python, a moment a day."""
