"""Frames as files."""

from __future__ import annotations

import pandas as pd

from dashlib.explore.formats import defused


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV with a header. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    safe = frame.copy()
    for column in safe.columns:
        if safe[column].dtype == object or pd.api.types.is_string_dtype(safe[column]):
            safe[column] = safe[column].map(defused)
    return safe.to_csv(index=False).encode("utf-8", "replace")
