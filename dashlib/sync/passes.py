"""How far each list of each project is read: the checkpoints that make a sync resumable."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from dashlib.model import Delete, Put
from dashlib.store.bookkeeping import PASSES

SOURCE = "gitlab"
OVERLAP = timedelta(minutes=5)
"""Versions are stamped before they are committed and lists move while they are paged: look a little further back."""


@dataclass(frozen=True)
class Pass:
    """One list of one project. See the table's comment for the columns; ``position`` is decoded here."""

    project_id: int
    resource: str
    variant: str = ""
    since: datetime | None = None
    watermark: datetime | None = None
    activity: datetime | None = None
    position: dict[str, Any] | None = None
    completed_at: datetime | None = None
    source: str = SOURCE

    def covers(self, since: datetime) -> bool:
        """Whether a whole pass from ``since`` (or earlier) was finished once."""
        return self.completed_at is not None and self.since is not None and self.since <= since

    def put(self) -> Put:
        """The change that stores it."""
        position = json.dumps(self.position, default=str) if self.position else None
        return Put(PASSES, [vars(self) | {"position": position}])


class Passes:
    """All passes of one source, read once at the start and kept in step by the run that owns them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str = SOURCE) -> None:
        self.source = source
        self._lock = threading.Lock()
        self._fresh: set[tuple[int, str, str]] = set()
        names = ("project_id", "resource", "variant", "since", "watermark", "activity", "position", "completed_at")
        rows = connection.execute(
            f"select {', '.join(names)} from bookkeeping.passes where source = $1", [source]
        ).fetchall()
        self._passes: dict[tuple[int, str, str], Pass] = {}
        for row in rows:
            values = dict(zip(names, row, strict=True))
            values["position"] = json.loads(values["position"]) if values["position"] else None
            self.set(Pass(**values, source=source))
        self._fresh.clear()

    def get(self, project_id: int, resource: str, variant: str = "") -> Pass:
        """The pass, or a new one that covers nothing."""
        with self._lock:
            return self._passes.get((project_id, resource, variant)) or Pass(
                project_id, resource, variant, source=self.source
            )

    def set(self, value: Pass) -> None:
        """Remember (the caller stores it)."""
        with self._lock:
            self._passes[value.project_id, value.resource, value.variant] = value
            self._fresh.add((value.project_id, value.resource, value.variant))

    def finished_now(self, project_id: int) -> list[Pass]:
        """Those of a project that this run finished."""
        with self._lock:
            return [self._passes[key] for key in sorted(self._fresh) if key[0] == project_id]

    def of_resource(self, resource: str) -> list[Pass]:
        """That list of every project."""
        with self._lock:
            return [one for one in self._passes.values() if one.resource == resource]

    def forget(self, passes: Sequence[Pass]) -> Delete:
        """Take passes back, and the change that stores that: those lists are read anew."""
        names = ("project_id", "resource", "variant")
        keys = [(one.project_id, one.resource, one.variant) for one in passes]
        with self._lock:
            for key in keys:
                self._passes.pop(key, None)
                self._fresh.discard(key)
        return Delete(PASSES, [dict(zip(names, key, strict=True)) | {"source": self.source} for key in keys])

    def is_fresh(self, value: Pass) -> bool:
        """Whether it was finished in this run."""
        with self._lock:
            return (value.project_id, value.resource, value.variant) in self._fresh
