"""What of a log is sent to the browser, and what of that is unfolded: the telling lines and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dashlib.failures.gap import NO_GAP, Gap

WHOLE_LINES = 4_000
WHOLE_TEXT = 600_000
"""A log within both is sent whole, so that every fold opens at once; of a longer one what stands around the lines."""
AROUND, FIRST, LAST = 300, 60, 400
BEFORE, AFTER, TAIL = 6, 4, 40
LONGEST_LINE = 2_000

_LINE_END = re.compile(r"\r\n|\n|\r")
_ADDED = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][+ ]"
    r"|\x1b\[[0-9;?]*[A-Za-z]|section_(?:start|end):\d+:[A-Za-z0-9_.\-]{1,255}(?:\[[^\]\r\n]{0,255}\])?"
)


@dataclass(frozen=True)
class Piece:
    """Neighbouring lines; the first has the number ``first``."""

    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Excerpt:
    """A log as the page shows it: ``pieces`` in order, lines between them are not sent.

    ``marks`` are the numbers of the telling lines, most telling first. ``open`` are the ranges (from, to, inclusive)
    that are not folded. ``total`` counts the lines. All numbers are those of the whole log.
    """

    pieces: tuple[Piece, ...]
    marks: tuple[int, ...]
    open: tuple[tuple[int, int], ...]
    total: int


def excerpt(text: str, marks: Sequence[int], gap: Gap = NO_GAP) -> Excerpt:
    """The part of a stored log around its telling lines, or its end where none is known; ``gap`` is left out of it.

    Lines end at ``\\r\\n``, ``\\n`` or a lone ``\\r`` and are numbered from 1, as ``Reason`` numbers them. They come
    without colours, time stamps and section marks, cut at 2,000 characters.
    """
    raw = _LINE_END.split(text)
    if raw[-1] == "":
        raw.pop()
    total = len(raw)
    known = tuple(number for number in map(gap.stored, marks) if 1 <= number <= total and number != gap.after + 1)
    shown = _merged((number - BEFORE, number + AFTER) for number in known) if known else ((total - TAIL + 1, total),)
    if total <= WHOLE_LINES and len(text) <= WHOLE_TEXT:
        sent: Collection[tuple[int, int]] = ((1, total),)
    else:
        near = ((number - AROUND, number + AROUND) for number in known)
        sent = _merged([(1, FIRST), *near, (total - LAST + 1, total)])
    parts = [part for first, last in _within(sent, total) for part in _beside(gap.after + 1, first, last)]
    pieces = tuple(Piece(gap.whole(first), tuple(map(_readable, raw[first - 1 : last]))) for first, last in parts)
    unfolded = tuple((gap.whole(first), gap.whole(last)) for first, last in _within(shown, total))
    return Excerpt(pieces, tuple(map(gap.whole, known)), unfolded, gap.whole(total))


def _beside(edge: int, first: int, last: int) -> Iterable[tuple[int, int]]:
    """A range, or, where numbers leap after the line ``edge`` in it, its two parts."""
    return ((first, edge), (edge + 1, last)) if first <= edge < last else ((first, last),)


def _readable(line: str) -> str:
    return _ADDED.sub("", line[: 4 * LONGEST_LINE])[:LONGEST_LINE]


def _merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges in order, those that overlap or touch joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _within(ranges: Iterable[tuple[int, int]], total: int) -> list[tuple[int, int]]:
    return [(max(1, first), min(total, last)) for first, last in ranges if first <= total and last >= 1]
