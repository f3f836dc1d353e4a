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
    """A span of seconds, the one way that all pages write it: 6.3 s, 36 s, 4 min 12 s, 1 h 03 min, 3 days 4 h."""
    if seconds is None or pd.isna(seconds):
        return "unknown"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60:02d} s" if whole % 60 else "")
    minutes = round(seconds / 60)
    if minutes < 1440:
        return f"{minutes // 60} h" + (f" {minutes % 60:02d} min" if minutes % 60 else "")
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days:,} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")


def late_told(count: int, seconds: float | None) -> str:
    """That deliveries wait for their rows, how many and how long."""
    many = "1 delivery waits" if count == 1 else f"{count:,} deliveries wait, the oldest"
    return (
        f"{many} for {span_told(seconds)}: they came faster than rows are made of them, or the dashboard has just "
        "begun. All are on disk; so late is what the pages show."
    )


def late_line(count: int, seconds: float | None) -> str:
    """The same in a line, for any page."""
    if count == 1:
        return f"1 delivery waits for its rows for {span_told(seconds)}"
    return f"{count:,} deliveries wait for their rows, the oldest for {span_told(seconds)}"


def share_told(share: float | None) -> str:
    """A share in per cent; a small one is not rounded away."""
    if share is None or pd.isna(share):
        return "share unknown"
    return "none" if share == 0 else "less than 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"
