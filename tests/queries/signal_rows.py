"""Signals by hand: what a test needs to say of one, the rest filled in."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dashlib.model import Upsert
from dashlib.sources.tables import SIGNALS
from dashlib.store import Store
from tests.queries.build import MIDNIGHT, row


def signal(id: str, at: datetime | None = MIDNIGHT, **values: Any) -> dict[str, Any]:
    """A row of ``signals``: an event that occurred at ``at``; ``labels`` are a dict."""
    known: dict[str, Any] = {"source": "kubernetes", "kind": "Evicted", "severity": "warning", "status": "occurred"}
    known |= {"started_at": at, "seen_at": at, "title": f"Signal {id}", "count": 1, "state_rank": 0} | values
    known["labels"] = json.dumps(known.get("labels") or {})
    return row(SIGNALS, ["signal", "beginning"], id=id, **known)


def alert(id: str, at: datetime = MIDNIGHT, ends: datetime | None = None, **values: Any) -> dict[str, Any]:
    """An alert that fires from ``at`` on, or was resolved at ``ends``."""
    known: dict[str, Any] = {"source": "alertmanager", "kind": "DiskFull", "severity": "critical", "seen_at": None}
    known |= {"status": "resolved" if ends else "firing", "ended_at": ends, "state_rank": 1 if ends else 0}
    return signal(id, at, **known | values)


def put(store: Store, *rows: dict[str, Any]) -> None:
    """Write them."""
    store.write(Upsert(SIGNALS, list(rows)))
