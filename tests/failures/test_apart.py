"""Logs explained in a process of its own: the same answers, whatever becomes of that process."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashlib.failures import apart as module
from dashlib.failures.apart import Apart
from dashlib.failures.mask import MASKED
from dashlib.failures.row import Failed, explained
from dashlib.failures.rulebook import RuleError

LOGS = (
    "$ pytest\nE   AssertionError: assert 4 == 5\nFAILED tests/test_cart.py::test_total - assert 4 == 5\n",
    "curl: (6) Could not resolve host: registry.example.com\n",
    "token=glpat-abcdefghijklmnopqrst\n\ud83d cart.c:3:1: error: expected ';'\n",
    "",
    None,
)
JOBS = [Failed(1, number, "script_failure", 10, True, text) for number, text in enumerate(LOGS)]


@pytest.fixture
def apart() -> Iterator[Apart]:
    process = Apart()
    yield process
    process._end()


def pid(apart: Apart) -> int:
    assert apart._process is not None
    return apart._process.pid


def test_a_process_of_its_own_says_what_this_one_says(apart: Apart) -> None:
    said = apart.explained(JOBS, waiting=1000)
    assert said == [explained(job) for job in JOBS]
    assert MASKED in str(said[2].masked)
    assert said[0].masked is None


def test_a_few_logs_need_no_process_where_the_rules_are_read(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    assert apart.explained(JOBS, waiting=len(JOBS)) == [explained(job) for job in JOBS]
    assert apart._process is None
    monkeypatch.setattr(module, "_rules_are_read", lambda: False)
    assert apart.explained(JOBS, waiting=len(JOBS)) == [explained(job) for job in JOBS]
    there = pid(apart)
    assert apart.explained(JOBS[:1], waiting=1) == [explained(JOBS[0])]
    assert pid(apart) == there


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_was_killed_is_started_anew(apart: Apart, how: signal.Signals) -> None:
    apart.explained(JOBS, waiting=1000)
    first = pid(apart)
    os.kill(first, how)
    assert apart.explained(JOBS, waiting=1000) == [explained(job) for job in JOBS]
    assert pid(apart) != first


def test_where_none_can_live_this_process_does_it(
    apart: Apart, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        module,
        "_started",
        lambda: subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE),
    )
    assert apart.explained(JOBS, waiting=1000) == [explained(job) for job in JOBS]
    assert "gave no answer" in caplog.text


def test_one_that_stands_still_is_not_waited_for_for_ever(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    apart.explained(JOBS, waiting=1000)
    os.kill(pid(apart), signal.SIGSTOP)
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 0.5)
    assert apart.explained(JOBS, waiting=1000) == [explained(job) for job in JOBS]
    assert apart._process is None


def test_it_leaves_nothing_behind(apart: Apart, capfd: pytest.CaptureFixture[str]) -> None:
    process = module._started()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(pickle.dumps(JOBS))
    process.stdin.flush()
    assert process.wait(60) == 0, "nobody reads its answer any more"
    cut = module._started()
    out, _ = cut.communicate(pickle.dumps(JOBS)[:40], timeout=60)
    assert (out, cut.returncode, capfd.readouterr().err) == (b"", 0, "")


def test_rules_that_cannot_be_read_are_told_as_here(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "from dashlib.failures import apart\n"
        "from dashlib.failures.rulebook import RuleError\n"
        "def broken(job): raise RuleError('no such category')\n"
        "apart.explained = broken\n"
        "apart.main()\n"
    )
    monkeypatch.setattr(
        module,
        "_started",
        lambda: subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE),
    )
    with pytest.raises(RuleError, match="no such category"):
        apart.explained(JOBS, waiting=1000)


def test_many_may_ask_at_once(apart: Apart) -> None:
    said: dict[int, object] = {}

    def ask(number: int) -> None:
        said[number] = apart.explained(JOBS[number : number + 1], waiting=1000)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(JOBS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: [explained(job)] for number, job in enumerate(JOBS)}


def test_it_goes_when_its_input_is_closed_and_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    process = module._started()
    out, _ = process.communicate(pickle.dumps(JOBS), timeout=60)
    assert pickle.loads(out) == [explained(job) for job in JOBS]
    assert process.returncode == 0
    script = "from dashlib.failures import apart; apart._IDLE_SECONDS = 0.1; apart.main()"
    root = Path(__file__).resolve().parents[2]
    idle = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, cwd=root)
    assert idle.wait(60) == 0
    assert idle.stdin is not None
    idle.stdin.close()
