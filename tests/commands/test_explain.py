"""``explain``: one JSON object a file, in order; stdin, gzip, what cannot be read; nothing but a log is needed."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

from tests.commands.shell import ROOT, Shell

LOG = "$ make\ncart.c:31:12: error: implicit declaration of function 'tax_of'\nmake: *** [cart.o] Error 1\n"
FIELDS = ["file", "category", "reason", "lines", "signature", "rule", "confidence"]


def test_one_object_a_file_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "packed.log.gz").write_bytes(gzip.compress(LOG.encode()))
    said = Shell(tmp_path)("explain", "packed.log.gz", "empty.log", "a.log", "--json")
    assert (said.code, said.err) == (0, "")
    packed, empty, plain = map(json.loads, said.out.splitlines())
    assert [list(row) for row in (packed, empty, plain)] == [FIELDS] * 3
    assert [row["file"] for row in (packed, empty, plain)] == ["packed.log.gz", "empty.log", "a.log"]
    assert plain == {
        "file": "a.log",
        "category": "compile_error",
        "reason": "cart.c:31:12: error: implicit declaration of function 'tax_of'",
        "lines": [{"number": 2, "text": "cart.c:31:12: error: implicit declaration of function 'tax_of'"}],
        "signature": "compile_error: cart.c:<n>:<n>: error: implicit declaration of function 'tax_of'",
        "rule": "cc.error",
        "confidence": plain["confidence"],
    }
    assert 0.5 < plain["confidence"] < 1
    assert packed == plain | {"file": "packed.log.gz"}
    assert empty == {
        "file": "empty.log", "category": "unknown", "reason": None, "lines": [], "signature": None, "rule": None,
        "confidence": 0.0,
    }  # fmt: skip


def test_what_cannot_be_read_is_an_object_too(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "broken.gz").write_bytes(gzip.compress(LOG.encode() * 99)[:60])
    (tmp_path / "folder").mkdir()
    said = Shell(tmp_path)("explain", "gone.log", "broken.gz", "folder", "a.log", "--json")
    assert said.code == 1
    assert len(said.err.splitlines()) == 3
    assert "gone.log" in said.err
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [(row["file"], row["category"]) for row in rows] == [
        ("gone.log", "unknown"), ("broken.gz", "unknown"), ("folder", "unknown"), ("a.log", "compile_error"),
    ]  # fmt: skip


def piped(folder: Path, log: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "dashlib", "explain", "-", *words], cwd=folder, input=log, capture_output=True,
        timeout=60, check=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_stdin(tmp_path: Path) -> None:
    for log in (LOG.encode(), gzip.compress(LOG.encode())):
        row = json.loads(piped(tmp_path, log, "--json").stdout)
        assert (row["file"], row["category"]) == ("-", "compile_error")


def test_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("$ make\ncart.c:3:1: error: it\x1b]0;steers\x07\x01 all\n")
    said = Shell(tmp_path)("explain", "a.log", "gone.log")
    assert said.code == 1
    assert said.out.splitlines()[0].startswith("a.log: compile_error (rule cc.error, ")
    assert "  2  cart.c:3:1: error: it" in said.out
    assert "\x1b" not in said.out
    assert "\x01" not in said.out
    assert said.error() == "cannot read gone.log: No such file or directory"


def test_what_a_green_log_holds_too_is_not_the_reason(tmp_path: Path) -> None:
    noise = "error: cache server has nothing for us, going on"
    (tmp_path / "a.log").write_text(f"$ frobnicate\nE_PLAN widget 12 has no parent\n{noise}\n")
    (tmp_path / "green.gz").write_bytes(gzip.compress(f"$ frobnicate\n{noise}\nJob succeeded\n".encode()))
    shell = Shell(tmp_path)
    alone, beside = (
        json.loads(shell("explain", "a.log", "--json", *more).out) for more in ((), ("--green", "green.gz"))
    )
    assert [row["reason"] for row in (alone, beside)] == [noise, "E_PLAN widget 12 has no parent"]
    assert [list(row) for row in (alone, beside)] == [FIELDS, [*FIELDS, "in_green_log"]]
    assert beside["in_green_log"] is False
    twice = shell("explain", "-", "--green", "-")
    assert (twice.code, twice.error()) == (2, "standard input holds one log: name a file for the other")
    assert "new: not in the green log" in shell("explain", "a.log", "--green", "green.gz").out
    gone = shell("explain", "a.log", "--green", "gone")
    assert (gone.code, gone.out, gone.err.count("\n")) == (2, "", 1)


def test_it_needs_neither_settings_nor_a_database(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    said = Shell(tmp_path)("explain", "a.log", "--json", GITLAB_URL="not an address", DASH_TIMEZONE="Nowhere/None")
    assert said.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log"]


def test_it_imports_only_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    code = "import sys; from dashlib.__main__ import main; main(['explain', 'a.log']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert not {"duckdb", "pandas", "streamlit", "gitlab", "requests", "pyarrow", "altair"} & set(done.stdout.split())


def test_without_a_file_it_says_how(tmp_path: Path) -> None:
    said = Shell(tmp_path)("explain")
    assert said.code == 2
    assert "FILE" in said.error()
