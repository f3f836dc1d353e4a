"""Witnesses weighed: place, GitLab's own word, causes before echoes; secrets; no reason."""

from __future__ import annotations

import re

import pytest

from dashlib.failures.explain import explain, explain_text
from dashlib.failures.mask import MASKED
from dashlib.failures.reason import NOTHING_SAID

TEST = """F
======================================================================
FAIL: test_total (tests.test_cart.CartTest)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/builds/shop/tests/test_cart.py", line 5, in test_total
AssertionError: 1 != 2
"""


def section(name: str, *lines: str) -> list[str]:
    return [f"section_start:1715685560:{name}\r\x1b[0K{name}", *lines, f"section_end:1715685569:{name}\r\x1b[0K"]


def log(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part)


def test_what_happens_after_the_script_is_not_the_reason() -> None:
    reason = explain_text(
        log(
            section("step_script", "$ make check", *TEST.splitlines()),
            section("after_script", "$ tar czf logs.tgz logs", "tar: logs: Cannot stat: No such file or directory",
                    "curl: (6) Could not resolve host: files.acme.example"),
            ["ERROR: Job failed: exit code 1"],
        )
    )  # fmt: skip
    assert (reason.category, reason.lines[0].text) == ("test_failure", "AssertionError: 1 != 2")


def test_the_section_the_log_died_in_is_a_witness() -> None:
    died = log(
        section("prepare_executor", "Using Docker executor with image x ..."),
        section("get_sources", "fatal: unable to access 'https://g.example/x.git/': Could not resolve host: g.example"),
        ["ERROR: Job failed: exit code 1"],
    )
    assert explain_text(died).category == "git_checkout"


@pytest.mark.parametrize(
    "said",
    [
        "fatal: unable to access 'https://h.example/a/b.git/': Could not resolve host: h.example",
        "fatal: unable to access 'https://h.example/a/b.git/': The requested URL returned error: 503",
        "ssh: Could not resolve hostname h.example: Name or service not known\n"
        "fatal: Could not read from remote repository.",
        "error: RPC failed; curl 56 GnuTLS recv error (-54)\nfatal: the remote end hung up unexpectedly",
    ],
    ids=["name", "server", "ssh", "cut off"],
)
def test_git_that_does_not_reach_the_server_is_a_checkout_only_where_the_runner_checks_out(said: str) -> None:
    lines = said.split("\n")
    source = section("get_sources", "Fetching changes with git depth set to 20...", *lines)
    pushed = section("step_script", "$ git push origin HEAD:main", *lines)
    failed = ["ERROR: Job failed: exit code 128"]
    fetched, script = explain_text(log(source, failed)), explain_text(log(section("get_sources"), pushed, failed))
    assert (fetched.category, script.category) == ("git_checkout", "network")
    assert fetched.lines[0].text == script.lines[0].text == lines[0]
    assert str(script.signature).startswith("network: ")


def test_a_command_that_succeeded_is_not_the_reason() -> None:
    said = '$ ./configure\nconfigure: error: no acceptable C compiler found\nThe command "./configure" exited with 0.\n'
    failed = (
        "$ make check\n"
        + TEST
        + '\nThe command "make check" exited with 1.\n$ cat log\ncat: log: No such file or directory\n'
    )
    assert explain_text(said + failed).category == "test_failure"


def test_an_echo_is_the_reason_only_when_nothing_else_was_said() -> None:
    echo = "##[error]Process completed with exit code 2."
    alone = explain_text(f"##[group]Run make\nworking\n{echo}")
    assert alone.confidence < 0.4
    assert explain_text(f"##[group]Run make\ncart.c:3:1: error: expected ';'\n{echo}").category == "compile_error"


def test_the_first_error_of_a_compiler_and_the_last_word_of_a_tool() -> None:
    compiler = explain_text("a.c:1:1: error: first\nb.c:2:2: error: second\nmake: *** [a.o] Error 1\n")
    assert compiler.lines[0].text == "a.c:1:1: error: first"
    assert compiler.lines[1].text == "b.c:2:2: error: second"
    tries = "curl: (7) Failed to connect to a.example port 443\n" * 2 + "curl: (28) Operation timed out\n"
    assert explain_text(tries).lines[0].text == "curl: (28) Operation timed out"


@pytest.mark.parametrize(
    ("failure_reason", "category"),
    [
        ("runner_system_failure", "runner_system"),
        ("job_execution_timeout", "timeout"),
        ("script_failure", "unknown"),
        ("some_new_reason_of_next_year", "unknown"),
        (None, "unknown"),
    ],
)
def test_gitlabs_own_word_where_the_log_is_silent(failure_reason: str | None, category: str) -> None:
    for text in ("", "\n\n", "section_start:1715685560:step_script\r\x1b[0K"):
        reason = explain_text(text, failure_reason=failure_reason)
        assert (reason.category, reason.lines, reason.signature, reason.rule) == (category, (), None, None)
    assert explain_text("") == NOTHING_SAID


def test_gitlabs_own_word_decides_between_witnesses() -> None:
    both = "ERROR: Job failed (system failure): pods are gone\n" + "a.c:1:1: error: first\n"
    assert explain_text(both, failure_reason="runner_system_failure").category == "runner_system"


def test_a_test_that_dies_of_memory_is_out_of_memory() -> None:
    text = "CartTest > testAll FAILED\n    java.lang.OutOfMemoryError: Java heap space\n"
    assert explain_text(text).category == "oom"


SECRET = "glpat" + "-CanaryDoNotShow0123"


@pytest.mark.parametrize(
    "line",
    [
        f"fatal: unable to access 'https://ci:{SECRET}@gitlab.acme.example/x.git/': Could not resolve host",
        f"ERROR: login failed for token {SECRET}",
        f"FAILED tests/test_a.py::test_b - AssertionError: got '{SECRET}'",
        f"something unknown could not be done with {SECRET}",
    ],
)
def test_no_secret_in_anything_that_is_said(line: str) -> None:
    reason = explain_text(f"begin\n\x1b[31m{line}\x1b[0m\nERROR: Job failed: exit code 1\n")
    assert "Canary" not in repr(reason)
    assert MASKED in reason.lines[0].text


def test_a_key_in_the_log_is_not_quoted() -> None:
    body = "MIIEpAIBAAKCAQEAcanary0123456789ABCDEFabcdef"
    key = "-----BEGIN RSA PRIVATE " + f"KEY-----\n{body}\n" + "-----END RSA PRIVATE " + "KEY-----"
    assert "canary" not in repr(explain_text(f"$ cat key\n{key}\nLoad key: error in libcrypto\n"))


def test_a_long_line_is_cut() -> None:
    reason = explain_text("error: " + "x" * 10_000)
    assert len(reason.lines[0].text) == 2_000
    assert len(reason.signature or "") < 300


def test_a_reason_is_one_line() -> None:
    reason = explain_text("a.c:1:1: error:\ttoo   many\tblanks\n")
    assert reason.reason == "a.c:1:1: error: too many blanks"
    assert reason.lines[0].text == "a.c:1:1: error:\ttoo   many\tblanks"


def test_numbers_are_those_of_physical_lines() -> None:
    text = "10%\r20%\r30%\r\nsecond\r\n\x1b[31ma.c:1:1: error: here\x1b[0m\n"
    (line, *_) = explain_text(text).lines
    assert re.split(r"\r\n|\n|\r", text)[line.number - 1] == "\x1b[31ma.c:1:1: error: here\x1b[0m"


def test_the_general_scorer_says_that_it_is_unsure() -> None:
    reason = explain_text(
        "$ ./ci/odd\nall is well\nthe flux could not be aligned\nbye\nERROR: Job failed: exit code 3\n"
    )
    assert reason.rule is None
    assert reason.lines[0].text == "the flux could not be aligned"
    assert 0 < reason.confidence <= 0.4


def test_a_log_of_nothing_but_chatter_gives_its_last_words() -> None:
    reason = explain([b"$ ./ci/odd\n", b"one\ntwo\nthree\n"])
    assert (reason.category, reason.rule) == ("unknown", None)
    assert reason.lines[0].text == "three"
    assert reason.confidence <= 0.1


def test_among_thousands_of_the_same_complaint_another_is_found() -> None:
    """Lines of which thousands were alike are passed over, lines with other words are not."""
    flood = [f"src/part_{n}.c:{n}:1: error: unknown type name 'part_{n}'" for n in range(4_000)]
    flood.insert(2_500, "/usr/bin/ld: final link failed: No space left on device")
    reason = explain_text("\n".join(["$ make", *flood, "make: *** [all] Error 1"]))
    assert reason.category == "disk_full"
    assert reason.lines[0].text == "/usr/bin/ld: final link failed: No space left on device"
    assert "part_0" in reason.lines[1].text


def test_a_flood_of_one_complaint_says_its_first() -> None:
    flood = [f"src/part_{n}.c:{n}:1: error: unknown type name 'part_{n}'" for n in range(5_000)]
    reason = explain_text("\n".join(["$ make", *flood, "make: *** [all] Error 1"]))
    assert (reason.category, reason.rule) == ("compile_error", "cc.error")
    assert [line.number for line in reason.lines] == [2, 3, 4, 5, 6]
