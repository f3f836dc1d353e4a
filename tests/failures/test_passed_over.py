"""A log in which the same kinds of lines stand thousands of times: most are passed over, what is found is the same."""

from __future__ import annotations

import pytest

from dashlib.failures import search as module
from dashlib.failures.lines import parted
from dashlib.failures.search import Findings, search

PAIRS = 8_000
NEVER = 1 << 60
UNITTEST = ("FAIL: test_part_{n} (tests.test_part.Case)", "AssertionError: {n} != {m}")
SERVICE = (
    "2024-05-14 11:19:20 ERROR [worker] failed to handle request {n}: timeout",
    "2024-05-14 11:19:20 INFO  [worker] handled request {n}",
    "2024-05-14 11:19:20 ERROR [worker] could not connect to db-{n}: Connection refused",
    "2024-05-14 11:19:20 ERROR [worker] unexpected status 500 for request {n}",
)
BY_TURNS = ("a.c:{n}:1: error: unknown type name 'x'", "b.c:{n}:1: error: unknown type 'y'", "E   assert 1 == {m}")
LOGS = {"unittest": UNITTEST, "service": SERVICE, "three kinds": BY_TURNS}


def log(kinds: tuple[str, ...], before: str = "") -> list[bytes]:
    lines = (kind.format(n=n, m=n + 1) for n in range(PAIRS) for kind in kinds)
    return ["".join([before, *(f"{line}\n" for line in lines)]).encode()]


def told(found: Findings) -> list[object]:
    return [found.of_rules, found.last_of_rule, found.words_first, [*found.words_last], found.endings]


@pytest.mark.parametrize("kinds", LOGS.values(), ids=LOGS)
@pytest.mark.parametrize("commands", [1, 3])
def test_first_and_last_lines_are_those_of_a_search_that_looks_at_every_line(
    monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...], commands: int
) -> None:
    pieces = [piece for n in range(commands) for piece in log(kinds, f"$ make part-{n}\n")]
    found = search(pieces)
    monkeypatch.setattr(module, "_STREAK", NEVER)
    assert told(found) == told(search(pieces))


@pytest.mark.parametrize("kinds", LOGS.values(), ids=LOGS)
def test_most_lines_of_a_few_kinds_that_take_turns_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...]
) -> None:
    looked: list[bytes] = []

    def look(raw: bytes) -> tuple[bytes, bytes]:
        looked.append(raw)
        return parted(raw)

    monkeypatch.setattr(module, "parted", look)
    search(log(kinds))
    assert 1_000 < len(looked) < PAIRS * len(kinds) / 3


def test_what_comes_once_among_thousands_alike_is_found() -> None:
    """With other words it is of another kind, and those are never passed over."""
    pieces = [*log(UNITTEST), b"ModuleNotFoundError: No module named 'attr'\n", *log(UNITTEST)]
    found = search(pieces)
    lines = [one.line.shown for findings in found.of_rules.values() for one in findings]
    assert b"ModuleNotFoundError: No module named 'attr'" in lines
