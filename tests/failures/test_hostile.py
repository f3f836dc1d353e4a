"""Any bytes give an answer, in time linear in their number and in bounded memory."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.explain import explain, explain_text
from dashlib.failures.reason import CATEGORIES, NOTHING_SAID
from tests.failures.excerpts import excerpts

ROOT = Path(__file__).resolve().parents[2]
LOGS = [excerpt.log for excerpt in excerpts()]
PIECES = st.sampled_from(
    [line for log in LOGS for line in log.splitlines()]
    + [
        "\n",
        "\r",
        "\x1b[31m",
        "section_start:1:step_script\r\x1b[0K",
        "section_end:1:step_script\r",
        "\x00",
        "$ make",
        "",
    ]
)


def sound(reason) -> None:
    assert reason.category in (*CATEGORIES, "unknown")
    assert 0 <= reason.confidence <= 1
    assert len(reason.lines) <= 5
    assert (reason.signature is None) == (not reason.lines)
    assert (reason.reason is None) == (not reason.lines)
    assert all(line.number >= 1 and len(line.text) <= 2_000 and line.text for line in reason.lines)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_give_an_answer(log: bytes) -> None:
    sound(explain([log]))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.lists(PIECES | st.text(max_size=8), max_size=60).map("\n".join), st.sampled_from(["script_failure", "x", None])
)
def test_any_mixture_of_tools_gives_an_answer(log: str, failure_reason: str | None) -> None:
    reason = explain_text(log, failure_reason=failure_reason)
    sound(reason)
    assert explain_text(log, failure_reason=failure_reason) == reason


def test_text_that_is_no_unicode_gives_an_answer() -> None:
    sound(explain_text("error: \udcff\x00 broken"))
    sound(explain([b"error: caf\xe9 \xff\xfe broken"]))


SECTIONS = "".join(f"section_start:1700000000:foo_{n}\r\x1b[0Kfoo {n}\n" for n in range(10_000)).encode()
NOISE = random.Random(1).randbytes(1 << 20)
FAILED = b"\nERROR: Job failed: exit code 1\n"


@pytest.mark.parametrize(
    "before", [b"", SECTIONS, NOISE, b"foo " * 500_000], ids=["nothing", "sections", "noise", "one"]
)
@pytest.mark.parametrize("last", [b"boom", b"boom: disk on fire", b"fatal: boom"])
def test_what_was_said_last_is_found_behind_any_rubbish(before: bytes, last: bytes) -> None:
    reason = explain([before + b"\n" + last + FAILED])
    assert reason.lines[0].text == last.decode()
    assert reason.signature
    assert "boom" in reason.signature
    assert not any("\ufffd" in line.text for line in reason.lines)


@pytest.mark.parametrize("log", [b"hello\nall good\nbye", NOISE, b"\x00" * 5_000, b"Done.", b"....\n----"])
def test_where_nothing_was_said_nothing_is_quoted(log: bytes) -> None:
    assert explain([log + FAILED]) == NOTHING_SAID


def test_noise_that_happens_to_have_brackets_is_noise() -> None:
    chance = random.Random(1)
    lines = (chance.randbytes(4) + b"[" + chance.randbytes(4) + b"]: " + chance.randbytes(8) for _ in range(500))
    assert explain([b"\n".join(lines)]) == NOTHING_SAID


@pytest.mark.parametrize("said", [b"\xf1\x02\xe4x\xf8\xb1.tf", b"\xf1\xe4.tf", b"e: \xc9\x13\xf8\xf1t\xe4\x07:\x18!}"])
def test_noise_that_looks_like_a_tool_s_line_is_noise(said: bytes) -> None:
    assert explain([NOISE[:4_000] + b"\n" + said + b"\n" + NOISE]) == NOTHING_SAID


def test_a_tool_s_line_in_another_encoding_is_none() -> None:
    said = "e: Till.kt: (1, 1): Ошибка: неизвестная ссылка".encode("cp1251")
    assert explain([b"till.tf"]).rule == "terraform.format"
    assert explain([said]).rule == "kotlinc.error"


# Up to a hundred megabytes, made while they are read; the process may use 96 MB more than before it read any, and ten
# times the processor time that the dearest of these logs takes.
RUN = """
import resource, sys
from dashlib.failures.explain import explain
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + (96 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
def log():
    {log}
reason = explain(log())
print(reason.category, len(reason.lines))
"""


@pytest.mark.parametrize(
    "log",
    [
        "for _ in range(1600): yield b'error: endless ' * 4369",
        "import random\n    piece = random.Random(1).randbytes(1 << 20)\n    for _ in range(30): yield piece",
        "for n in range(10_000): yield b'section_start:1:part_%d\\r\\x1b[0Kpart\\n' % n",
        "for _ in range(12): yield b'\\r' * (1 << 20)",
        "for _ in range(12): yield b'\\n' * (1 << 20)",
        "for _ in range(30): yield b'\\x1b[' * (1 << 19)",
        "for _ in range(5): yield b'$ make\\n' * 100_000",
        "for _ in range(5): yield b'section_start:1:step_script\\r\\n' * 35_000",
        "for _ in range(10): yield b'2024-05-14T11:19:20.000000Z 00O+' * 32_768",
        "for _ in range(2): yield b'a.c:1:1: error: undefined reference to x\\n' * 25_000",
        "for _ in range(2): yield b'FAIL: test_a (b.c)\\n' * 15_000",
    ],
    ids=[
        "one line", "noise", "sections", "returns", "empty lines", "escapes", "commands", "phases", "joints", "errors",
        "titles",
    ],
)  # fmt: skip
def test_a_hostile_log_costs_no_more_than_its_length(log: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(log=log)], cwd=ROOT, check=True, timeout=240, capture_output=True, text=True
    )
    category, lines = done.stdout.split()
    assert category in (*CATEGORIES, "unknown")
    assert int(lines) <= 5


@pytest.mark.parametrize(
    "unit", ["error: ", "Error", "FAIL ", ": error", "E   ", "at x.y(", "[ERROR] ", "npm ERR! ", "://a:", "a b "]
)
def test_a_hostile_line_costs_no_more_than_any(unit: str) -> None:
    """Two hundred lines of four thousand characters, each a beginning of something."""
    began = time.process_time()
    explain([(unit * (4000 // len(unit)) + "\n").encode()] * 200)
    assert time.process_time() - began < 30
