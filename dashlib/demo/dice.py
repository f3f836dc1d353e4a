"""The only source of chance: every random choice comes from a generator named after what it is for."""

from __future__ import annotations

import hashlib
from random import Random


def dice(*names: object) -> Random:
    """A generator that depends on its names only, so adding a project never changes another one's history."""
    return Random("/".join(str(name) for name in names))  # noqa: S311


def hexes(length: int, *names: object) -> str:
    """A hexadecimal string of that length which depends on the names only: shas, runner tokens, container ids."""
    return hashlib.sha512("/".join(str(name) for name in names).encode()).hexdigest()[:length]
