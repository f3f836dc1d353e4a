"""One line of a log: as it stands there, and without what other tools put before it."""

from __future__ import annotations

import re
from typing import NamedTuple

from dashlib.failures.linear import compiled

LONGEST_READ = 4_096
"""Bytes of a line that are looked at."""

# What tools put before another tool's line; the line as shown keeps it.
_DECORATION = compiled(
    r"^(?:"
    r"\s*\[(?:exec|java|javac|scalac|groovyc|kotlinc|junit|testng|ant|apply|get|echo|mvn|artifact:\w+|\d{1,2})\] ?"
    r"|#\d{1,4} (?:\d{1,6}\.\d{1,6} )?"
    r"|\d{1,6}\.\d{3} "
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]?(?::| -)? +(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL) +- +)?"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z? +"
    r"|(?:DEBUG|INFO|ERROR) \w+\.py:\d{1,5}:  ?"
    r"|[\w.-]{1,40}[-_]\d{1,3} +\| "
    r"|##\[error\]"
    r"|(?:stderr|stdout) \| "
    r"|remote: "
    r"|@[\w.-]{1,40}/[\w.-]{1,40}(?:(?:#|:)[\w-]{1,20})?: "
    r"|\[[a-z][\w@/.:-]{1,40} {2,30}\] "
    r"|[a-z][\w.-]{1,40} {0,30}> "
    r"|➤ YN\d{4}: (?:(?:│|┌|└) ?)?(?:\[[\w@/.-]{1,60}\]: )?"
    r")+"
)
_DECORATIONS = tuple(
    begin.encode()
    for begin in (
        *"#@0123456789",
        *(f"[{sign}" for sign in "0123456789abcdefghijklmnopqrstuvwxyz"),
        *("DEBUG ", "INFO ", "ERROR ", "remote: ", "➤ YN"),
    )
)
_DECORATED = frozenset({begin[:1] for begin in _DECORATIONS} | {b" ", b"\t"})
_MARKER = re.compile(
    rb"section_(?:start|end):\d{1,20}:[\w.\-]{1,255}(?:\[[^\]]{0,255}\])? ?|travis_(?:fold|time):\S{1,120} ?"
)


class Line(NamedTuple):
    """A line of the log: ``shown`` as it stands there, ``core`` without what other tools put before it."""

    number: int
    shown: bytes
    core: bytes


def as_line(number: int, raw: bytes) -> Line:
    """A line without section markers and trailing blanks."""
    return Line(number, *parted(raw))


def parted(raw: bytes) -> tuple[bytes, bytes]:
    """A line's ``shown`` and ``core``; one and the same object where nothing stands before it."""
    if b"section_" in raw or b"travis_" in raw:
        raw = _MARKER.sub(b"", raw)
    shown = raw.rstrip()
    begin = shown[:60]
    first = begin[:1]
    if (
        (first in _DECORATED and (begin.startswith(_DECORATIONS) or (first in b" \t" and b"[" in begin[:16])))
        or b" | " in begin
        or b"> " in begin
    ):
        decorated = _DECORATION.search(shown)
        if decorated:
            return shown, shown[decorated.end() :]
    return shown, shown
