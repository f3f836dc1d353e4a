"""Where the middle of a huge log is left out: what stands there instead, and the numbers that the lines have in all."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Gap:
    """After line ``after`` of a stored log stands a line that tells of ``lines`` that are left out."""

    after: int
    lines: int

    def whole(self, stored: int) -> int:
        """The number in the whole log of a line of the stored one."""
        return stored if stored <= self.after + 1 else stored - 1 + self.lines

    def stored(self, whole: int) -> int:
        """The other way round; the line that tells of it for lines that are left out."""
        if whole <= self.after:
            return whole
        return max(self.after + 1, whole + 1 - self.lines)


NO_GAP = Gap(1 << 62, 0)


def told(omitted_bytes: int, omitted_lines: int) -> str:
    """The line that stands for what is left out; the search for logs (queries/log_search.py) spells it, too."""
    return f"[{omitted_bytes} bytes, {omitted_lines} lines left out here]"


def gap(text: str, omitted_bytes: int | None, omitted_lines: int | None) -> Gap:
    """The gap of a stored log; ``NO_GAP`` for a whole one, and for what an earlier version stored without a word."""
    if not omitted_bytes or omitted_lines is None:
        return NO_GAP
    at = text.find(f"\n{told(omitted_bytes, omitted_lines)}\n")
    return Gap(len(_LINE_END.findall(text, 0, at + 1)), omitted_lines) if at >= 0 else NO_GAP
