"""Templates: what changes from night to night goes, what tells failures apart stays; and the patterns made of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.signature import LONGEST, like_pattern, template

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[ERROR] /builds/a/src/App.java:[12,27] cannot find symbol", "[ERROR] …/App.java:[<n>] cannot find symbol"),
        ("src/main/App.java:[9,1] cannot find symbol", "…/App.java:[<n>] cannot find symbol"),
        (r"C:\work\a\Cart.cs(12,3): error CS0246: x", "…/Cart.cs(<n>): error CS0246: x"),
        ("src/cart.ts(3,4): error TS2304: no name", "…/cart.ts… error TS2304: no name"),
        ("src/cart.ts:3:4 - error TS2304: no name", "…/cart.ts… error TS2304: no name"),
        ("src/Cart.fs(3,4): error FS0039: no name", "…/Cart.fs(<n>): error FS0039: no name"),
        ("tests/test_a.py::TestX::test_y[3-4] failed in 2.31s", "…/test_a.py::TestX::test_y[<n>-<n>] failed in <t>"),
        ("took 1m 2s, then 31 ms", "took <t>, then <t>"),
        ("started 2024-05-14T11:19:20.123456Z", "started <time>"),
        ("job 7f3e9c1d-1111-2222-3333-444455556666 gone", "job <uuid> gone"),
        ("<Invoice object at 0x7f3b2c1d5e50>", "<Invoice object at <hex>>"),
        ("commit 9f3c1d0e5b7a4c2d8e6f is missing", "commit <hex> is missing"),
        ("Error getting http://files.acme.example/rs485/tool.zip", "Error getting http://<host>/…/tool.zip"),
        ("Could not resolve host: files.acme.example", "Could not resolve host: <host>"),
        ("connect to 10.4.0.9:5432 refused", "connect to <ip> refused"),
        ("E: Sub-process /usr/bin/dpkg returned an error code (1)", "E: Sub-process …/dpkg returned an error code (1)"),
        ("ERROR: Job failed: exit code 137", "ERROR: Job failed: exit code 137"),
        ("curl: (6) Could not resolve", "curl: (6) Could not resolve"),
        ("HTTP 404 for part", "HTTP 404 for part"),
        ("[Errno 2] No such file: 'multiline.nml'", "[Errno 2] No such file: 'multiline.nml'"),
        ("error[E0425]: cannot find function `tax_of`", "error[E0425]: cannot find function `tax_of`"),
        ("package com.sun.tools.attach does not exist", "package com.sun.tools.attach does not exist"),
        ("java.io.IOException: I/O error", "java.io.IOException: I/O error"),
        ("open /tmp/tmpab12cd34/x: denied", "open <path>: denied"),
        ("expected 119 got 138.61", "expected <n> got <n>"),
        ("money v2.4.1-rc1 is gone", "money <n> is gone"),
        ("built in 1m3.25s", "built in <t>"),
        ("/bin/bash: line 142: kubectll: command not found", "…: kubectll: command not found"),
        ("/scripts-1-2/step_script: line 7: kubectll: command not found", "…: kubectll: command not found"),
        ("deploy.sh: line 4: TARGET: unbound variable", "deploy.sh: line <n>: TARGET: unbound variable"),
        ("deploy.prod.sh:12: bad", "deploy.prod.sh:<n>: bad"),
        ("connect to gitlab.acme.pl failed", "connect to <host> failed"),
        ("report.pl line 7 died, said user@acme.pl", "report.pl line <n> died, said <host>"),
        ("x==3.0 (from versions: 1.0, 1.1, 2.0rc1, 2.1.dev3)", "x==<n> (from versions: <n>)"),
        ("x==3.0 (from versions: none)", "x==<n> (from versions: none)"),
        ("[gw13] node down: Not properly terminated", "[gw<n>] node down: Not properly terminated"),
        ("see gw1.log", "see gw1.log"),
        ('pods "runner-t3ab9xyz-project-4-concurrent-0abc12" not found', 'pods "runner-<n>" not found'),
        ("Found 1 error in 3 files", "Found <n> error(s) in <n> file(s)"),
        ("Found 4 type errors in 1 file.", "Found <n> type error(s) in <n> file(s)."),
        ("\ufffd" * 300, "…"),
        ("  many   blanks\there ", "many blanks here"),
        ("", ""),
    ],
)
def test_what_goes_and_what_stays(line: str, said: str) -> None:
    assert template(line) == said


def test_a_long_line_is_cut_and_says_so() -> None:
    said = template("word " * 1000)
    assert len(said) == LONGEST
    assert said.endswith("…")


MAVEN = (
    "[ERROR] Failed to execute goal on project shop: Could not resolve dependencies for project example:till:jar:1.0: "
    "Failed to collect dependencies at example.foo:bar:jar:2.1: {more}Failed to read artifact descriptor for "
    "example.foo:bar:jar:2.1: Could not {what} in central (https://{host}/maven2): status code: {code} -> [Help 1]"
)


@pytest.mark.parametrize("more", ["", "Could not collect " * 30], ids=["long", "longer than is looked at"])
def test_of_a_long_line_the_end_stays(more: str) -> None:
    """Tools that wrap each other's words have the cause there."""

    def told(what: str, code: int, host: str = "repo.acme.example") -> str:
        return template(MAVEN.format(what=what, code=code, host=host, more=more))

    here = told("find artifact example.foo:parent:pom:7", 404)
    assert here != told("find artifact example.it:thing:pom:7", 404)
    assert told("transfer artifact a:b:pom:7", 503) != told("transfer artifact a:b:pom:7", 403)
    assert here == told("find artifact example.foo:parent:pom:9", 404, host="mirror.acme.example")
    assert len(here) <= LONGEST and here.startswith("[ERROR] Failed to execute goal") and here.endswith("-> [Help <n>]")


@pytest.mark.parametrize("long", range(180, 330, 3))
def test_no_mark_is_cut_in_two(long: int) -> None:
    line = " ".join(["/builds/a/b"] * (long // 4)) + "x" * long + " 4 errors /builds/a/b" * (long // 4)
    said = template(line)
    assert like(line, like_pattern(said)) and not re.search("<(?:pat|pa|p)?…|…(?:th|ath|h)>", said)


PIECES = st.sampled_from(
    [
        "/builds/a/b.py", "src/x/y.go", "0x7f3b2c1d", "12.5 s", "2024-05-14 11:19:20", "10.0.0.1", "https://h.example/a",
        "100%", "a_b", "back\\slash", "(3,4)", ": ", " ", "host.acme.example", "…", "<n>", "v1.2.3", "error", "'", "_",
        "%", "1.0, 1.1, 1.2b3", "4 errors", "(s)", "a.ts(1,2): error TS1", "deploy.sh:4", "gw4",
    ]
)  # fmt: skip
LINES = st.lists(PIECES | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4), max_size=12).map("".join)


def like(text: str, pattern: str) -> bool:
    """DuckDB's own LIKE."""
    answer = duckdb.execute("select $text like $pattern escape '\\'", {"text": text, "pattern": pattern}).fetchone()
    return bool(answer and answer[0])


@settings(derandomize=True, max_examples=300, deadline=None)
@given(LINES)
def test_the_pattern_of_a_template_matches_its_line(line: str) -> None:
    single = " ".join(line.split())
    assert like(single, like_pattern(template(line)))
    assert like(template(line), like_pattern(template(line)))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=12, max_size=30).map(" ".join))
def test_the_pattern_of_a_long_line_matches_it(line: str) -> None:
    single = " ".join(line.split())
    assert like(single, like_pattern(template(line)))
    assert like(template(line), like_pattern(template(line)))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(LINES, st.integers(0, 99_999), st.integers(0, 99_999))
def test_numbers_and_directories_do_not_tell_lines_apart(line: str, ours: int, theirs: int) -> None:
    def framed(number: int) -> str:
        return f"{line} at /builds/{number}/deep/cart.py:{number} after {number} s"

    assert template(framed(ours)) == template(framed(theirs))


@pytest.mark.parametrize(
    "unit", ["a.", "a/", "1.", "/a", "a@", "ab-", "0x", "12 s ", "a:", "https://a", "[::", "1:22:33"]
)
def test_a_hostile_line_costs_no_more_than_any(unit: str) -> None:
    """Four hundred lines of it; each is cut before it is looked at."""
    code = f"from dashlib.failures.signature import template\nfor _ in range(400): template({unit!r} * 5000)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=90)


def test_no_mark_is_left_in_a_pattern() -> None:
    assert like_pattern("…/App.java:[<n>] took <t>, <t> 100% a_b") == r"%App.java:[%] took %, % 100\% a\_b"
    assert not re.search("[<…]", like_pattern("<path> <host> <hex> <uuid> <time> <ip> <tmp> <n>"))
