"""A rule's pattern as a regular expression that DuckDB (RE2) runs in linear time, whatever a person typed."""

from __future__ import annotations

import re

import duckdb

from dashlib.failures.signature import like_pattern

KINDS = ("like", "regex")
LONGEST = 1_000
BETWEEN = " | "
"""What stands between the lines of a signature."""


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why."""


def expression(kind: str | None, pattern: str | None) -> str | None:
    """The regular expression to search a text of one or many lines with; None for a rule without a pattern.

    A LIKE pattern must match a whole line, blanks at both ends and their number aside; ``\\`` escapes. A regular
    expression is searched for within a line.
    """
    if not pattern:
        return None
    return f"(?m){pattern}" if kind == "regex" else f"(?m)^[ \\t]*{_from_like(pattern)}[ \\t]*$"


def of_lines(kind: str | None, pattern: str | None) -> tuple[str, ...]:
    """An expression for each line that a whole log must hold for the pattern to match it; none without a pattern.

    The LIKE pattern of a signature is of one line, or of two or three that stand apart in the log, with ``BETWEEN``.
    """
    if not pattern:
        return ()
    if kind == "regex" or BETWEEN not in pattern:
        return (expression(kind, pattern) or "",)
    lines = (line.strip("%").strip() for line in pattern.split(BETWEEN))
    return tuple(expression(kind, f"%{line}%") or "" for line in lines if line)


def checked(kind: str, pattern: str) -> str:
    """The pattern, trimmed. Raises PatternError for one that is too long, not understood, or matches everything."""
    pattern = pattern.strip()
    if len(pattern) > LONGEST:
        raise PatternError(f"A pattern has {LONGEST:,} characters at most.")
    if kind not in KINDS:
        raise PatternError(f"A pattern is one of {', '.join(KINDS)}.")
    if not pattern:
        raise PatternError("The pattern is empty.")
    probe = expression(kind, pattern)
    with duckdb.connect() as alone:
        try:
            # First as it was typed: what is wrong is told in the person's own words.
            alone.execute("select regexp_matches('', $typed)", {"typed": pattern if kind == "regex" else ""})
            found = alone.execute("select regexp_matches('', $probe), regexp_matches('q~', $probe)", {"probe": probe})
            row = found.fetchone()
        except duckdb.Error as error:
            raise PatternError(f"The pattern is not understood: {str(error).splitlines()[0]}") from error
    if row is not None and all(row):
        raise PatternError("The pattern matches any line: write more of the line into it.")
    return pattern


def of_signature(signature: str, category: str | None) -> str:
    """A LIKE pattern for the lines of a signature: what a person may edit."""
    pattern = "%" + like_pattern(signature.removeprefix(f"{category}: ")) + "%"
    return re.sub(r"(?<!\\)%{2,}", "%", pattern)


def _from_like(pattern: str) -> str:
    parts, escaped = [], False
    for char in " ".join(pattern.split()):
        if escaped:
            parts.append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "%_":
            parts.append(".*" if char == "%" else ".")
        else:
            parts.append("[ \\t]+" if char == " " else re.escape(char))
    return "".join(parts) + (re.escape("\\") if escaped else "")
