"""A job's log, streamed: whole when it is of usual size, head and tail when it is huge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dashlib.failures.clean import lines
from dashlib.failures.gap import told
from dashlib.failures.mask import mask
from dashlib.model import Row

WHOLE = 4 * 1024 * 1024
"""The runner's own limit (``output_limit``) is 4 MB, GitLab's 100 MB: what is longer keeps head and tail."""
HEAD = 1024 * 1024
TAIL = WHOLE - HEAD
_LONGEST_CUT = 64 * 1024

_END = re.compile(r"Job succeeded|(?:ERROR|FATAL): Job failed|Job failed \(|Job canceled")


@dataclass(frozen=True)
class Trace:
    """What was kept of a log. ``omitted_lines`` are the lines of the part left out, so that numbers stay true."""

    head: bytes
    tail: bytes
    size: int
    omitted_lines: int

    @property
    def omitted(self) -> int:
        """Bytes left out between head and tail."""
        return self.size - len(self.head) - len(self.tail)


def collect(chunks: Iterable[bytes]) -> Trace:
    """Read a stream to its end in bounded memory."""
    head, tail = bytearray(), bytearray()
    size, dropped = 0, _Dropped()
    for chunk in chunks:
        size += len(chunk)
        tail += chunk
        if not head and size > WHOLE:
            # Both parts are of whole lines: half a line may hold half a secret, which nothing would recognise.
            cut = tail.rfind(b"\n", max(0, HEAD - _LONGEST_CUT), HEAD) + 1 or HEAD
            head, tail = tail[:cut], tail[cut:]
        if head and len(tail) > 2 * TAIL:
            dropped.take(tail, len(tail) - TAIL)
    if head and len(tail) > TAIL:
        dropped.take(tail, len(tail) - TAIL)
    if head and (cut := tail.find(b"\n", 0, _LONGEST_CUT)) >= 0:
        dropped.take(tail, cut + 1)
    begun = bool(head) and not head.endswith(b"\n")
    return Trace(bytes(head), bytes(tail), size, max(0, dropped.lines - begun))


class _Dropped:
    """Counts the lines that end in what is dropped: at ``\\r\\n``, ``\\n`` or a lone ``\\r``."""

    def __init__(self) -> None:
        self.lines = 0
        self._last = b""

    def take(self, text: bytearray, size: int) -> None:
        """Drop so much of the text's begin."""
        if not size:
            return
        self.lines += text.count(b"\n", 0, size)
        if text.find(b"\r", 0, size) >= 0:
            self.lines += text.count(b"\r", 0, size) - text.count(b"\r\n", 0, size)
        self.lines -= self._last == b"\r" and text.startswith(b"\n")
        self._last = bytes(text[size - 1 : size])
        del text[:size]


def trace_row(project_id: int, job_id: int, trace: Trace) -> Row | None:
    """The log as a row of ``traces``; None for an empty one: a row stands only where there is a log.

    Bytes that are no UTF-8 become U+FFFD; secrets are masked. ``complete`` says that the runner's last line is there.
    """
    if not trace.size:
        return None
    head, tail = _decoded(trace.head), _decoded(trace.tail)
    if trace.omitted:
        end = "" if head.endswith("\n") else "\n"
        head += f"{end}{told(trace.omitted, trace.omitted_lines)}\n"
    text = head + tail
    return {
        "project_id": project_id,
        "job_id": job_id,
        "bytes": trace.size,
        "complete": is_complete(text),
        "omitted_bytes": trace.omitted,
        "omitted_lines": trace.omitted_lines,
        "text": mask(text),
    }


def is_complete(text: str) -> bool:
    """Whether the log ends as a runner ends it."""
    return any(_END.search(line.text) for line in lines(text[-4000:]))


def _decoded(part: bytes) -> str:
    return part.decode("utf-8", "replace").replace("\x00", "\ufffd")
