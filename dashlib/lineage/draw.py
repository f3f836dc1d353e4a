"""Walks the graph of the repositories whose commits, pushes or default branch moved, and stores what it tells."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from dashlib.lineage.graph import BulkPush, Parents, Push, brought, in_bulk, reachable
from dashlib.lineage.tables import BULK_COMMITS, COMMIT_BRANCHES, PUSHED_COMMITS, WALKED
from dashlib.model import Change, Delete, Put, Row, Table
from dashlib.store import Store

_COMMITS_AT_ONCE = 20_000
_MOVED = """
with held as (
    select project_id, count(*) + count(parent_ids) as commits from commits group by project_id
), pushed as (
    select e.project_id, (bit_xor(hash(
               e.source, e.id, e.ref, e.commit_from, e.commit_to, e.commit_count, l.commit_ids
           )) >> 1)::bigint as pushes
    from events e
    left join push_lists l
        on l.project_id = e.project_id and l.ref = e.ref and l.commit_from = coalesce(e.commit_from, '')
        and l.commit_to = e.commit_to
    where (e.ref_type = 'branch' and e.commit_to is not null) or e.ref_count > 0 group by e.project_id
), now as (
    select h.project_id, t.sha, h.commits, coalesce(p.pushes, 0) as pushes, coalesce(t.parent_ids, []) as parent_ids,
           coalesce(t.committed_at < w.since, false) as before_all, r.default_branch, e.since as told_since
    from held h
    join projects r on r.id = h.project_id
    left join pushed p on p.project_id = h.project_id
    left join bookkeeping.default_tips t on t.project_id = h.project_id
    left join bookkeeping.passes w
        on w.source = r.source and w.project_id = 0 and w.resource = 'window' and w.variant = ''
    -- with filters, or asked of persons, the events of some pushes are not read
    left join bookkeeping.passes e
        on e.source = r.source and e.project_id = r.id and e.resource = 'events' and e.variant = 'project'
        and e.completed_at is not null
)
select n.* from now n left join bookkeeping.walked w on w.project_id = n.project_id
where (w.sha, w.commits, w.pushes) is distinct from (n.sha, n.commits, n.pushes)
order by n.project_id
"""
_COMMITS = """
select c.project_id, c.id, coalesce(c.parent_ids, []), b.on_default, c.committed_at
from commits c left join commit_branches b on b.project_id = c.project_id and b.commit_id = c.id
where c.project_id in (select unnest($projects::bigint[]))
"""
_PUSHES = """
select e.project_id, e.source, e.id, e.ref, e.commit_from, e.commit_to, coalesce(e.commit_count, 0),
       coalesce(e.created_at, timestamp '1970-01-01'), coalesce(l.commit_ids, [])
from events e
left join push_lists l
    on l.project_id = e.project_id and l.ref = e.ref and l.commit_from = coalesce(e.commit_from, '')
    and l.commit_to = e.commit_to
where e.project_id in (select unnest($projects::bigint[])) and e.ref_type = 'branch' and e.commit_to is not null
"""
_BULK_PUSHES = """
select project_id, source, id, created_at from events
where project_id in (select unnest($projects::bigint[])) and coalesce(ref_type, 'branch') = 'branch' and ref_count > 0
  and push_action in ('created', 'pushed') and created_at is not null
"""
_BROUGHT = """
select project_id, source, event_id, commit_id, place from pushed_commits
where project_id in (select unnest($projects::bigint[]))
"""
_IN_BULK = """
select project_id, source, event_id, commit_id, found_at from bulk_commits
where project_id in (select unnest($projects::bigint[]))
"""


@dataclass(frozen=True)
class _Moved:
    """A repository whose graph is to be walked: its default branch's tip, prints of its commits and pushes, the tip's
    parents, whether all of the branch in the window must be stored, the branch's name, and since when the events of
    all pushes are read (None: of some at most).
    """

    project: int
    tip: str | None
    commits: int
    pushes: int
    above: Sequence[str]
    before_all: bool
    default_branch: str | None
    told_since: datetime | None

    @property
    def tips(self) -> list[str]:
        """What is on the default branch for sure: where the tip is older than the window, so are its parents."""
        if self.before_all:
            return [str(self.tip), *self.above]
        return [self.tip] if self.tip else []

    @property
    def walked(self) -> Change:
        """The mark that it was walked as it stands now."""
        row = {"project_id": self.project, "sha": self.tip, "commits": self.commits, "pushes": self.pushes}
        return Put(WALKED, [row])


@dataclass
class _Stored:
    """What is stored of one repository: commits and their marks, pushes, and what each push is said to have brought,
    or (one of many branches) can have brought.
    """

    commits: list[tuple[str, Sequence[str], bool | None, datetime | None]] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    bulk: list[BulkPush] = field(default_factory=list)
    brought: set[tuple[str, int, str, int]] = field(default_factory=set)
    in_bulk: set[tuple[str, int, str, datetime]] = field(default_factory=set)


def refresh(store: Store, stop: threading.Event | None = None) -> int:
    """Bring what the graph tells (``lineage.tables``) up to date; returns how many repositories were walked.

    Costs one question where nothing moved. Safe to cut off: a repository is stored whole, in one transaction, which
    it may share with others.
    """
    walked = 0
    with store.reader() as reader:
        for together in _batches([_Moved(*row) for row in reader.execute(_MOVED).fetchall()]):
            if stop is not None and stop.is_set():
                break
            stored = _stored(reader, [one.project for one in together])
            store.write(*(change for one in together for change in _of_project(one, stored[one.project])))
            walked += len(together)
    return walked


def _batches(moved: Sequence[_Moved]) -> Iterator[list[_Moved]]:
    """Small repositories together: they cost a few questions each, whatever is in them."""
    batch: list[_Moved] = []
    commits = 0
    for one in moved:
        batch.append(one)
        commits += one.commits
        if commits >= _COMMITS_AT_ONCE:
            yield batch
            batch, commits = [], 0
    if batch:
        yield batch


def _stored(reader: duckdb.DuckDBPyConnection, projects: Sequence[int]) -> dict[int, _Stored]:
    asked = {"projects": list(projects)}
    found = {project: _Stored() for project in projects}
    for project, *commit in reader.execute(_COMMITS, asked).fetchall():
        found[project].commits.append((commit[0], commit[1], commit[2], commit[3]))
    for project, *push in reader.execute(_PUSHES, asked).fetchall():
        found[project].pushes.append(Push(*push))
    for project, *push in reader.execute(_BULK_PUSHES, asked).fetchall():
        found[project].bulk.append(BulkPush(*push))
    for project, *brought_there in reader.execute(_BROUGHT, asked).fetchall():
        found[project].brought.add(tuple(brought_there))
    for project, *brought_there in reader.execute(_IN_BULK, asked).fetchall():
        found[project].in_bulk.add(tuple(brought_there))
    return found


def _of_project(moved: _Moved, stored: _Stored) -> list[Change]:
    parents = {sha: ancestors for sha, ancestors, *_ in stored.commits}
    changes = _pushed(moved, stored, parents)
    if moved.before_all or any(tip in parents for tip in moved.tips):
        changes += _on_default(moved, stored, reachable(parents, moved.tips))
    return [*changes, moved.walked]


def _on_default(moved: _Moved, stored: _Stored, found: set[str]) -> list[Change]:
    """The marks that differ from the stored ones."""
    differing: list[Row] = [
        {"project_id": moved.project, "commit_id": sha, "on_default": sha in found}
        for sha, _, was, _ in stored.commits
        if was is not (sha in found)
    ]
    return [Put(COMMIT_BRANCHES, differing)] if differing else []


def _pushed(moved: _Moved, stored: _Stored, parents: Parents) -> list[Change]:
    """What each push brought, and what those of many branches can have brought, as far as the stored rows differ."""
    told = brought(parents, stored.pushes, moved.default_branch)
    wanted = {(*event, sha, place) for event, shas in told.items() for place, sha in enumerate(shas, start=1)}
    changes = _differing(PUSHED_COMMITS, moved.project, stored.brought, wanted)
    if stored.bulk or stored.in_bulk:
        possible = in_bulk(parents, _made_while_told(moved, stored), stored.pushes, stored.bulk, told)
        wanted_in_bulk = {(*event, sha, at) for event, found in possible.items() for sha, at in found.items()}
        changes += _differing(BULK_COMMITS, moved.project, stored.in_bulk, wanted_in_bulk)
    return changes


def _made_while_told(moved: _Moved, stored: _Stored) -> dict[str, datetime | None]:
    """When each commit was made; None of what may have been pushed before pushes were told."""
    since = moved.told_since
    return {sha: at if since and at and at >= since else None for sha, *_, at in stored.commits}


def _differing(table: Table, project: int, stored: Set[tuple[Any, ...]], wanted: Set[tuple[Any, ...]]) -> list[Change]:
    """What to take out of a table of commits by push, and what to put there."""
    gone = {one[:3] for one in stored} - {one[:3] for one in wanted}
    return [
        Delete(table, _rows(table, project, sorted(gone))),
        Put(table, _rows(table, project, sorted(wanted - stored))),
    ]


def _rows(table: Table, project: int, found: Sequence[tuple[Any, ...]]) -> list[Row]:
    names = [name for name in table.columns if name != "project_id"]
    return [{"project_id": project, **dict(zip(names, one, strict=False))} for one in found]
