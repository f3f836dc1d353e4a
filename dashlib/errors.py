"""What a person is told instead of a traceback."""

from __future__ import annotations


class Explained(Exception):
    """Something is wrong that a person can mend; the message says what, in one sentence.

    A command prints it and exits with ``code`` (1: it could not be done, 2: it was asked wrongly). ``drawn`` messages
    point at a place in what was typed: their lines stay as they are.
    """

    code = 1
    drawn = False
