"""``sql``: one read-only statement, its answer in four formats."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from dashlib.model import Upsert
from dashlib.sources.tables import COMMITS
from dashlib.store import open_store
from tests.commands.shell import ROOT, Shell

AT = datetime(2026, 3, 11, 2, 0, 0, 500000)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "dashboard.duckdb"
    rows = [
        dict.fromkeys(COMMITS.columns)
        | {
            "project_id": 1,
            "id": f"{n:04}",
            "title": title,
            "committed_at": AT,
            "parent_ids": ["a", "b"],
            "additions": n,
        }
        for n, title in enumerate(['plain, "quoted"', "two\nlines", "æøå 😀", None])
    ]
    with open_store(path) as store:
        store.write(Upsert(COMMITS, rows))
    return path


@pytest.fixture
def shell(tmp_path: Path, database: Path) -> Shell:
    (tmp_path / "data").mkdir()
    shutil.copy(database, tmp_path / "data" / "dashboard.duckdb")
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    return Shell(tmp_path)


QUERY = "select id, title, committed_at, parent_ids, additions / 2 as half from commits order by id"


def test_json(shell: Shell) -> None:
    said = shell("sql", QUERY, "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert [row["title"] for row in found] == ['plain, "quoted"', "two\nlines", "æøå 😀", None]
    assert found[1] == {
        "id": "0001", "title": "two\nlines", "committed_at": "2026-03-11T02:00:00.500000Z",
        "parent_ids": ["a", "b"], "half": 0.5,
    }  # fmt: skip


def test_json_of_every_type_a_person_may_ask_for(shell: Shell) -> None:
    query = """
        select timestamptz '2026-03-11 03:00:00+01' as zoned, date '2026-03-11' as day, time '10:30' as clock,
            12.50::decimal(9, 2) as price, 3::decimal(9, 2) as whole, 'nan'::double as nan, '-inf'::double as inf,
            sum(170141183460469231731687303715884105727) as huge,
            {'a': [1, null], 'at': timestamp '2026-03-11'} as thing, true as yes,
            null as nothing, 'a'::blob as bytes, [timestamp '2026-03-11 01:00:00'] as stamps
    """
    (found,) = json.loads(shell("sql", query, "--format", "json").out)
    assert found == {
        "zoned": "2026-03-11T02:00:00Z", "day": "2026-03-11", "clock": "10:30:00", "price": 12.5, "whole": 3,
        "huge": 170141183460469231731687303715884105727, "nan": None, "inf": None,
        "thing": {"a": [1, None], "at": "2026-03-11T00:00:00Z"}, "yes": True, "nothing": None, "bytes": "61",
        "stamps": ["2026-03-11T01:00:00Z"],
    }  # fmt: skip
    assert shell("sql", "select 1 as a, 2 as a", "--format", "json").out == '[{"a": 1, "a_2": 2}]\n'
    assert shell("sql", "select 1 as a where false", "--format", "json").out == "[]\n"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_times_that_python_has_none_for(shell: Shell, form: str) -> None:
    """DuckDB's infinity and the year 12000: an answer or one line, never a traceback and half an answer."""
    said = shell("sql", "select 'infinity'::timestamp as never, timestamp '12000-01-01' as late", "--format", form)
    assert said.code in (0, 1)


def test_no_row_cap(shell: Shell) -> None:
    found = json.loads(shell("sql", "select range as n from range(25000)", "--format", "json").out)
    assert [row["n"] for row in found] == list(range(25000))


def test_csv(shell: Shell) -> None:
    said = shell("sql", QUERY, "--format", "csv")
    rows = list(csv.reader(io.StringIO(said.out, newline="")))
    assert rows[0] == ["id", "title", "committed_at", "parent_ids", "half"]
    assert rows[1] == ["0000", 'plain, "quoted"', "2026-03-11T02:00:00.500000Z", '["a", "b"]', "0.0"]
    assert [row[1] for row in rows[2:]] == ["two\nlines", "æøå 😀", ""]


def test_parquet(shell: Shell) -> None:
    said = shell("sql", QUERY, "--format", "parquet", "--output", "out.parquet")
    assert (said.code, said.out) == (0, "")
    found = pq.read_table(shell.folder / "out.parquet").to_pylist()
    assert found[2] == {"id": "0002", "title": "æøå 😀", "committed_at": AT, "parent_ids": ["a", "b"], "half": 1.0}
    said = shell("sql", QUERY, "--format", "parquet")
    assert said.code == 2
    assert "--output" in said.error()


def test_table(shell: Shell) -> None:
    said = shell("sql", "select id, title from commits where id = '0000'")
    assert '0000 │ plain, "quoted"' in said.out
    assert said.out.endswith("1 row\n")
    many = shell("sql", "select range as n from range(1234)")
    assert many.out.endswith("1,234 rows (the first 200 shown)\n")
    assert "[red]" in shell("sql", "select '[red]not a colour[/red]' as x").out
    assert shell("sql", "explain select 1").out.startswith("┌──")
    kinds = shell(
        "sql", "select 'nan'::double as x, true as yes, ['ø', null] as l, 1.50::decimal(9, 2) as d, null as n"
    )
    assert [cell.strip() for cell in kinds.out.splitlines()[3].strip("│").split("│")] == [
        "nan", "true", '["ø", null]', "1.5", "",
    ]  # fmt: skip


def test_a_table_that_does_not_fit_the_screen_is_one_block_per_row(shell: Shell) -> None:
    said = shell("sql", "select * from commits where id = '0001'", COLUMNS="80")
    lines = said.out.splitlines()
    assert lines[0] == "─[ 1 ]" + "─" * 74
    assert lines[-1] == "1 row"
    assert [line.split(" │")[0].strip() for line in lines[1:-1]] == list(COMMITS.columns)
    assert "title             │ two↵lines" in lines
    wide = shell("sql", "select * from commits where id = '0001'", COLUMNS="400")
    assert wide.out.startswith("┏")


def test_output_to_a_file_and_to_nowhere(shell: Shell) -> None:
    assert shell("sql", "select 1 as a", "--format", "csv", "--output", "a.csv").code == 0
    assert (shell.folder / "a.csv").read_text().split() == ["a", "1"]
    said = shell("sql", "select 1 as a", "--format", "csv", "--output", "no/folder/a.csv")
    assert said.code == 1
    assert "no/folder/a.csv" in said.error()


def test_views_and_descriptions_are_there(shell: Shell) -> None:
    assert "committed_at" in shell("sql", "describe commits").out
    assert shell("sql", "select count(*) as n from persons", "--format", "csv").code == 0


def test_a_refusal_in_a_process_of_its_own(shell: Shell) -> None:
    """All that is refused: tests/explore/test_hostile.py."""
    said = shell("sql", "insert into commits (id) values ('x')")
    assert (said.code, said.out) == (2, "")
    assert said.error() == "Only reading is allowed here: one SELECT (or EXPLAIN) statement, please, not INSERT."


def test_a_wrong_statement_is_drawn_as_duckdb_draws_it(shell: Shell) -> None:
    """The pointer stands under the place only when each line of the message keeps its own line."""
    said = shell("sql", "select id,\n  no_such_column\nfrom commits")
    assert (said.code, said.out) == (2, "")
    first, *_, where, place, pointer = said.err.splitlines()
    assert first == 'error: Binder Error: Referenced column "no_such_column" not found in FROM clause!'
    assert (where, place) == ("Line 2, column 3:", "  no_such_column")
    assert pointer.rstrip("^").isspace()
    assert place[pointer.index("^") :] == "no_such_column"


def test_a_wrong_statement_does_not_steer_the_terminal(shell: Shell) -> None:
    said = shell("sql", "select '\x1b[2J' from nowhere_\x1b[31m")
    assert said.code == 2
    assert "\x1b" not in said.err
    assert "␛" in said.err


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_a_value_that_fails_late_leaves_no_half_answer(shell: Shell, form: str) -> None:
    """DuckDB hands rows on before it has met the last one."""
    query = "select (case when range = 900000 then 'a' else '1' end)::int as n from range(1000000)"
    (shell.folder / "out").write_text("an older answer\n" * 1000)
    said = shell("sql", query, "--format", form, "--output", "out")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: Conversion Error: Could not convert string 'a' to INT32\n")
    assert (shell.folder / "out").read_bytes() == b""


def test_a_database_of_a_newer_release_is_not_read(shell: Shell) -> None:
    with duckdb.connect(str(shell.folder / "data" / "dashboard.duckdb")) as database:
        database.execute("update bookkeeping.meta set value = '99' where name = 'version'")
    for words in (["sql", "select 1"], ["report"]):
        said = shell(*words)
        assert (said.code, said.out) == (1, "")
        assert "was written by a newer version of this dashboard (layout 99" in said.error()


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_broken_database_is_no_wrong_statement(shell: Shell, form: str) -> None:
    """Its pages are gone but its head is there: it opens, and cannot be read."""
    file = shell.folder / "data" / "dashboard.duckdb"
    whole = file.read_bytes()
    file.write_bytes(whole[: 3 * 4096] + bytes(len(whole) - 3 * 4096))
    said = shell("sql", "select * from commits", "--format", form)
    assert (said.code, said.out) == (1, "")
    assert "data/dashboard.duckdb" in said.error() or "the data could not be read" in said.error()


def test_a_reader_that_hangs_up(shell: Shell) -> None:
    """``… | head -1``"""
    command = f"{sys.executable} -m dashlib sql 'select range as n from range(300000)' --format csv | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=shell.folder, capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("n", "")


HOLDER = """
import sys, signal
from pathlib import Path
from dashlib.store import open_store
store = open_store(Path(sys.argv[1]))
print("ready", flush=True)
signal.pause()
"""


def test_while_another_process_writes(shell: Shell) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(shell.folder / "data" / "dashboard.duckdb")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        for words in (["sql", "select 1"], ["status"]):
            said = shell(*words)
            assert said.code == 1
            assert f"is in use by process {holder.pid}" in said.error()
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
    assert shell("sql", "select 1 as a", "--format", "csv").code == 0
