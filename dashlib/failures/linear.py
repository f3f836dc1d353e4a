"""Patterns over the bytes of one line, in time linear in its length: RE2, never a backtracking engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import re2  # type: ignore[import-untyped]


class PatternError(ValueError):
    """RE2 does not take the pattern."""


class Found(Protocol):
    """Where and what was matched."""

    def group(self, group: int = 0) -> bytes | None:
        """The text of a group, or of the whole match."""

    def groups(self) -> tuple[bytes | None, ...]:
        """The text of every group."""

    def start(self) -> int:
        """Where the match begins."""

    def end(self) -> int:
        """Where the match ends."""


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: bytes, pos: int | None = None) -> Found | None:
        """The first match in the text, from ``pos`` on."""


def _options(*, capturing: bool) -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = not capturing
    return options


_PLAIN, _CAPTURING = _options(capturing=False), _options(capturing=True)


def compiled(pattern: str, *, capturing: bool = False) -> Pattern:
    """The pattern over UTF-8 bytes: a letter outside ASCII is several bytes and has no place in a class.

    Groups cost time and are forgotten unless ``capturing``. Raises `PatternError` for what RE2 cannot do (looking
    ahead or behind, back references).
    """
    try:
        made: Pattern = re2.compile(pattern.encode(), _CAPTURING if capturing else _PLAIN)
    except re2.error as error:
        raise PatternError(f"{pattern!r}: {error}") from error
    return made


class Several:
    """Patterns that are looked for at once, for the price of one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._set = re2.Set.SearchSet(_PLAIN)
        for pattern in patterns:
            self._last = self._set.Add(pattern.encode()) + 1
        # Matches everywhere: RE2 finds nothing at all, and says so nowhere, where its automaton outgrows its memory.
        self._set.Add(b"")
        self._set.Compile()

    def matching(self, text: bytes) -> list[int] | None:
        """The places of the patterns that match the text, in any order; None where that cannot be told."""
        found: list[int] | None = self._set.Match(text)
        if found is None or self._last not in found:
            return None
        found.remove(self._last)
        return found
