"""Reading JSON that may lack anything: a value of the wrong type is no value, never an exception."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_BIGINT = 2**63
_WHOLE = re.compile(r"\s*-?[0-9]{1,19}\s*")


def thing(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one where there is none (null users, runners, commits)."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str | None:
    """A string; numbers are spelled out, anything else is none."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def word(value: Any) -> str | None:
    """A string where a number would be nonsense: a status from the future is a word, too."""
    return value if isinstance(value, str) else None


def number(value: Any) -> int | None:
    """A whole number that fits a BIGINT."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and -_BIGINT <= value < _BIGINT else None


def decimal(value: Any) -> float | None:
    """A number; ``coverage`` is a string in some versions."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def truth(value: Any) -> bool:
    """GitLab's booleans: null means false."""
    return value is True or value == "true"


def things(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; an empty list where there is none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The strings of a list; labels are objects with a title in hooks."""
    if not isinstance(value, list):
        return []
    found = [text(item.get("title") or item.get("name")) if isinstance(item, Mapping) else text(item) for item in value]
    return [item for item in found if item is not None]


def stable_id(value: Any) -> int:
    """A positive 63-bit id from content, for things that come without one."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return int.from_bytes(hashlib.sha256(canonical.encode("utf-8", "replace")).digest()[:8], "big") >> 1
