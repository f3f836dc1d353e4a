"""Frames as files."""

from __future__ import annotations

import re

import pandas as pd

_FORMULA = re.compile(r"^[=+\-@\t\r]")


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV with a header. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    safe = frame.copy()
    for column in safe.columns:
        if safe[column].dtype == object or pd.api.types.is_string_dtype(safe[column]):
            safe[column] = safe[column].map(_defused)
    return safe.to_csv(index=False).encode("utf-8", "replace")


def _defused(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
