"""The database file as commands need it: there, or a sentence that says how to fill it."""

from __future__ import annotations

from pathlib import Path

from dashlib import control
from dashlib.settings import Settings
from dashlib.store import StoreError, open_store
from dashlib.store.journal import Journal


def need(settings: Settings) -> Path:
    """The database file that the settings name. Raises StoreError when there is none yet.

    Deliveries that a killed app acknowledged and could not move into the database any more are moved now.
    """
    if not settings.database.exists():
        raise StoreError(
            f"There is no database at {settings.database} yet: run `python -m dashlib sync`, or `make demo`"
        )
    if Journal(settings.database).is_left() and control.running(settings.database) is None:
        open_store(settings.database).close()
    return settings.database
