"""What a request asks for, found among the things of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.hostile.wire import Asked


def by_id(things: Sequence[Any], ident: str) -> Any:
    return next((thing for thing in things if str(thing.id) == ident), None)


def between(asked: Asked, name: str, moment: datetime) -> bool:
    low = asked.one(f"{name}_after") if name else asked.one("since")
    high = asked.one(f"{name}_before") if name else asked.one("until")
    return (not low or moment >= parsed(low)) and (not high or moment <= parsed(high))


def parsed(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
