"""What a query in a process of its own costs, beside the same in plain DuckDB in the process that asks.

Each is done so many times, the kinds in turn: the start and end of a query's process alone, ``select 1`` with and
without a process started ahead, and a question that groups two million rows; plain DuckDB reads the same file in one
process, once opened and once with the opening. Least and middle of the wall clock.

    python -m benchmarks.sql [--rows 2000000] [--times 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.machine import described
from dashlib.explore import child
from dashlib.explore.running import Order, begin, cool, warm

_MADE = """
create table jobs as
select range as id, range % 500 as project_id, 'job-' || (range * 7 % 300) as name,
       case when hash(range) % 12 = 0 then 'failed' else 'success' end as status,
       timestamp '2026-01-01' + to_seconds(range * 3) as started_at, (hash(range) % 3600)::double as duration
from range($rows)
"""
ONE = "select 1"
GROUPED = """
select name, date_trunc('week', started_at) as week, count(*) as runs, avg((status = 'failed')::int) as failed,
       quantile_cont(duration, 0.95) as p95
from jobs group by all order by all
"""
_AHEAD_SECONDS = 1.0
"""So long a process that was started ahead is let be: by then it waits."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=7)
    arguments = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "jobs.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(_MADE, {"rows": arguments.rows})
        with duckdb.connect(str(path), read_only=True, config={"threads": Order().threads}) as connection:
            _print(_measured(path, connection, arguments.times))
    cool()


def _measured(path: Path, connection: duckdb.DuckDBPyConnection, times: int) -> dict[str, list[float]]:
    """Milliseconds by what was done; all kinds in each round, so that a busy moment strikes all of them."""
    kinds: dict[str, Callable[[], object]] = {
        "a process alone, without a query": _started,
        "plain DuckDB, open, `select 1`": lambda: connection.execute(ONE).to_arrow_table(),
        "plain DuckDB, opened for it, `select 1`": lambda: _plain(path, ONE),
        "a process of its own, `select 1`": lambda: _asked(path, ONE),
        "a process started ahead, `select 1`": lambda: _asked(path, ONE),
        "plain DuckDB, open, grouped": lambda: connection.execute(GROUPED).to_arrow_table(),
        "plain DuckDB, opened for it, grouped": lambda: _plain(path, GROUPED),
        "a process of its own, grouped": lambda: _asked(path, GROUPED),
        "a process started ahead, grouped": lambda: _asked(path, GROUPED),
    }
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(times):
        for name, ask in kinds.items():
            cool()
            if "ahead" in name:
                warm()
                time.sleep(_AHEAD_SECONDS)
            begun = time.perf_counter()
            ask()
            found[name].append(1000 * (time.perf_counter() - begun))
    return found


def _started() -> object:
    """What ``running`` starts, told that no query comes."""
    command = [sys.executable, "-I", "-X", "utf8", str(child.__file__)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=True, env={"LC_ALL": "C.UTF-8"})


def _plain(path: Path, query: str) -> object:
    # As a file of its own: DuckDB shares what a process has opened under the same path.
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as opened (read_only)")
        connection.execute("use opened")
        connection.execute(f"set threads = {Order().threads}")
        return connection.execute(query).to_arrow_table()


def _asked(path: Path, query: str) -> object:
    running = begin(path, query)
    try:
        return running.answer().table()
    finally:
        running.close()


def _print(found: dict[str, list[float]]) -> None:
    print("| what | least, ms | middle, ms |\n|---|---:|---:|")
    for name, took in found.items():
        print(f"| {name} | {min(took):,.1f} | {statistics.median(took):,.1f} |")


if __name__ == "__main__":
    main()
