"""A job's log as it streams in: the same whatever the pieces, head and tail when it is huge, masked in its row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.failures.gap import NO_GAP, gap
from dashlib.sources.gitlab import traces
from dashlib.sources.gitlab.traces import Trace, collect, is_complete, trace_row

_LINE_END = re.compile(r"\r\n|\n|\r")


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Limits that a test can reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces, "WHOLE", 40)
        patch.setattr(traces, "HEAD", 10)
        patch.setattr(traces, "TAIL", 30)
        yield


@settings(derandomize=True)
@given(
    body=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\r", b"\xff"]), max_size=120).map(b"".join),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_pieces_do_not_matter(body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(body)), len(body)]
    trace = collect(body[start:end] for start, end in pairwise(edges))
    if len(body) <= 40:
        assert trace == Trace(b"", body, len(body), 0)
        return
    head, tail = body[:10], body[-30:]
    assert trace.head == head[: head.rfind(b"\n") + 1 or 10]
    assert trace.tail == tail[tail.find(b"\n") + 1 :]
    assert trace.size == len(body) == len(trace.head) + trace.omitted + len(trace.tail)
    if b"\n" in head and b"\n" in tail:
        row = trace_row(1, 2, trace)
        assert row is not None
        numbered = gap(row["text"], trace.omitted, trace.omitted_lines)
        whole, stored = (_LINE_END.split(text) for text in (body.decode("utf-8", "replace"), row["text"]))
        assert numbered != NO_GAP
        for number, line in enumerate(stored, 1):
            if number != numbered.after + 1:
                assert whole[numbered.whole(number) - 1] == line
                assert numbered.stored(numbered.whole(number)) == number


def test_row() -> None:
    log = b"Running\nToken glpat-abcdefghijklmnopqrst\nJob succeeded\n" + b"\xff\x00"
    assert trace_row(1, 2, Trace(b"", log, len(log), 0)) == {
        "project_id": 1,
        "job_id": 2,
        "bytes": len(log),
        "complete": True,
        "omitted_bytes": 0,
        "omitted_lines": 0,
        "text": "Running\nToken [MASKED]\nJob succeeded\n\ufffd\ufffd",
    }


def test_no_log_no_row() -> None:
    assert trace_row(1, 2, collect([])) is None
    assert trace_row(1, 2, collect([b"", b""])) is None


@pytest.mark.parametrize(
    ("end", "complete"),
    [
        ("Job succeeded\n", True),
        ("\x1b[31;1mERROR: Job failed: exit code 1\n\x1b[0;m\n", True),
        ("2024-05-14T11:19:20.000000Z 00O \x1b[31;1mERROR: Job failed (system failure): lost\n", True),
        ("ERROR: Job failed: execution took longer than 1h0m0s seconds", True),
        ("$ make test\n", False),
        ("", False),
    ],
)
def test_complete(end: str, complete: bool) -> None:
    assert is_complete("line\n" * 5 + end) is complete


def test_a_secret_in_two_pieces_is_masked() -> None:
    """Wherever the chunks of the stream end."""
    trace = collect([b"ok\nglpat-abcdef", b"ghijklmnopqrst\n"])
    row = trace_row(1, 2, trace)
    assert row is not None
    assert row["text"] == "ok\n[MASKED]\n"
