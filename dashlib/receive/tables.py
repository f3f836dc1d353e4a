"""The inbox: every delivery that was answered 200, with what came of it."""

from __future__ import annotations

from dashlib.model import table

RECEIVED, SHAPED, KEPT, IGNORED, FAILED = "received", "shaped", "kept", "ignored", "failed"
"""What came of a delivery, its ``status``.

``received``: it is stored, its rows are not made yet (for longer than two seconds only in a flood or after a crash).
``shaped``: its rows are in the tables. ``kept``: nothing is made of its kind yet. ``ignored``: it is of a project that
DASH_GROUPS and DASH_PROJECTS do not choose, or of a repository that DASH_GITHUB_REPOSITORIES does not.
``failed``: no rows can be made of it, ``error`` says why; ``replay`` tries again.
"""
UNREADABLE = "unreadable"
"""What ``replay`` calls a delivery that fails as it failed before, and not by a fault of ours."""
DEFECT, UNWRITTEN = "a defect of the dashboard", "its rows could not be written"
"""So begin the errors that are ours; the others say what the sender left out. View ``delivery_sources`` knows them."""

DELIVERIES = table(
    "deliveries",
    grain="One row per webhook delivery that was answered 200, and what came of it: status (received, shaped, kept, "
    "ignored, failed), error, rows. Kept for DASH_HOOK_DAYS; secrets and values of CI variables are cut out of "
    "body. turn is 0; of a push that happened before, from and to the same commits, the first delivery about it again.",
    key=["id"],
    columns={
        "id": "BIGINT",
        "source": "VARCHAR",
        "kind": "VARCHAR",
        "received_at": "TIMESTAMP",
        "bytes": "BIGINT",
        "dedup_key": "VARCHAR",
        "turn": "BIGINT",
        "headers": "VARCHAR",
        "body": "VARCHAR",
        "status": "VARCHAR",
        "error": "VARCHAR",
        "project_id": "BIGINT",
        "subject": "VARCHAR",
        "happened_at": "TIMESTAMP",
        "rows": "BIGINT",
        "shaped_at": "TIMESTAMP",
        "replayed_at": "TIMESTAMP",
    },
    groups={
        "inbox": (["source", "kind", "received_at", "bytes", "dedup_key", "turn", "headers", "body"], ["received_at"]),
        "outcome": (
            ["status", "error", "project_id", "subject", "happened_at", "rows", "shaped_at", "replayed_at"],
            ["replayed_at", "shaped_at"],
        ),
    },
)

TABLES = (DELIVERIES,)
