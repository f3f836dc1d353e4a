"""How commands speak: results on stdout, everything else on stderr, errors as one clear line."""

from __future__ import annotations

import sys

DONE, DONE_WITH_ERRORS, BAD_USAGE = 0, 1, 2


def out(text: str) -> None:
    """A result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Something for the person, not for a pipe."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def error(text: str) -> None:
    """What is wrong, in one line."""
    note("error: " + " ".join(text.split()))
