"""What webhooks leave in doubt, so that the API is asked (``sync/doubts``). Pure.

Most deliveries that overtake each other leave none: the greater time stamp is the later state, and an end is later than
what ran in the same second. In doubt is

- a pipeline that had ended and runs: it was retried, or its end was not the last (``ran again``);
- a pipeline that runs though a delivery tells of its end, before what is held (``ended before``);
- a pipeline with two ends in one second, the finest that a hook tells (``two ends``);
- a pipeline that only a hook about one of its jobs tells of (``only a job``);
- a push that does not show all of its commits: GitLab cuts them to twenty, and hides who has no public address
  (``commits left out``);
- a push of commits older than the next sync reads back, of which the API did not tell yet: a hook shows neither parents
  nor lines (``old commits``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashlib.model import Change, Row
from dashlib.sources.gitlab.status import FINISHED
from dashlib.sources.tables import COMMITS, EVENTS, JOBS, PIPELINES
from dashlib.store.bookkeeping import PIPELINE_DOUBT, PUSH_DOUBT

RECENT = timedelta(hours=23)
"""A sync reads the commits of all branches a day back (``sync.steps.history``), those that a push shows with them."""

_NEVER = datetime(1, 1, 1, tzinfo=UTC).replace(tzinfo=None)
Key = tuple[int, int]
"""A pipeline: its project's id and its own."""
Commit = tuple[int, str]
"""A commit: its project's id and its own."""


@dataclass(frozen=True)
class State:
    """Of a pipeline: its status, and the version by which one state is newer than another."""

    status: str | None
    changed_at: datetime | None
    rank: int

    @property
    def _version(self) -> tuple[datetime, int]:
        return self.changed_at or _NEVER, self.rank

    def is_older(self, other: State) -> bool:
        """Whether the other one stands when both are told."""
        return self._version < other._version

    def doubt(self, held: State) -> str | None:
        """What is odd when this is told of a pipeline of which that is held; None where the versions tell all."""
        ended, had_ended = self.status in FINISHED, held.status in FINISHED
        mine, theirs = (one.changed_at or _NEVER for one in (self, held))
        if not ended and had_ended and mine > theirs:
            return "ran again"
        if ended and not had_ended and mine < theirs:
            return "ended before"
        if ended and had_ended and mine == theirs and self.status != held.status:
            return "two ends"
        return None


def pipelines_of(changes: Iterable[Change]) -> set[Key]:
    """The pipelines that these changes tell of, by themselves or by a job."""
    found: set[Key] = set()
    for change in changes:
        if change.table is PIPELINES:
            found |= {(row["project_id"], row["id"]) for row in change.rows}
        elif change.table is JOBS:
            found |= {(row["project_id"], row["pipeline_id"]) for row in change.rows if row.get("pipeline_id")}
    return found


def old_commits(changes: Iterable[Change], at: datetime) -> set[Commit]:
    """The commits that a push shows and the next sync does not read back to; ``at`` is when it arrived."""
    rows = _rows(changes)
    if not _pushes(rows):
        return set()
    return {
        (row["project_id"], row["id"])
        for row in rows[COMMITS.name]
        if row["committed_at"] is None or row["committed_at"] < at - RECENT
    }


def raised(
    deliveries: Iterable[tuple[Sequence[Change], datetime]], held: Mapping[Key, State], read: Collection[Commit]
) -> list[Row]:
    """Rows of ``bookkeeping.doubts`` that GitLab's deliveries raise, in order; each is its changes and its arrival.

    ``held`` are the pipelines that are stored: what one delivery tells is held for the next. ``read`` are commits that
    the API told of.
    """
    known, found = dict(held), dict[tuple[int, str, str], Row]()
    for changes, at in deliveries:
        rows = _rows(changes)
        doubts = [
            *_of_pipelines(rows[PIPELINES.name], known),
            *_of_jobs(rows[JOBS.name], known),
            *_of_push(rows, old_commits(changes, at) - set(read)),
        ]
        for project_id, kind, ref, why in doubts:
            key = (project_id, kind, ref)
            found[key] = dict(zip(("project_id", "kind", "ref", "why", "raised_at"), (*key, why, at), strict=True))
    return list(found.values())


def _rows(changes: Iterable[Change]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {table.name: [] for table in (PIPELINES, JOBS, EVENTS, COMMITS)}
    for change in changes:
        if change.table.name in found:
            found[change.table.name] += change.rows
    return found


def _of_pipelines(rows: Iterable[Row], known: dict[Key, State]) -> list[tuple[int, str, str, str]]:
    found = []
    for row in rows:
        if "status" not in row:
            continue
        key, told = (row["project_id"], row["id"]), State(row["status"], row["changed_at"], row["state_rank"])
        before = known.get(key)
        if before is not None and (why := told.doubt(before)):
            found.append((key[0], PIPELINE_DOUBT, str(key[1]), why))
        if before is None or before.is_older(told):
            known[key] = told
    return found


def _of_jobs(rows: Iterable[Row], known: Mapping[Key, State]) -> list[tuple[int, str, str, str]]:
    lone = {(row["project_id"], row["pipeline_id"]) for row in rows if row.get("pipeline_id")} - known.keys()
    return [(project_id, PIPELINE_DOUBT, str(ident), "only a job") for project_id, ident in sorted(lone)]


def _pushes(rows: Mapping[str, list[Row]]) -> list[Row]:
    """The push of a delivery, to a branch that is still there: one at most, and the commits are its own."""
    return [row for row in rows[EVENTS.name] if row["ref_type"] == "branch" and row["commit_to"]]


def _of_push(rows: Mapping[str, list[Row]], unread: Collection[Commit]) -> list[tuple[int, str, str, str]]:
    found = []
    for push in _pushes(rows):
        left_out = (push["commit_count"] or 0) > len(rows[COMMITS.name])
        if left_out or unread:
            why = "commits left out" if left_out else "old commits"
            found.append((push["project_id"], PUSH_DOUBT, push["commit_to"], why))
    return found
