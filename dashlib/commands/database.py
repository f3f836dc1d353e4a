"""The database file as commands need it: there, or a sentence that says how to fill it."""

from __future__ import annotations

from pathlib import Path

from dashlib.settings import Settings
from dashlib.store import StoreError


def need(settings: Settings) -> Path:
    """The database file that the settings name. Raises StoreError when there is none yet."""
    if not settings.database.exists():
        raise StoreError(
            f"There is no database at {settings.database} yet: run `python -m dashlib sync`, or `make demo`"
        )
    return settings.database
