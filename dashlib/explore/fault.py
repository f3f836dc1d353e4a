"""Why a query has no answer: for the person who wrote it, with the line, the column and the place."""

from __future__ import annotations

from dashlib.errors import Explained

_WIDTH = 100
"""So much of a long line is shown around the place."""


class QueryError(Explained):
    """The query is wrong, or does more than read; drawn in lines, the last of which points at the place."""

    code = 2
    drawn = True


class QueryStopped(Explained):
    """The query may be right, but it needs more time or memory than a query may have; or somebody stopped it."""


class Busy(Explained):
    """So many queries are running that this one has to wait."""


def refused(kinds: list[str]) -> QueryError:
    """What is no single SELECT or EXPLAIN, by the kinds of statement that DuckDB's parser found in it."""
    if not kinds:
        return QueryError("There is no statement here: write one SELECT.")
    found = f"{len(kinds)} statements" if len(kinds) > 1 else kinds[0].replace("_", " ")
    return QueryError(f"Only reading is allowed here: one SELECT (or EXPLAIN) statement, please, not {found}.")


def drawn(kind: str, message: str, query: str, position: int | None) -> QueryError:
    """What DuckDB says of a query; ``position`` counts bytes from its start.

    The line of the query is shown below it, under it a pointer to the place, which the first line names by number.
    """
    head = f"{kind} Error: {message.rstrip()}" if kind else message.rstrip()
    if position is None:
        return QueryError(head)
    before = query.encode()[:position].decode("utf-8", "ignore")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    text = query.split("\n")[line - 1].replace("\t", " ").rstrip("\r")
    start = max(0, min(column - _WIDTH // 2, len(text) - _WIDTH))
    lead, tail = "…" if start else "", "…" if start + _WIDTH < len(text) else ""
    pointer = " " * (len(lead) + column - start) + "^"
    return QueryError(
        f"{head}\n\nLine {line}, column {column + 1}:\n{lead}{text[start : start + _WIDTH]}{tail}\n{pointer}"
    )
