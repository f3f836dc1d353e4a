"""The green logs that failures are compared with: which one it is for a failed job, and where their lines are kept."""

from __future__ import annotations

import threading
from collections.abc import Collection

import duckdb

from dashlib.failures.act_tables import GREEN_LINES
from dashlib.failures.green import GREEN_VERSION, packed
from dashlib.model import Put, Row
from dashlib.sources.gitlab.traces import WHOLE
from dashlib.store import Store

GREEN = """
    select l.project_id, l.job_name, p.finished_at, max(l.job_id) as job_id
    from bookkeeping.green_lines l
    join jobs p on p.project_id = l.project_id and p.id = l.job_id
    where l.version = $green_version and l.lines is not null and p.status = 'success' and p.finished_at is not null
    group by all
"""
"""Runs that passed whose lines are kept."""
BEFORE = """
asof left join green g
    on g.project_id = j.project_id and g.job_name = j.name
    and coalesce(j.finished_at, j.started_at, j.created_at) > g.finished_at
"""
"""Joined to ``jobs j``: as ``g`` the last of ``GREEN`` before the job ended."""

# Logs that were kept before their lines were, or by a version that told lines otherwise.
_UNKNOWN = """
select g.project_id, g.job_id
from bookkeeping.green_logs g
anti join bookkeeping.green_lines l
    on l.project_id = g.project_id and l.job_id = g.job_id and l.version = $version
order by all
"""
_TEXT = "select job_name, bytes, text from bookkeeping.green_logs where project_id = $project and job_id = $job"
_KEPT = """
select l.project_id, l.job_id, l.lines
from (select unnest($projects::bigint[]) as project_id, unnest($jobs::bigint[]) as job_id) w
join bookkeeping.green_lines l on l.project_id = w.project_id and l.job_id = w.job_id
"""


def lines_row(project_id: int, job_name: str, job_id: int, text: str, *, whole: bool) -> Row:
    """The log of a job that passed as a row of ``green_lines``; without lines where they are not all known."""
    lines = packed([text.encode("utf-8", "replace")]) if whole else None
    return {
        "project_id": project_id,
        "job_id": job_id,
        "job_name": job_name,
        "version": GREEN_VERSION,
        "lines": lines,
    }


def remember(store: Store, stop: threading.Event) -> None:
    """Keep the lines of green logs of which none are kept; nothing to do but after an update."""
    with store.reader() as reader:
        unknown = reader.execute(_UNKNOWN, {"version": GREEN_VERSION}).fetchall()
    for project, job in unknown:
        if stop.is_set():
            return
        with store.reader() as reader:
            found = reader.execute(_TEXT, {"project": project, "job": job}).fetchone()
        if found is not None:
            name, size, text = found
            store.write(Put(GREEN_LINES, [lines_row(project, name, job, text, whole=size <= WHOLE)]))


def kept(reader: duckdb.DuckDBPyConnection, jobs: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The lines of runs that passed, (project, job) → lines, as ``green.packed`` made them."""
    if not jobs:
        return {}
    keys = {"projects": [project for project, _ in jobs], "jobs": [job for _, job in jobs]}
    return {(project, job): lines for project, job, lines in reader.execute(_KEPT, keys).fetchall()}
