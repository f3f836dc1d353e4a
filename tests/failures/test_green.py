"""A line that the last green log held is hardly the reason; which lines are the same; what that costs."""

from __future__ import annotations

import time

import pytest

from dashlib.failures import green as module
from dashlib.failures.explain import explain_text
from dashlib.failures.green import GREEN_VERSION, Green, packed
from dashlib.failures.reason import Reason

NOISE = "error: cache server has nothing for us, going on"
START = "Running with gitlab-runner 18.4.0\n$ frobnicate --all\nreading 12 plans\n"
PASSED = f"{START}{NOISE}\nplans are in order after 3.2 s\nJob succeeded\n"
END = "ERROR: Job failed: exit code 3\n"


def green(log: str) -> Green:
    kept = packed([log.encode()])
    assert kept is not None
    return Green(kept)


def first(reason: Reason) -> str:
    return reason.lines[0].text


@pytest.mark.parametrize(
    "cause",
    [
        "E_PLAN widget 12 has no parent",
        "frobnicate: plan 7 refuses to settle",
        "!! widget 12: error while settling",
    ],
)
def test_an_unknown_tools_line_that_is_new_beats_what_looks_like_an_error_in_every_log(cause: str) -> None:
    red = f"{START}{cause}\n{NOISE}\n{END}"
    before, reason = explain_text(red), explain_text(red, green=green(PASSED))
    assert first(before) == NOISE, "else the green log would be of no use here"
    assert before.in_green_log is None
    assert (first(reason), reason.in_green_log) == (cause, False)
    assert NOISE not in [line.text for line in reason.lines]


def test_a_rule_whose_line_the_green_log_held_gives_way_to_one_whose_line_is_new() -> None:
    noise = "E: Unable to locate package optional-tool"
    red = f"{noise}\nmoving on\ncart.c:3:1: error: expected ';'\n" + "ok\n" * 40
    assert explain_text(f"{noise}\nmoving on\n" + "ok\n" * 40).category == "dependency"
    assert explain_text(red, green=green(noise)).category == "compile_error"


def test_a_sure_rule_stays_beside_a_new_line_that_only_looks_like_an_error() -> None:
    """A test that passed when it was run once more stands in green logs, too."""
    said = "FAILED tests/test_cart.py::test_total - assert 1 == 2"
    log = f"$ pytest\n{said}\nerror: something about the cache\n=== 1 failed, 3 passed in 2.1s ===\n{END}"
    reason = explain_text(log, green=green(f"$ pytest\n{said}\n=== 1 rerun, 4 passed in 2.1s ===\n"))
    assert reason.category == "test_failure"


def test_where_nothing_is_new_the_green_log_says_nothing() -> None:
    red = f"{START}{NOISE}\nsettled\n{END}"
    plain, reason = explain_text(red), explain_text(red, green=green(red))
    assert (reason.lines, reason.category, reason.signature, reason.confidence) == (
        plain.lines, plain.category, plain.signature, plain.confidence,
    )  # fmt: skip
    assert reason.in_green_log is True
    assert explain_text("", green=green(PASSED)).in_green_log is None


@pytest.mark.parametrize(
    ("in_green", "in_red", "same"),
    [
        ("12:00:01 fetched part-17 in 0.5s", "13:59:59 fetched part-23 in 11.5s", True),
        ("\x1b[31mWARN\x1b[0m [worker-3] slow", "WARN [worker-41] slow", True),
        ("2026-04-26T02:18:36.000000Z 01O tests: settling", "tests: settling", True),
        ("section_start:1700000000:step_script\r\x1b[0Ksettling", "settling", True),
        ("tests: 40, failures: 0", "tests: 41, failures: 0", True),
        ("tests: 40, failures: 0", "tests: 40, failures: 2", False),
        ("curl: (22) The requested URL returned error: 404", "curl: (22) The requested URL returned error: 503", False),
        ("< HTTP/1.1 204 No Content", "< HTTP/1.1 504 No Content", False),
        ("exit code 0", "exit code 1", False),
        ("错误：无法打开", "错误：无法关闭", False),
        ("anything", "----- 17 -----", True),
    ],
)
def test_which_lines_are_the_same(in_green: str, in_red: str, same: bool) -> None:
    assert green(f"{in_green}\n").holds(in_red.encode()) is same


def test_what_was_kept_stays_true_for_its_version() -> None:
    """Another answer here: raise GREEN_VERSION, and ENGINE_VERSION with it."""
    lines = "a b-c 12 d3\nexit code 4: errors 0\n错误：3\n"
    assert (GREEN_VERSION, packed([lines.encode()])) == (1, bytes.fromhex("00000000723e7a462d3bd7a6d00d2ec8"))


def test_a_log_of_too_many_lines_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 3)
    assert packed([b"a\nb\nc"]) is not None
    assert packed([b"a\nb\nc\nd"]) is None


def test_any_bytes_are_read_in_linear_time() -> None:
    begun = time.process_time()
    for said in (b"a" * 3_000_000, b"error 0 " * 400_000, b"0 \n" * 1_000_000, bytes(range(256)) * 10_000):
        packed([said])
    assert time.process_time() - begun < 8.0
