"""One query, one process: its answer, its end, its limits; and several at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashlib.explore import child, running
from dashlib.explore.fault import Busy, QueryError, QueryStopped
from dashlib.explore.running import Order, Running, begin
from dashlib.model import Upsert
from dashlib.sources.tables import TRACES
from dashlib.store import StoreError, open_store
from tests.explore.conftest import Ask
from tests.explore.hostile import ENDLESS
from tests.store.rows import trace

SLOW = ENDLESS[0]


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    for one in list(running._RUNNING):
        one.close()
    running.cool()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 40), st.integers(0, 60), st.integers(0, 40), st.none() | st.integers(0, 400))
@example(5, 0, 0, 0)
def test_what_is_cut_is_a_beginning(rows: int, most: int, before: int, most_bytes: int | None) -> None:
    """A batch after others: never more rows or bytes than there is room for, but for the very first row."""
    batch = pa.record_batch({"n": pa.array(range(rows), pa.int64())})
    most = max(most, before)
    fits = child.fitting(batch, most, before, most_bytes, 8 * before)
    assert 0 <= fits <= rows
    assert before + fits <= most
    if most_bytes is not None and before + fits > 1:
        assert fits == 0 or 8 * (before + fits) <= most_bytes
    if fits < rows:
        room = most_bytes is None or 8 * (before + fits + 1) <= most_bytes
        assert before + fits == most or not room
    if rows and not before and most:
        assert fits


def test_an_answer(ask: Ask) -> None:
    query = (
        "select n, n % 2 = 0 as even, 'ø' || n as text, [n] as list, timestamp '2026-03-11 02:00' as at,"
        " timestamptz '2026-03-11 03:00:00+01' as zoned from numbers order by n limit 2"
    )
    first, second = ask(query)
    assert (first["n"], second["even"], second["text"], second["list"]) == (0, False, "ø1", [1])
    assert first["at"].isoformat() == "2026-03-11T02:00:00"
    assert first["zoned"].isoformat() == "2026-03-11T02:00:00+00:00"


def test_no_rows_and_many(ask: Ask, small: Path) -> None:
    assert ask("from numbers where n > 99") == []
    answer = begin(small, "select range as n from range(100000)").answer()
    assert (answer.rows, answer.cut) == (100000, False)
    assert pa.Table.from_batches(answer.batches)["n"].to_pylist() == list(range(100000))


@pytest.mark.parametrize("rows", [1, 2048, 5000])
def test_a_cut_answer_says_so(small: Path, rows: int) -> None:
    answer = begin(small, "select range as n from range(5001)", Order(rows=rows)).answer()
    assert (answer.rows, answer.cut) == (rows, True)
    assert [row for batch in answer.batches for row in batch["n"].to_pylist()] == list(range(rows))
    assert not begin(small, "select range as n from range(5000)", Order(rows=5000)).answer().cut


def test_a_wide_answer_is_cut_by_its_size(small: Path) -> None:
    answer = begin(small, "select repeat('x', 100000) as text from range(500)", Order(bytes=1 << 20)).answer()
    assert (answer.rows, answer.cut) == (10, True)
    assert [len(row) for batch in answer.batches for row in batch["text"].to_pylist()] == [100000] * 10


def test_rows_that_do_not_fit_into_memory_go_to_disk_and_leave_it(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    query = "select count(*) as n from (select distinct range, repeat(range::varchar, 5) from range(2000000))"
    assert ask(query, memory=100 << 20) == [{"n": 2000000}]
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_fails_late_is_what_is_told(ask: Ask) -> None:
    """Whichever of DuckDB's threads speaks first."""
    with pytest.raises(QueryError, match="Could not convert string 'a' to INT32") as told:
        ask("select (case when range = 900000 then 'a' else '1' end)::int as n from range(1000000)")
    assert "Line 1, column " in str(told.value)


def test_what_duckdb_says_of_itself_and_of_its_files_is_left_out() -> None:
    order = child.Order(
        database="/srv/data/dashboard.snapshot.duckdb", query="", spill="/tmp/query-x", seconds=1, memory=1, threads=1,
        rows=None, bytes=None,
    )  # fmt: skip
    said = "INTERNAL Error: Attempted to access index 1 of /srv/data/a.duckdb\n\nStack Trace:\n\n0 /lib/duckdb.so"
    fault = child.told(RuntimeError(said), order)
    assert (fault["kind"], fault["message"]) == ("INTERNAL", "Attempted to access index 1 of a.duckdb")


def test_a_fault_of_duckdb_is_not_the_datas(small: Path) -> None:
    fault = {"kind": "INTERNAL", "message": "an index", "position": None, "machine": True}
    told = begin(small, "select 1")._why(fault)
    assert isinstance(told, QueryStopped) and "DuckDB itself failed on this query" in str(told)


def test_an_answer_that_cannot_be_read_says_so(small: Path) -> None:
    one = begin(small, "select 1 as a")
    one.wait()
    one._child.out.seek(0)
    one._child.out.write(b"a line of a log\n")
    one._child.out.flush()
    with pytest.raises(QueryStopped, match="its answer cannot be read"):
        one.answer()


def test_what_is_asked_too_long_is_not_asked(small: Path) -> None:
    with pytest.raises(QueryError, match="may have 200,000 characters"):
        begin(small, "select '" + "x" * 200_000 + "'")


def test_a_query_that_breaks_the_parser_breaks_nothing_else(ask: Ask) -> None:
    for query in ("select " + "(" * 90_000, "select " + "1+" * 60_000 + "1", "select " + "case when true then " * 5000):
        with pytest.raises((QueryError, QueryStopped)):
            ask(query)
    assert ask("select 1 as a") == [{"a": 1}]


def test_a_file_that_is_none_is_no_wrong_query(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises((StoreError, QueryError)):
        ask("select 1", tmp_path / "nothing.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_cancel(small: Path) -> None:
    one = begin(small, SLOW)
    assert not one.wait(0.3) and not one.done()
    one.cancel()
    assert one.done()
    with pytest.raises(QueryStopped, match="Stopped after"):
        one.answer()


def test_the_limits_are_the_kernels_and_those_of_the_contract(small: Path) -> None:
    """30 seconds and 1 GB, as the README says, where nobody says otherwise."""
    assert (Order().seconds, Order().memory, Order().rows) == (30.0, 1 << 30, None)
    one = begin(small, SLOW)
    limits = Path(f"/proc/{one._child.process.pid}/limits")
    wanted = {"Max cpu time": 30 * (Order().threads + 1) + 1, "Max address space": (1 << 30) + child._SLACK}

    def told() -> dict[str, str]:
        lines = limits.read_text().splitlines()
        return {name: line[26:].split()[0] for name in wanted for line in lines if line.startswith(name)}

    until = time.monotonic() + 20
    while told() != {name: str(most) for name, most in wanted.items()}:
        assert time.monotonic() < until and not one.done(), told()
        time.sleep(0.02)
    one.cancel()


def test_a_query_does_not_hold_up_what_is_written_meanwhile(empty_database: Path, tmp_path: Path) -> None:
    """A sync writes on, and the next query sees what it wrote, while another one computes on the snapshot of before."""
    shutil.copyfile(empty_database, tmp_path / "dashboard.duckdb")
    with open_store(tmp_path / "dashboard.duckdb") as store:
        slow = begin(store.snapshot(0), SLOW)
        for id in range(5):
            store.write(Upsert(TRACES, [trace(id)]))
        found = begin(store.snapshot(0), "select count(*) as n from traces").answer().table().to_pylist()
        assert found == [{"n": 5}]
        assert not slow.done()
        slow.cancel()


def test_two_people_do_not_disturb_each_other(small: Path) -> None:
    slow, quick = begin(small, SLOW), begin(small, "select 1 as a")
    assert quick.answer().rows == 1
    assert not slow.done()
    other = begin(small, "select 2 as a")
    slow.cancel()
    assert other.answer().rows == 1


def test_so_many_at_once_and_no_more(small: Path) -> None:
    many = [begin(small, SLOW) for _ in range(running.MOST_RUNNING)]
    with pytest.raises(Busy, match="try again when one of them has ended"):
        begin(small, "select 1")
    many[0].cancel()
    assert begin(small, "select 1").answer().rows == 1


def test_a_process_started_ahead_answers_the_next_query(small: Path) -> None:
    running.warm()
    spare = running._SPARE._child
    running.warm()
    assert spare is not None and running._SPARE._child is spare
    one = begin(small, "select 1 as a")
    assert one._child is spare and one.answer().rows == 1
    running.warm()
    gone = running._SPARE._child
    assert gone is not None and gone is not spare
    gone.process.kill()
    gone.process.wait()
    assert begin(small, "select 1 as a").answer().rows == 1


def test_a_query_that_nobody_waits_for_is_stopped(small: Path) -> None:
    """A closed browser, a session that ended."""
    one = begin(small, SLOW)
    process = one._child.process
    del one
    assert process.wait(10) == -signal.SIGKILL


ALONE = """
import sys
from pathlib import Path
from dashlib.explore.running import Order, begin, warm
one = begin(Path(sys.argv[1]), sys.argv[2], Order(seconds=2))
warm()
from dashlib.explore import running
print(one._child.process.pid, running._SPARE._child.process.pid, flush=True)
sys.stdin.read()
"""


def test_a_process_does_not_outlive_a_killed_app(small: Path, tmp_path: Path) -> None:
    app = subprocess.Popen(
        [sys.executable, "-c", ALONE, str(small), SLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2], env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert app.stdout is not None and app.stdin is not None
    pids = [int(word) for word in app.stdout.readline().split()]
    app.kill()
    app.wait()
    app.stdin.close()
    app.stdout.close()
    deadline = time.monotonic() + 20
    while any(map(_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if _lives(pid)] == []


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that nobody reaps is none that runs.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_an_answer_is_kept_while_its_rows_are_read(small: Path) -> None:
    rows = iter(begin(small, "select range as n from range(5000)").answer().batches)
    assert next(rows).num_rows == 2048
    assert sum(batch.num_rows for batch in rows) == 2952


def test_running_is_let_go_once(small: Path) -> None:
    one: Running = begin(small, "select 1")
    one.close()
    one.close()
    assert one.done()
