"""What a job's log said when the job passed: which lines of a failed one it did not hold.

A line is known by its words: what holds a digit (times, ids, versions, paths made by chance) and all punctuation are
left out, codes stay. A tool counts in green logs, too, but there it counts nothing ("0 failed"): nought stays as well.
Of each line four bytes are kept: a failed job's log is compared with them long after that green log is gone.
"""

from __future__ import annotations

import re
import string
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable

from dashlib.failures.blocks import as_utf8, blocks
from dashlib.failures.lines import LONGEST_READ, as_line

GREEN_VERSION = 1
"""Raised when a line may get another key: what was kept before says nothing then, and is made anew from kept texts."""
MOST_LINES = 1 << 16
"""A log of more different lines is not compared: what lies beyond would seem new."""

_WORDS_APART = bytes.maketrans(string.punctuation.encode(), b" " * len(string.punctuation))
_NO_DIGITS = dict.fromkeys(map(ord, string.digits))
_TOLD_BY_NUMBER = re.compile(
    rb"(?i:code|status|error|errno|signal|http(?:/\d(?:\.\d)?)?)[^\w\r\n]{0,3}(\d{1,3})(?!\d)|(?<![\w.,:/-])(0)(?![\w.:%/-])"
)


class Green:
    """The lines of one green log; ``packed`` is what `packed` made of it."""

    def __init__(self, packed: bytes) -> None:
        self._keys = array("I")
        self._keys.frombytes(packed)

    def holds(self, line: bytes) -> bool:
        """Whether it held such a line; a line without words stands in every log."""
        key = _key(line)
        place = bisect_left(self._keys, key) if key else 0
        return not key or (place < len(self._keys) and self._keys[place] == key)


def packed(log: Iterable[bytes]) -> bytes | None:
    """The lines of a green log that comes in pieces, as they are kept; None where there are too many."""
    keys: set[int] = set()
    for block in blocks(as_utf8(log)):
        for raw in set(block.text[block.start : block.stop].split(b"\n")):
            line = raw[:LONGEST_READ]
            keys.add(_key(as_line(0, line).shown if b"section_" in line or b"travis_" in line else line))
        if len(keys) > MOST_LINES:
            return None
    return _packed(keys)


def _packed(keys: Collection[int]) -> bytes:
    return array("I", sorted(keys)).tobytes()


def _key(line: bytes) -> int:
    """Equal for lines that say the same; 0 for one without words."""
    said = line.translate(_WORDS_APART).decode("utf-8", "replace").split()
    # Not everybody puts blanks between words: of what is not ASCII the digits alone are left out.
    words = [
        word if word.isalpha() else word.translate(_NO_DIGITS) for word in said if word.isalpha() or not word.isascii()
    ]
    if not words:
        return 0
    if len(words) < len(said):
        words += [(code or nought).decode() for code, nought in _TOLD_BY_NUMBER.findall(line)]
    return zlib.crc32(" ".join(words).encode("utf-8", "replace"))
