"""Sizes, spans and shares of deliveries in words."""

from __future__ import annotations

import pandas as pd


def size_told(count: int) -> str:
    """Bytes in the unit that a person would choose."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def span_told(seconds: float | None) -> str:
    """A span of seconds."""
    if seconds is None or pd.isna(seconds):
        return "unknown"
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:,.1f} s"


def share_told(share: float | None) -> str:
    """A share in per cent; a small one is not rounded away."""
    if share is None or pd.isna(share):
        return "share unknown"
    return "none" if share == 0 else "less than 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"
