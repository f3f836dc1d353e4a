"""The sync inside the serving process: on a timer and on demand, never two at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashlib.settings import Settings
from dashlib.store import Store


@dataclass(frozen=True)
class SyncState:
    """What the sources page shows of a sync under way; times are UTC."""

    running: bool = False
    trigger: str | None = None
    started_at: datetime | None = None
    stage: str | None = None
    calls: int = 0
    rows: int = 0
    errors: int = 0
    next_at: datetime | None = None


class BackgroundSync:
    """Runs syncs of every configured source, one after the other."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def state(self) -> SyncState:
        """The sync under way, or when the next one is due."""
        return SyncState()

    def now(self) -> bool:
        """Start a sync; False when one is running already or no token is set."""
        return False

    def start(self) -> None:
        """Begin the timer of DASH_SYNC_MINUTES."""

    def stop(self) -> None:
        """End the timer; a sync under way stops at its next page."""
