"""Which of two states of one instant is the later one.

Jobs have no ``updated_at``: a job that was created, queued and canceled within a second has three states and one
greatest time stamp. What ends is later than what runs, what runs later than what waits. ``skipped`` stands before
``pending`` because a retried pipeline sends its skipped jobs round again.
"""

from __future__ import annotations

_ORDER = (
    "created",
    "waiting_for_callback",
    "waiting_for_resource",
    "preparing",
    "scheduled",
    "manual",
    "skipped",
    "pending",
    "running",
    "canceling",
    "success",
    "failed",
    "canceled",
)
_RANKS = {status: rank for rank, status in enumerate(_ORDER)}
_UNKNOWN = _RANKS["running"]

FINISHED = frozenset({"success", "failed", "canceled", "skipped"})
"""A thing in one of these is not asked again until its version moves."""


def rank(status: str | None) -> int:
    """0 (created) to 12; a status from the future counts as under way."""
    return _RANKS.get(status or "", _UNKNOWN)
