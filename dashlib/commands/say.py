"""How commands speak: results on stdout, everything else on stderr, errors as one clear line."""

from __future__ import annotations

import sys

from dashlib.commands.layout import visible

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


def drawn_error(text: str) -> None:
    """What is wrong with a statement, in the lines it was drawn in: a pointer below the place needs its own line."""
    note("error: " + visible(text, keep_lines=True).strip())
