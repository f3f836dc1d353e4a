"""A job log to its reason: cleaned, searched once by the rules, weighed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashlib.failures.blocks import as_utf8
from dashlib.failures.green import Green
from dashlib.failures.reason import Reason
from dashlib.failures.search import search
from dashlib.failures.weigh import weigh

_PIECE = 1 << 18


def explain(log: Iterable[bytes], *, failure_reason: str | None = None, green: Green | None = None) -> Reason:
    """The reason in a log that comes in pieces of any size; in linear time and bounded memory.

    ``failure_reason`` is GitLab's own word for the job's end; ``green`` the lines of the last log of a job that passed:
    what stood there is hardly the reason.
    """
    return weigh(search(as_utf8(log)), failure_reason, green)


def explain_text(text: str, *, failure_reason: str | None = None, green: Green | None = None) -> Reason:
    """The reason in a log that is at hand as text."""
    return explain(_pieces(text), failure_reason=failure_reason, green=green)


def _pieces(text: str) -> Iterator[bytes]:
    for at in range(0, len(text), _PIECE):
        yield text[at : at + _PIECE].encode("utf-8", "replace")
