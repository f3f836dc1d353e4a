"""One job's log, of any forge: read through and kept, or noted so that the next sync knows what to ask again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from dashlib.model import Change, Delete, Put, Row, Upsert
from dashlib.sources.gitlab.traces import Trace, collect, trace_row
from dashlib.sources.tables import TRACES
from dashlib.store.bookkeeping import ASKED
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project

RESOURCE = "logs"


def read(
    context: Context,
    project: Project,
    job_id: int,
    path: str,
    tries: int,
    *,
    missing: Collection[int],
    source: str,
    ends_whole: bool = False,
) -> None:
    """Read the log at ``path`` and hand its rows to the writer.

    ``tries``: how often it was asked for in vain. ``missing``: the statuses that say there is none; any other refusal
    is raised as ``Refused``. ``ends_whole``: the forge has a log only once the job has ended, so that it is complete
    whatever its last line says.
    """
    try:
        trace = context.client.stream(RESOURCE, path, collect)
    except Refused as refused:
        if refused.status not in missing:
            raise
        trace = Trace(b"", b"", 0, 0)
    row = trace_row(project.id, job_id, trace)
    if row is not None and ends_whole:
        row = {**row, "complete": True}
    key: Row = {"source": source, "project_id": project.id, "resource": RESOURCE, "ref": str(job_id)}
    changes = [*_changes(row, key, tries, context.now), *context.succeeded(project.id, RESOURCE)]
    context.submit_log(changes, len(trace.head) + len(trace.tail))


def _changes(row: Row | None, key: Row, tries: int, now: datetime) -> Sequence[Change]:
    if row is None:
        return [Put(ASKED, [{**key, "outcome": "missing", "tries": tries + 1, "asked_at": now}])]
    if not row["complete"]:
        again = {**key, "outcome": "incomplete", "tries": tries + 1, "asked_at": now}
        return [Upsert(TRACES, [row]), Put(ASKED, [again])]
    return [Upsert(TRACES, [row]), *([Delete(ASKED, [key])] if tries else [])]
