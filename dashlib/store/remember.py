"""What the views must know of the settings stands in the database, so that every DuckDB client sees the same nights."""

from __future__ import annotations

from dashlib.model import Delete, Put
from dashlib.settings import Settings
from dashlib.store.bookkeeping import NIGHTLY, SETTINGS
from dashlib.store.database import Store


def remember(store: Store, settings: Settings) -> None:
    """Write the time zone, DASH_LATE_HOURS, DASH_REPORT_BY, the patterns of DASH_NIGHTLY; no secret is among them."""
    wanted = set(settings.nightly)
    reader = store.reader()
    try:
        known = set(reader.execute("select field, pattern from bookkeeping.nightly").fetchall())
    finally:
        reader.close()
    store.write(
        Put(
            SETTINGS,
            [
                {"name": "timezone", "value": settings.timezone},
                {"name": "late_hours", "value": f"{settings.late_hours:g}"},
                {"name": "report_by", "value": settings.report_by},
            ],
        ),
        Delete(NIGHTLY, [{"field": field, "pattern": pattern} for field, pattern in known - wanted]),
        Put(NIGHTLY, [{"field": field, "pattern": pattern, "declared": True} for field, pattern in wanted]),
    )
