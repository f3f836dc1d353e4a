"""Text under its terminal codes: taken off so that it can be read, put back where they stood.

A colour may begin or end between any two letters (``\\x1b[36mpassword\\x1b[0m=\\x1b[33m…``): whoever looks for words
must not see it, whoever shows the log must not lose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ESCAPE = "\x1b"
Code = tuple[int, str]
"""Where in the bare text a code stands (before this character), and the code."""
Span = tuple[int, int, str]
"""From, to (not included), and what stands there instead."""

# ECMA-48's control sequences, titles and links (OSC) with their end, short escapes. Possessive and bounded: linear.
_CODE = (
    r"\x1b(?:\[[0-9;:<=>?]{0,64}+[ -/]{0,4}+[@-~]|\][^\x07\x1b\r\n]{0,4096}+(?:\x07|\x1b\\)"
    r"|_[^\x07\x1b\r\n]{0,512}+(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78MDEc])"
)
_CODES, _CODES_IN_BYTES = re.compile(_CODE), re.compile(_CODE.encode())


def bare(raw: bytes) -> bytes:
    """The text without its codes; line ends stay where they are."""
    return _CODES_IN_BYTES.sub(b"", raw)


def apart(text: str, codes_like: re.Pattern[str] = _CODES) -> tuple[str, list[Code]]:
    """The text without its codes, or those of one kind, and these in order."""
    parts, codes = [], list[Code]()
    done = length = 0
    for found in codes_like.finditer(text):
        part = text[done : found.start()]
        parts.append(part)
        length += len(part)
        codes.append((length, found[0]))
        done = found.end()
    return "".join([*parts, text[done:]]), codes


def together(text: str, codes: Iterable[Code]) -> str:
    """The text with its codes put back: ``together(*apart(x)) == x``."""
    parts = []
    done = 0
    for place, code in codes:
        parts += [text[done:place], code]
        done = place
    return "".join([*parts, text[done:]])


def replaced(text: str, codes: list[Code], spans: Iterable[Span]) -> tuple[str, list[Code]]:
    """Spans of the text replaced (in order, apart from each other); codes that stood inside one stand behind it."""
    parts, moved = [], list[Code]()
    done = shift = next_code = 0
    for start, end, new in spans:
        parts += [text[done:start], new]
        while next_code < len(codes) and codes[next_code][0] < end:
            place, code = codes[next_code]
            moved.append((place + shift if place <= start else start + shift + len(new), code))
            next_code += 1
        shift += len(new) - (end - start)
        done = end
    moved += [(place + shift, code) for place, code in codes[next_code:]]
    return "".join([*parts, text[done:]]), moved
