"""A job's log as it streams in: the same whatever the pieces, head and tail when it is huge, masked in its row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.sources.gitlab import traces
from dashlib.sources.gitlab.traces import Trace, collect, is_complete, trace_row


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
    body=st.binary(max_size=200).map(lambda body: body.replace(b"a", b"\n")),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_pieces_do_not_matter(body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(body)), len(body)]
    trace = collect(body[start:end] for start, end in pairwise(edges))
    if len(body) <= 40:
        assert trace == Trace(b"", body, len(body), 0)
        return
    assert (trace.head, trace.tail, trace.size) == (body[:10], body[-30:], len(body))
    assert trace.omitted == len(body) - 40
    assert trace.omitted_lines == body[10:-30].count(b"\n")


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
