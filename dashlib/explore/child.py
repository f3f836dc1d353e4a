"""The process that answers one query: started by ``running`` as a script (``python -I child.py``), never imported.

Measured with DuckDB 1.5.5: inside the server a query with ``memory_limit='1GB'`` took 8 GB, and some functions ignored
``interrupt()`` for a minute. So the limits are the kernel's: address space, processor time, and an alarm that nobody
handles, which ends the process at the wall clock's limit even when nobody watches it any more.

In: one line of JSON on standard input (see ``running.Order``). Out: the rows as an Arrow IPC stream on standard output,
then one line of JSON on standard error: ``{"rows", "cut", "seconds"}``, or ``{"fault": {"kind", "message", "position",
"machine"}}``. It knows nothing of the rest of the program, so that it starts in a fifth of a second.
"""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import re
import resource
import select
import signal
import sys
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

_IDLE_SECONDS = 900
"""So long a process that was started ahead waits for its query."""
_BATCH = 2048
"""Rows in a batch: the least that DuckDB hands over, since a row may be a log of a megabyte."""
_SLACK = 3 << 29
"""Address space beside DuckDB's own limit: programs, the stacks of threads, what allocators reserve and never touch
(half a gigabyte before the first query), and the rows on their way out."""
_FILE_BYTES, _SPILL_BYTES = 8 << 30, 4 << 30
"""What may be written to one file (the answer, or rows that DuckDB moves out of memory), and to all of the latter."""
_MACHINE = {"IO", "Out of Memory", "INTERNAL", "FATAL", "Serialization", "INTERRUPT"}
"""What DuckDB calls it when the query is right and the file, the memory or DuckDB is not."""

CHANGING = (
    "enable_logging", "disable_logging", "truncate_duckdb_logs", "enable_profiling", "disable_profiling",
    "force_checkpoint", "json_execute_serialized_sql", "python_map_function", "pandas_scan", "arrow_scan",
    "arrow_scan_dumb",
)  # fmt: skip
"""Functions in FROM that change what DuckDB does in spite of its locked configuration, run a text as a query, or read
at an address in memory: a SELECT to the parser."""
TELLING = (
    "duckdb_settings", "pg_settings", "current_setting", "duckdb_databases", "pragma_database_list", "database_list"
)  # fmt: skip
"""Functions and views that tell where on the server files lie."""
CALLED = ("checkpoint", "query", "query_table")
"""Of the same kinds, with names that may be those of columns as well. Since none makes a query or a name out of text,
whatever is called stands in the query as it is called."""
_WORDS = re.compile(rf"(?<!\w)(?:{'|'.join((*CHANGING, *TELLING))})(?!\w)", re.IGNORECASE)
_BLANK = ("Zs", "Zl", "Zp", "Cf")
_BETWEEN = r"(?:\s|/\*.*?\*/|--[^\n]*)*"
_CALLS = re.compile(rf"(?<!\w)({'|'.join(CALLED)})\"?{_BETWEEN}\(", re.IGNORECASE | re.DOTALL)


class Order(TypedDict):
    """What is asked; see ``running.Order``."""

    database: str
    query: str
    spill: str
    seconds: float
    memory: int
    threads: int
    rows: int | None
    bytes: int | None


class Refused(Exception):
    """It is not one statement that reads; ``kinds`` are those that DuckDB's parser found."""

    def __init__(self, kinds: list[str]) -> None:
        super().__init__(", ".join(kinds))


class Forbidden(Exception):
    """It calls what no query may call, here in it (counted in bytes)."""

    def __init__(self, name: str, position: int) -> None:
        super().__init__(name)
        self.position = position


class Fault(TypedDict):
    """What went wrong. ``position`` counts bytes of the query from its start; ``machine``: the query may be right."""

    kind: str
    message: str
    position: int | None
    machine: bool


def main() -> None:
    """Wait for one query, answer it, end."""
    with contextlib.suppress(OSError):  # Only Linux has it: where memory runs out, this process goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_IDLE_SECONDS)
    if not select.select([sys.stdin], [], [], 0)[0]:
        # Nobody waits yet: what an answer needs, and a wrong query does not, is loaded ahead.
        import pyarrow  # noqa: F401, PLC0415
    line = sys.stdin.readline()
    if not line:
        return
    order: Order = json.loads(line)
    limit(order)
    report: dict[str, object] = dict(answer(order))
    sys.stdout.flush()
    sys.stderr.write("\n" + json.dumps(report))
    sys.stderr.flush()
    # The answer is out: taking DuckDB down in order would cost time, and may crash where memory ran out.
    os._exit(0)


def limit(order: Order) -> None:
    """Hand the limits to the kernel. macOS knows no limit of address space; DuckDB's own stays."""
    signal.setitimer(signal.ITIMER_REAL, order["seconds"])
    processor = int(order["seconds"] * (order["threads"] + 1)) + 1
    limits = (
        (resource.RLIMIT_AS, order["memory"] + _SLACK),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
    )
    for what, most in limits:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def answer(order: Order) -> dict[str, object]:
    """Write the rows to standard output; gives back the report."""
    began = time.monotonic()
    try:
        rows, cut = stream(order, order["threads"])
    except Exception as error:  # noqa: BLE001 - whatever it is, the person who asked is told
        fault = told(error, order)
        if fault["kind"] != "INTERRUPT":
            return {"fault": fault}
    else:
        return {"rows": rows, "cut": cut, "seconds": time.monotonic() - began}
    # One of DuckDB's threads met an error and stopped the others, and one of those spoke first: one alone tells.
    try:
        stream(order, 1)
    except Exception as error:  # noqa: BLE001
        fault = told(error, order)
    return {"fault": fault}


def stream(order: Order, threads: int) -> tuple[int, bool]:
    """Write the rows; gives back how many, and whether there were more than asked for."""
    connection = opened(order, threads)
    statements = connection.extract_statements(order["query"])
    *before, kind = [statement.type.name for statement in statements] or [""]
    # A PIVOT that names no values is two statements: DuckDB makes an ENUM of them first, among what is temporary. A
    # CREATE of its own making has no text; one that somebody wrote has.
    made = [statement.type.name == "CREATE" and not statement.query for statement in statements[:-1]]
    if kind not in ("SELECT", "EXPLAIN") or not all(made) or (made and kind != "SELECT"):
        raise Refused([*before, kind] if kind else [])
    forbid(order["query"])
    import pyarrow as pa  # noqa: PLC0415

    for statement in statements[:-1]:
        connection.execute(statement)
    reader = connection.execute(statements[-1]).to_arrow_reader(_BATCH)
    # Standard output is a file: what a first try left is taken back.
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    rows = size = 0
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with os.fdopen(os.dup(1), "wb") as out, pa.ipc.new_stream(out, reader.schema, options=options) as writer:
        for batch in reader:
            fits = fitting(batch, order["rows"], rows, order["bytes"], size)
            if fits:
                writer.write_batch(batch.slice(0, fits))
            rows, size = rows + fits, size + batch.nbytes
            if fits < batch.num_rows:
                return rows, True
    return rows, False


def forbid(query: str) -> None:
    """Raise Forbidden for the first of the names that no query may call."""
    # DuckDB takes more for blanks than Python does, some of which nobody sees: U+200B, U+2060, U+FEFF.
    seen = "".join(" " if unicodedata.category(char) in _BLANK else char for char in query)
    if found := _WORDS.search(seen):
        raise Forbidden(found[0], len(query[: found.start()].encode()))
    if found := _CALLS.search(seen):
        raise Forbidden(found[1], len(query[: found.start()].encode()))


def opened(order: Order, threads: int) -> duckdb.DuckDBPyConnection:
    """The snapshot, to be read only, with everything locked that a query could reach out with."""
    connection = duckdb.connect(
        order["database"],
        read_only=True,
        config={
            "threads": threads,
            "memory_limit": f"{order['memory']}B",
            "temp_directory": order["spill"],
            "max_temp_directory_size": f"{_SPILL_BYTES}B",
            "home_directory": order["spill"],
            "allow_persistent_secrets": False,
            "allow_community_extensions": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set errors_as_json = true")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def fitting(batch: pa.RecordBatch, most_rows: int | None, rows: int, most_bytes: int | None, size: int) -> int:
    """How many rows of a batch there is room for; the very first row always has it."""
    here = int(batch.num_rows)
    fits = here if most_rows is None else min(here, most_rows - rows)
    if most_bytes is not None and size + batch.slice(0, fits).nbytes > most_bytes:
        fits = bisect.bisect_right(range(fits), most_bytes - size, key=lambda count: batch.slice(0, count + 1).nbytes)
    return fits if rows else max(fits, min(1, here, 1 if most_rows is None else most_rows))


def told(error: Exception, order: Order) -> Fault:
    """What DuckDB says, taken apart: it gives its errors as JSON, behind their kind or (through Arrow) alone.

    Without what it says of itself for its makers, and without where files lie.
    """
    if isinstance(error, Forbidden):
        return Fault(kind="Forbidden", message=str(error), position=error.position, machine=False)
    if isinstance(error, Refused):
        return Fault(kind="Refused", message=str(error), position=None, machine=False)
    if isinstance(error, MemoryError):
        return Fault(kind="Out of Memory", message="out of memory", position=None, machine=True)
    text = str(error)
    try:
        said, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
        kind, message = str(said["exception_type"]), str(said["exception_message"])
        position = None if said.get("position") is None else int(said["position"])
    except (ValueError, KeyError, TypeError):
        kind, _, message = text.rpartition(" Error: ")
        position = None
    message = message.partition("Stack Trace:")[0].rstrip()
    for place in (str(Path(order["database"]).parent), order["spill"]):
        message = message.replace(place.rstrip("/") + "/", "").replace(place, "")
    return Fault(kind=kind, message=message, position=position, machine=kind in _MACHINE)


if __name__ == "__main__":
    main()
