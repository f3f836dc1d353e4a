"""What a schedule may say that nobody can tell a time from."""

from __future__ import annotations


class Unreadable(ValueError):
    """A cron line or a time zone that cannot be read; the message is half a sentence for a person."""
