"""Walks the graph of the repositories whose commits, pushes or default branch moved, and stores what it tells."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from dashlib.lineage.graph import Parents, Push, brought, reachable
from dashlib.lineage.tables import COMMIT_BRANCHES, PUSHED_COMMITS, WALKED
from dashlib.model import Change, Delete, Put, Row
from dashlib.store import Store

_ROWS_AT_ONCE = 20_000
_MOVED = """
with held as (
    select project_id, count(*) + count(parent_ids) as commits from commits group by project_id
), pushed as (
    select project_id, (bit_xor(hash(source, id, ref, commit_from, commit_to, commit_count)) >> 1)::bigint as pushes
    from events where ref_type = 'branch' and commit_to is not null group by project_id
), now as (
    select h.project_id, t.sha, h.commits, coalesce(p.pushes, 0) as pushes, coalesce(t.parent_ids, []) as parent_ids,
           coalesce(t.committed_at < w.since, false) as before_all
    from held h
    join projects r on r.id = h.project_id
    left join pushed p on p.project_id = h.project_id
    left join bookkeeping.default_tips t on t.project_id = h.project_id
    left join bookkeeping.passes w
        on w.source = r.source and w.project_id = 0 and w.resource = 'window' and w.variant = ''
)
select n.* from now n left join bookkeeping.walked w on w.project_id = n.project_id
where (w.sha, w.commits, w.pushes) is distinct from (n.sha, n.commits, n.pushes)
order by n.project_id
"""
_COMMITS = """
select c.id, coalesce(c.parent_ids, []), b.on_default
from commits c left join commit_branches b on b.project_id = c.project_id and b.commit_id = c.id
where c.project_id = $project
"""
_PUSHES = """
select source, id, ref, commit_from, commit_to, coalesce(commit_count, 0), coalesce(created_at, timestamp '1970-01-01')
from events
where project_id = $project and ref_type = 'branch' and commit_to is not null
"""
_BROUGHT = "select source, event_id, commit_id, place from pushed_commits where project_id = $project"
_DEFAULT_REF = "select default_branch from projects where id = $project"


def refresh(store: Store, stop: threading.Event | None = None) -> int:
    """Bring ``commit_branches`` and ``pushed_commits`` up to date; returns how many repositories were walked.

    Costs one question where nothing moved. Safe to cut off: a repository is stored whole, in one transaction, which
    it may share with others.
    """
    waiting: list[Change] = []
    with store.reader() as reader:
        moved = reader.execute(_MOVED).fetchall()
        for project, tip, commits, pushes, above, before_all in moved:
            if stop is not None and stop.is_set():
                break
            tips = [tip, *above] if before_all else [tip] if tip else []
            walked = {"project_id": project, "sha": tip, "commits": commits, "pushes": pushes}
            waiting += [*_of_project(reader, project, tips, known=before_all), Put(WALKED, [walked])]
            if sum(len(change.rows) for change in waiting) >= _ROWS_AT_ONCE:
                store.write(*waiting)
                waiting = []
    if waiting:
        store.write(*waiting)
    return len(moved)


def _of_project(reader: duckdb.DuckDBPyConnection, project: int, tips: Sequence[str], *, known: bool) -> list[Change]:
    rows = reader.execute(_COMMITS, {"project": project}).fetchall()
    parents = {sha: ancestors for sha, ancestors, _ in rows}
    changes = _pushed(reader, project, parents)
    if known or any(tip in parents for tip in tips):
        changes += _on_default(project, reachable(parents, tips), {sha: was for sha, _, was in rows})
    return changes


def _on_default(project: int, found: set[str], marked: Mapping[str, bool | None]) -> list[Change]:
    """The marks that differ from the stored ones."""
    differing: list[Row] = [
        {"project_id": project, "commit_id": sha, "on_default": sha in found}
        for sha, was in marked.items()
        if was is not (sha in found)
    ]
    return [Put(COMMIT_BRANCHES, differing)] if differing else []


def _pushed(reader: duckdb.DuckDBPyConnection, project: int, parents: Parents) -> list[Change]:
    rows = reader.execute(_PUSHES, {"project": project}).fetchall()
    found = reader.execute(_DEFAULT_REF, {"project": project}).fetchone()
    pushes = [Push(*row) for row in rows]
    told = brought(parents, pushes, found[0] if found else None)
    wanted = {(*event, sha, place) for event, shas in told.items() for place, sha in enumerate(shas, start=1)}
    stored = set(reader.execute(_BROUGHT, {"project": project}).fetchall())
    gone = {one[:3] for one in stored} - {one[:3] for one in wanted}
    return [
        Delete(PUSHED_COMMITS, _rows(project, sorted(gone))),
        Put(PUSHED_COMMITS, _rows(project, sorted(wanted - stored))),
    ]


def _rows(project: int, found: Sequence[tuple[Any, ...]]) -> list[Row]:
    names = ("source", "event_id", "commit_id", "place")
    return [{"project_id": project, **dict(zip(names, one, strict=False))} for one in found]
