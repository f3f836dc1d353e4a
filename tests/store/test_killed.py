"""``kill -9`` in the middle of writing: what ``write`` returned for is on disk, and the file opens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dashlib.store import open_store, snapshot_path

ROOT = Path(__file__).resolve().parents[2]
WRITER = r"""
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from dashlib.model import Put, Upsert
from dashlib.sources.tables import TRACES
from dashlib.store import open_store
from dashlib.store.bookkeeping import ASKED
from tests.store.rows import trace
store = open_store(Path(sys.argv[1]))
def write(number):
    asked = {"source": "s", "project_id": 1, "resource": "logs", "ref": str(number)}
    store.write(Upsert(TRACES, [trace(number, "x" * 2000), trace(-number, "y")]), Put(ASKED, [asked]))
    os.write(1, f"{number}\n".encode())
    if number % 25 == 0:
        store.snapshot(0)
with ThreadPoolExecutor(3) as pool:
    list(pool.map(write, range(1, 100_000)))
"""


@pytest.mark.parametrize("acknowledged", [1, 90])
def test_what_was_acknowledged_is_there(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "dashboard.duckdb"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        try:
            heard = {int(said.readline()) for _ in range(acknowledged)}
        finally:
            process.kill()
        heard |= {int(line) for line in said if line.endswith("\n")}
    process.wait()
    with open_store(path) as store:
        reader = store.reader()
        stored = {number for (number,) in reader.execute("select job_id from traces").fetchall()}
        asked = {int(ref) for (ref,) in reader.execute("select ref from bookkeeping.asked").fetchall()}
    assert heard <= asked
    assert stored == asked | {-number for number in asked}, "a batch is there whole or not at all"
    if snapshot_path(path).exists():
        with duckdb.connect(str(snapshot_path(path)), read_only=True) as copy:
            assert copy.execute("select count(*) > 0 from traces").fetchall() == [(True,)]
