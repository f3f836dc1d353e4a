"""GitLab's many spellings of a time, all to naive UTC.

The same field comes as ``2025-05-21 16:06:02 UTC`` in a real hook and as ``2025-05-21T16:06:02.869Z`` from the test
button (gitlab-org/gitlab#545108); commits keep their author's offset; old documents hold
``2015-04-08T21: 00:25-07:00``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

_STAMP = re.compile(
    r"""\s*(\d{4})-(\d\d)-(\d\d)
        (?:[T\s]\s*(\d\d):\s*(\d\d)(?::\s*(\d\d)(?:[.,](\d{1,9}))?)?)?
        \s*(Z|UTC|GMT|[+-]\d\d:?\d\d(?:\s[A-Z]{3,5})?)?\s*""",  # Go prints 2026-11-21 15:10:00 +0000 UTC
    re.VERBOSE | re.IGNORECASE,
)
_USUAL = len("2026-01-02T03:04:05.678Z")
"""What the REST API writes, read without a regular expression: a sync reads a hundred thousand of them."""
_HOOKS = len("2026-01-02 03:04:05 UTC")


def aware(value: Any) -> datetime | None:
    """The time with its own offset; None for anything that is no time (kept out, never fatal).

    A time without a zone is UTC. Leap seconds are the second before.
    """
    if not isinstance(value, str):
        return None
    if len(value) == _USUAL and value[-1] == "Z":
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    if len(value) == _HOOKS and value.endswith(" UTC"):
        with suppress(ValueError):
            return datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)
    match = _STAMP.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "").ljust(6, "0")[:6] or 0)
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59), micro,
            tzinfo=_zone(zone),
        )  # fmt: skip
    except ValueError:
        return None


def utc(value: Any) -> datetime | None:
    """The same instant in naive UTC, or None."""
    if isinstance(value, str) and len(value) == _USUAL and value[19] == "." and value[-1] == "Z":
        with suppress(ValueError):
            return datetime.fromisoformat(value[:-1])
    stamp = aware(value)
    if stamp is None:
        return None
    try:
        return stamp.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


def offset_minutes(value: Any) -> int | None:
    """Minutes east of UTC of the author's clock, or None."""
    stamp = aware(value)
    offset = stamp.utcoffset() if stamp is not None else None
    return None if offset is None else int(offset.total_seconds() // 60)


def day(value: Any) -> date | None:
    """A date such as ``expires_at`` or ``due_date``, or None."""
    stamp = aware(value)
    return stamp.date() if stamp is not None else None


def second(stamp: datetime | None) -> datetime | None:
    """The time cut to its whole second: as fine as hooks tell it."""
    return None if stamp is None else stamp.replace(microsecond=0)


def newest(*stamps: datetime | None) -> datetime | None:
    """The greatest of the times that are there."""
    return max([stamp for stamp in stamps if stamp is not None], default=None)


def _zone(text: str | None) -> timezone:
    if text is None or text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    sign, offset = -1 if text[0] == "-" else 1, text.split()[0]
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:])))
