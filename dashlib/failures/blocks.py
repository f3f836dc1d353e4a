"""A log of any size, read in blocks of plain lines: linear, in bounded memory.

Line by line Python is too slow for a hundred megabytes, so whole blocks are cleaned at once. Every physical line end
(``\\r\\n``, ``\\n``, a lone ``\\r``) becomes one ``\\n``, so that lines can be numbered by counting; colours and stamps
go; where the runner cut a line in two (a time stamp with ``+``), it is joined again.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

SIZE = 1 << 18
# What stands before and after the part of a block that is searched, so that a found line can see its neighbours.
BEHIND = 16 << 10
AHEAD = 64 << 10
# A line's end beyond this is not looked at; without it one endless line would fill the memory.
LONGEST_KEPT = 64 << 10

# Colours and cursor moves; titles of terminals; what Buildkite hides. Possessive: linear on any input.
_ANSI = re.compile(
    rb"\x1b(?:\[[0-9;?:]{0,64}+[ -/]?[@-~]|\][^\x07\x1b\n]{0,512}+(?:\x07|\x1b\\)?|_[^\x07\n]{0,512}+\x07"
    rb"|[()][A-Z0-9]|[=>78MDEc])"
)
# A marker's name ends where a colour code begins: the two must not grow together when the colours go.
_MARKER = re.compile(rb"(section_(?:start|end):\d{1,20}:[\w.\-]{1,255}(?:\[[^\]\n]{0,255}\])?)(?=\x1b|section_)")
_GITLAB = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][+ ]"
_OTHERS = (
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z "  # GitHub
    rb"|\[(?:[\w-]{1,20} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?\] "  # Taskcluster, Jenkins
)
_STAMP = re.compile(rb"(?m)^\xef?\xbb?\xbf?(?:" + _GITLAB + rb"(?:" + _OTHERS + rb")?|" + _OTHERS + rb")")
_CONTINUED = re.compile(rb"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ([0-9a-f]{2}[OE])\+")
_STREAM = slice(28, 31)

_CONTINUES = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE]\+")
_STAMP_SIZE = 32
# So many pieces of one line are looked back for.
_MOST_JOINTS = 200


_KEY_BEGINS = re.compile(rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 20_000
_OF_A_KEY = re.compile(rb"\S")


@dataclass(frozen=True)
class Block:
    """Plain lines. ``text[start:stop]`` is searched; what lies around it is there to be looked at.

    ``text[start]`` begins a line, whose number is ``first_number``; ``joined`` are the offsets in ``text`` where a
    physical line end was taken out.
    """

    text: bytes
    start: int
    stop: int
    first_number: int
    joined: tuple[int, ...]

    def lines_between(self, start: int, stop: int) -> int:
        """How many physical lines end in ``text[start:stop]``."""
        ends = self.text.count(b"\n", start, stop)
        if self.joined:
            ends += bisect_left(self.joined, stop) - bisect_left(self.joined, start)
        return ends


class Numbers:
    """The numbers of a block's lines, counted on from the one that was asked for last, or back."""

    __slots__ = ("_at", "_block", "_number")

    def __init__(self, block: Block) -> None:
        self._block, self._at, self._number = block, block.start, block.first_number

    def of(self, at: int) -> int:
        """The number of the line that begins at ``text[at]``."""
        if at >= self._at:
            self._number += self._block.lines_between(self._at, at)
        else:
            self._number -= self._block.lines_between(at, self._at)
        self._at = at
        return self._number


def blocks(log: Iterable[bytes]) -> Iterator[Block]:
    """The log's blocks in order; what they search together is the log, each line once."""
    before, ahead = b"", b""
    joined_ahead: tuple[int, ...] = ()
    number = 1
    for raw in _whole_lines(log):
        fresh, joined = _plain(raw)
        text = _without_keys(before + ahead + fresh)
        start = len(before)
        offset = start + len(ahead)
        every = (*(start + at for at in joined_ahead), *(offset + at for at in joined))
        stop = text.rfind(b"\n", start, max(start, len(text) - AHEAD)) + 1
        if stop <= start:
            ahead, joined_ahead = text[start:], tuple(at - start for at in every)
            continue
        block = Block(text, start, stop, number, every)
        yield block
        number += block.lines_between(start, stop)
        before = text[max(0, stop - BEHIND) : stop]
        ahead, joined_ahead = text[stop:], tuple(at - stop for at in every if at >= stop)
    text = before + ahead
    yield Block(text, len(before), len(text), number, tuple(len(before) + at for at in joined_ahead))


def _without_keys(text: bytes) -> bytes:
    """Private keys overwritten, length and line ends kept: no line of one is quoted, whatever stands before it."""
    if b"PRIVATE KEY" not in text:
        return text
    parts, done = [], 0
    for begins in _KEY_BEGINS.finditer(text):
        start = begins.end()
        stop = text.find(b"-----END", start, start + _LONGEST_KEY)
        if start >= done and stop >= 0:
            parts += [text[done:start], _OF_A_KEY.sub(b"*", text[start:stop])]
            done = stop
    return b"".join([*parts, text[done:]])


def as_utf8(log: Iterable[bytes]) -> Iterator[bytes]:
    """The log as it is; one that begins with UTF-16's byte order mark (PowerShell's ``>``) in UTF-8."""
    pieces = iter(log)
    first = b""
    while len(first) < len(codecs.BOM_UTF16) and (piece := next(pieces, None)) is not None:
        first += piece
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield first
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for piece in chain((first,), pieces):
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _whole_lines(log: Iterable[bytes]) -> Iterator[bytes]:
    """The log in pieces of about `SIZE` that end at a line end, endless lines shortened; line ends made ``\\n``."""
    waiting: list[bytes] = []
    size = 0
    for piece in log:
        waiting.append(piece)
        size += len(piece)
        if size < SIZE:
            continue
        text = b"".join(waiting)
        cut = _last_begin(text)
        if cut:
            yield from _cut(_ends(text[:cut]))
        rest = text[cut:]
        if len(rest) > 2 * LONGEST_KEPT:
            # The end of an endless line is dropped, its last byte kept: it may be half of a line end.
            rest = rest[:LONGEST_KEPT] + rest[-1:]
        waiting, size = [rest], len(rest)
    yield from _cut(_ends(b"".join(waiting)))


def _last_begin(text: bytes) -> int:
    """Where the last line begins that no line so far continues: the rest of it may be still to come."""
    end = len(text)
    for _ in range(_MOST_JOINTS):
        # A \r at the very end may be half of \r\n: it waits for its other half.
        begin = max(text.rfind(b"\n", 0, end), text.rfind(b"\r", 0, max(0, end - 1))) + 1
        if text[begin - 1 : begin + 1] == b"\r\n":
            begin += 1
        if begin == len(text) and begin:
            # A whole line, which the next piece may continue.
            end = begin - 1
            continue
        partial = len(text) - begin < _STAMP_SIZE
        if not begin or not (partial or _CONTINUES.match(text, begin)):
            return begin
        end = begin - 1
    return begin


def _cut(text: bytes) -> Iterator[bytes]:
    """A piece as it is, or, when it came as one giant, in pieces of whole lines."""
    at = 0
    while len(text) - at > 2 * SIZE:
        cut = text.rfind(b"\n", at, at + SIZE) + 1
        for _ in range(_MOST_JOINTS):
            if cut <= at or not _CONTINUES.match(text, cut):
                break
            cut = text.rfind(b"\n", at, cut - 1) + 1
        if cut > at:
            yield text[at:cut]
            at = cut
            continue
        end = at + SIZE
        while (end := text.find(b"\n", end)) >= 0 and _CONTINUES.match(text, end + 1):
            end += 1
        end = len(text) if end < 0 else end
        line = text[at:end]
        yield (line if len(line) <= 2 * SIZE else line[:LONGEST_KEPT]) + text[end : end + 1]
        at = end + 1
    if at < len(text):
        yield text[at:]


def _ends(text: bytes) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text


def _plain(text: bytes) -> tuple[bytes, tuple[int, ...]]:
    """The text without stamps and colours, and where continued lines were joined."""
    parts: list[bytes] = []
    joined: list[int] = []
    at = length = 0
    if b"Z 0" in text:
        for found in _CONTINUED.finditer(text):
            begin = text.rfind(b"\n", 0, found.start()) + 1
            if text[begin : begin + _STAMP_SIZE][_STREAM] != found[1]:
                # A line of the other stream stands between.
                continue
            part = _uncoloured(_unstamped(text[at : found.start()], joint=bool(parts)))
            parts.append(part)
            length += len(part)
            joined.append(length)
            at = found.end()
    parts.append(_uncoloured(_unstamped(text[at:], joint=bool(parts))))
    return b"".join(parts), tuple(joined)


def _uncoloured(text: bytes) -> bytes:
    if b"\x1b" in text:
        if b"section_" in text:
            text = _MARKER.sub(rb"\1 ", text)
        text = _ANSI.sub(b"", text)
    return text


def _unstamped(text: bytes, *, joint: bool) -> bytes:
    """After a joint the first line has lost its stamp already."""
    if not joint:
        return _STAMP.sub(b"", text)
    head, end, tail = text.partition(b"\n")
    return head + end + _STAMP.sub(b"", tail)
