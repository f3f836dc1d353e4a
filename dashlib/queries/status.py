"""How fresh and how large everything is: for ``status``, ``/healthz`` and the sources page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dashlib.sources.tables import TABLES

LOADS = """
select source,
       max(finished_at) filter (finished_at is not null) as last_finished_at,
       max(finished_at) filter (complete) as last_success_at,
       arg_max(calls, started_at) as calls,
       arg_max(rows, started_at) as rows,
       arg_max(error, started_at) filter (finished_at is not null) as last_error,
       arg_max(started_at, started_at) filter (finished_at is null) as unfinished_since
from loads group by source order by source
"""
TABLE_ROWS = (
    " union all ".join(f"select '{table.name}', count(*) from {table.name}" for table in TABLES) + " order by 1"
)
"""Exact counts of the tables that sources fill; names are declared ones."""


def status(connection: duckdb.DuckDBPyConnection, database: Path) -> dict[str, Any]:
    """One object: ``sources`` (last finish and success as ISO 8601 in UTC, lag in seconds since the latter, calls,
    rows, last error), ``tables`` (rows each) and ``disk_bytes`` (database, its log and the read snapshot).
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    names = ("source", "last_finished_at", "last_success_at", "calls", "rows", "last_error", "unfinished_since")
    sources = [dict(zip(names, row, strict=True)) for row in connection.execute(LOADS).fetchall()]
    for source in sources:
        success = source["last_success_at"]
        source["lag_seconds"] = round((now - success).total_seconds(), 1) if success else None
        for name in ("last_finished_at", "last_success_at", "unfinished_since"):
            source[name] = _iso(source[name])
    tables = {name: int(rows) for name, rows in connection.execute(TABLE_ROWS).fetchall()}
    return {"sources": sources, "tables": tables, "disk_bytes": disk(database)}


def disk(database: Path) -> int:
    """Bytes of the database file, its write-ahead log and its snapshot."""
    names = (database.name, f"{database.name}.wal", f"{database.stem}.snapshot.duckdb")
    files = (database.with_name(name) for name in names)
    return sum(file.stat().st_size for file in files if file.exists())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds") + "Z"
