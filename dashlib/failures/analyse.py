"""Every failed job to its row in ``failures``: what is new, what changed, and all of it again when the rules changed.

What is due follows from the stored rows alone (see ``_DUE``), and each batch is committed whole: an analysis that is
killed goes on where it was, one with nothing to do costs a few queries. The state it ends in is a function of the
stored jobs and logs and of the rules, whatever the order or the batching: a green log that comes later, of a run
before the failure, has it gone through again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from dashlib.failures.adopt import adopt
from dashlib.failures.apart import Apart
from dashlib.failures.green import GREEN_VERSION
from dashlib.failures.green_kept import BEFORE, GREEN, kept, remember
from dashlib.failures.match import match
from dashlib.failures.row import Failed
from dashlib.failures.rulebook import RULES_VERSION
from dashlib.failures.settle import settle
from dashlib.failures.tables import FAILURES
from dashlib.model import Change, Put, Row
from dashlib.sources.tables import TRACES
from dashlib.store import Store
from dashlib.store.bookkeeping import SETTINGS

_APART = Apart()
BATCH_JOBS = 400
BATCH_BYTES = 24 * 1024 * 1024
"""A batch is full at either: a log may hold 4 MB."""
_AHEAD_JOBS = 20
_PATIENCE = 0.5

# Newest first: last night's failures have their reasons before those of last month are gone through again.
_DUE = f"""
with green as ({GREEN})
select j.project_id, j.id, coalesce(t.bytes, 0) as bytes, f.job_id is not null as known
from jobs j
left join traces t on t.project_id = j.project_id and t.job_id = j.id
left join failures f on f.project_id = j.project_id and f.job_id = j.id
{BEFORE}
where j.status = 'failed'
  and (
      f.job_id is null or f.rules_version is distinct from $version
      or f.log_bytes is distinct from t.bytes or f.log_complete is distinct from t.complete
      or f.failure_reason is distinct from j.failure_reason
      or (t.job_id is not null and f.green_job_id is distinct from g.job_id)
  )
order by coalesce(j.finished_at, j.started_at, j.created_at) desc nulls last, j.project_id, j.id desc
"""
# While a sync goes on: jobs whose log has come and that nobody has looked at.
_FRESH = """
select t.project_id, t.job_id, t.bytes, false as known
from traces t
join jobs j on j.project_id = t.project_id and j.id = t.job_id
where j.status = 'failed'
  and not exists (select 1 from failures f where f.project_id = t.project_id and f.job_id = t.job_id)
order by coalesce(j.finished_at, j.started_at, j.created_at) desc nulls last, t.project_id, t.job_id desc
"""
_TEXTS = f"""
with green as ({GREEN})
select j.project_id, j.id, j.failure_reason, t.bytes, t.complete, t.text, t.omitted_bytes, t.omitted_lines,
       case when t.job_id is not null then g.job_id end
from (select unnest($projects::bigint[]) as project_id, unnest($jobs::bigint[]) as job_id) b
join jobs j on j.project_id = b.project_id and j.id = b.job_id
left join traces t on t.project_id = b.project_id and t.job_id = b.job_id
{BEFORE}
"""


@dataclass(frozen=True)
class Progress:
    """How far an analysis is: failed jobs; ``again`` counts those that earlier rules had gone through."""

    done: int
    total: int
    again: int


@dataclass(frozen=True)
class Analysis:
    """What an analysis did. ``complete`` is False when it was stopped before its end."""

    jobs: int
    seconds: float
    complete: bool


_Due = tuple[int, int, int, bool]


def analyse(
    store: Store,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    rules_version: str = RULES_VERSION,
) -> Analysis:
    """Analyse what is due; bring ``signatures``, ``similar_signatures`` and ``rule_matches`` up to date.

    ``stop`` ends it after the batch under way. Only one analysis of a store may run at a time. Raises RuleError when
    the rules cannot be read: no row is written then.
    """
    stop, began = stop or threading.Event(), time.monotonic()
    remember(store, stop)
    due = _due(store, rules_version)
    again, done = sum(known for *_, known in due), 0
    for batch in _batches(due):
        if stop.is_set():
            break
        store.write(*_changes(store, batch, rules_version, len(due) - done))
        done += len(batch)
        if on_progress is not None:
            on_progress(Progress(done, len(due), again))
    complete = done == len(due)
    if complete:
        settle(store)
        adopt(store)
        match(store)
    return Analysis(done, round(time.monotonic() - began, 3), complete)


class Ahead:
    """While a sync goes on: explains the jobs whose logs have just come, the rest is left to ``analyse``."""

    def __init__(self, store: Store, rules_version: str = RULES_VERSION) -> None:
        self._store, self._rules_version = store, rules_version
        self._handed_over: dict[tuple[int, int], Future[int]] = {}
        self._version = -1

    def look(self, stop: threading.Event) -> None:
        """Explain what has come since the last look; ``stop`` ends it within a few logs.

        Raises RuleError as ``analyse`` does, whose rule about one at a time counts here, too.
        """
        if self._version == self._store.data_version:
            return
        self._version = self._store.data_version
        with self._store.reader() as reader:
            found: list[_Due] = reader.execute(_FRESH).fetchall()
        fresh = [one for one in found if one[:2] not in self._handed_over]
        for start in range(0, len(fresh), _AHEAD_JOBS):
            if stop.is_set():
                return
            batch = fresh[start : start + _AHEAD_JOBS]
            changes = _changes(self._store, batch, self._rules_version, len(fresh) - start)
            stored = self._store.submit(changes, patience=_PATIENCE)
            self._handed_over |= dict.fromkeys([one[:2] for one in batch], stored)

    def finish(self) -> None:
        """Wait until all that was explained is on disk."""
        self._store.submit(())
        for stored in set(self._handed_over.values()):
            stored.result()


def _due(store: Store, rules_version: str) -> list[_Due]:
    """(project, job, bytes of its log, whether it has a row) of what is due, and the rules' version said to views."""
    with store.reader() as reader:
        said = reader.execute("select value from bookkeeping.settings where name = 'rules_version'").fetchone()
        due: list[_Due] = reader.execute(_DUE, {"version": rules_version, "green_version": GREEN_VERSION}).fetchall()
    if said is None or said[0] != rules_version:
        store.write(Put(SETTINGS, [{"name": "rules_version", "value": rules_version}]))
    return due


def _batches(due: Sequence[_Due]) -> Iterator[Sequence[_Due]]:
    start, held = 0, 0
    for end, (_, _, size, _) in enumerate(due):
        if end > start and (end - start >= BATCH_JOBS or held + size > BATCH_BYTES):
            yield due[start:end]
            start, held = end, 0
        held += size
    if start < len(due):
        yield due[start:]


def _changes(store: Store, batch: Sequence[_Due], rules_version: str, waiting: int) -> list[Change]:
    """The rows of a batch; and logs in which today's ``mask`` finds secrets that an earlier one let through."""
    keys = {"projects": [project for project, *_ in batch], "jobs": [job for _, job, *_ in batch]}
    with store.reader() as reader:
        found = reader.execute(_TEXTS, keys | {"green_version": GREEN_VERSION}).fetchall()
        green = kept(reader, {(project, passed) for project, *_, passed in found if passed is not None})
    jobs = [replace(Failed(*job), green=green.get((job[0], job[-1]))) for job in found]
    told = _APART.explained(jobs, waiting)
    rows: list[Row] = []
    logs: list[Row] = []
    for (project, job, _, size, complete, _, *omitted, _), said in zip(found, told, strict=True):
        # A log that is not complete is read again, maybe just now.
        if said.masked is not None and complete:
            values = (project, job, size, complete, *omitted, said.masked)
            logs.append(dict(zip(TRACES.columns, values, strict=True)))
        rows.append(said.row | {"rules_version": rules_version})
    return [Put(FAILURES, rows), *([Put(TRACES, logs)] if logs else [])]
