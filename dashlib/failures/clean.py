"""A job log as GitLab keeps it, understood line by line.

What a runner adds (doc/ci/jobs/job_logs.md, ``FF_TIMESTAMPS``): a 32-character prefix per line (time, stream number,
``O`` or ``E``, ``+`` for a continuation of the line before), ``section_start``/``section_end`` markers, ANSI colours,
``\\r`` where a progress bar overwrites itself. Line numbers are those of the stored text, so that they can be quoted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

# The prefix goes first: section markers and colours stand behind it.
_PREFIX = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f]{2}[OE])([+ ])")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")
_SECTION = re.compile(r"section_(start|end):(\d+):([A-Za-z0-9_.\-]{1,255})(?:\[[^\]\r\n]{0,255}\])?\r?")


@dataclass(frozen=True)
class LogLine:
    """One line as a person reads it: ``number`` counts from 1, ``at`` is the runner's time stamp where there is one."""

    number: int
    text: str
    section: str | None
    at: str | None
    continued: bool


def lines(text: str, first_number: int = 1) -> Iterator[LogLine]:
    """The lines of a log without what the terminal and the runner add; linear in the length of ``text``.

    ``section`` is the innermost section that is open where the line ends.
    """
    open_sections: list[str] = []
    depth: Counter[str] = Counter()
    for number, raw in enumerate(text.split("\n"), start=first_number):
        prefix = _PREFIX.match(raw)
        body = raw[prefix.end() :] if prefix else raw
        for kind, _, name in _SECTION.findall(body):
            if kind == "start":
                open_sections.append(name)
                depth[name] += 1
            elif depth[name]:
                while True:
                    ended = open_sections.pop()
                    depth[ended] -= 1
                    if ended == name:
                        break
        yield LogLine(
            number=number,
            text=plain(body),
            section=open_sections[-1] if open_sections else None,
            at=prefix.group(1) if prefix else None,
            continued=bool(prefix and prefix.group(3) == "+"),
        )


def plain(body: str) -> str:
    """A line's text: no section markers, no colours, the last of the states that ``\\r`` overwrote."""
    body = _ANSI.sub("", _SECTION.sub("", body)).rstrip("\r")
    return body.rpartition("\r")[2]
