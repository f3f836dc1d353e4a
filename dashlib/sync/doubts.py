"""What webhooks left in doubt (``receive/doubts``), asked of GitLab.

Right away where its budget allows, else at the end of the next sync.
A pipeline costs two calls (its detail and its jobs), a push one for each hundred commits that are not known. What the
lists of a sync have answered meanwhile is not asked again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import duckdb

from dashlib.model import Change, Delete, Put, Row, Upsert
from dashlib.settings import Settings
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.pipelines import pipeline_detail_row
from dashlib.sources.gitlab.projects import user_row
from dashlib.sources.tables import COMMITS, PIPELINES, USERS
from dashlib.store import Store
from dashlib.store.bookkeeping import DOUBTS, JOBS_READ, PIPELINE_DOUBT
from dashlib.sync.budget import Budget, PauseTooLong, Stopped
from dashlib.sync.client import Client, Refused, Unreachable
from dashlib.sync.context import Context, Forge, Project
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE
from dashlib.sync.steps import stages
from dashlib.sync.steps.jobs import pipeline_job_changes

_LOG = logging.getLogger(__name__)
RESOURCE = "what webhooks left in doubt"
GRACE = timedelta(seconds=5)
"""So long the next delivery may settle it: of a new pipeline the hooks of its jobs often come first."""
LEAST_BUDGET = 200
"""Calls that GitLab must still allow before a thing is asked between two syncs."""
_AT_ONCE = 25
_PAGES = 50
_FORGOTTEN = timedelta(days=1)
_NOT_TOLD = frozenset({400, 403, 404, 410})
"""Gone, or not for this token: there is no answer to wait for."""

# A pipeline is settled when its own hook has told of it meanwhile; or when its project's list was read since, and its
# present state is what that said. Of two ends in one second no list can be sure to win.
_STANDING = """
select d.project_id, d.kind, d.ref, d.raised_at,
       d.kind = 'pipeline' and coalesce(
           case d.why when 'only a job' then p.id is not null
                      when 'two ends' then false
                      else p.by_api and p.updated_at = p.identified_at and l.completed_at > d.raised_at end,
           false) as settled
from bookkeeping.doubts d
left join pipelines p on d.kind = 'pipeline' and p.project_id = d.project_id and p.id = try_cast(d.ref as bigint)
left join bookkeeping.passes l
    on l.source = 'gitlab' and l.project_id = d.project_id and l.resource = 'pipelines' and l.variant = ''
where d.raised_at <= $until
order by d.raised_at, d.project_id, d.ref
"""
_RAISED = "select raised_at from bookkeeping.doubts where project_id = $project and kind = $kind and ref = $ref"
_HELD = """
select status, changed_at, coalesce(state_rank, 0), updated_at from pipelines where project_id = $project and id = $id
"""
_WINDOW = """
select since from bookkeeping.passes where source = $source and project_id = 0 and resource = 'window' and variant = ''
"""
_READ = """
select id from commits
where project_id = $project and parent_ids is not null and id in (select unnest($shas::varchar[]))
"""
_NEVER = datetime(1, 1, 1, tzinfo=UTC).replace(tzinfo=None)
Reader = Callable[[], duckdb.DuckDBPyConnection]


@dataclass(frozen=True)
class Doubt:
    """A thing to ask about; ``raised_at`` tells it from a later doubt about the same thing."""

    project_id: int
    kind: str
    ref: str
    raised_at: datetime

    def gone(self) -> Delete:
        """The change that takes it off the list."""
        return Delete(DOUBTS, [{"project_id": self.project_id, "kind": self.kind, "ref": self.ref}])


def first(context: Context) -> list[Task]:
    """At the end of a sync: one task for each doubt that its lists have not settled, in the projects that it read.

    What is about projects that the token does not show is forgotten after a day.
    """
    standing, settled = _listed(context.store.reader, datetime.now(UTC).replace(tzinfo=None))
    lost = [] if context.only else [one for one in standing if _is_lost(context, one)]
    changes = [one.gone() for one in [*settled, *lost]]
    if changes:
        context.submit(changes)
    return [
        Task((stages.DOUBTS, 0, project.order), RESOURCE, partial(_task, context, one), one.project_id)
        for one in standing
        if (project := context.projects.get(one.project_id)) is not None
    ]


def _is_lost(context: Context, doubt: Doubt) -> bool:
    return doubt.project_id not in context.projects and doubt.raised_at < context.now - _FORGOTTEN


def _task(context: Context, doubt: Doubt) -> list[Task]:
    changes = _asked(context.client, context.store.reader, doubt, context.since, context.now)
    context.submit([*changes, *context.succeeded(doubt.project_id, RESOURCE)])
    return []


def ask_now(
    settings: Settings, store: Store, stop: threading.Event, left: int | None, now: datetime | None = None
) -> tuple[int, bool]:
    """Between two syncs: how many doubts were asked about, and whether there are more to ask soon.

    ``left`` are the calls that GitLab still allows, as last told. What cannot be asked now is left to the next sync, as
    is everything before the first one, which reads all. ``now`` is naive UTC.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    standing, settled = _listed(store.reader, now - GRACE)
    with store.reader() as reader:
        window = reader.execute(_WINDOW, {"source": SOURCE}).fetchone()
        waiting = reader.execute("select count(*) from bookkeeping.doubts").fetchone() or (0,)
    if settled:
        store.write(*(one.gone() for one in settled))
    young = waiting[0] > len(standing) + len(settled)
    if not standing or window is None or window[0] is None or settings.gitlab_token is None:
        return 0, young
    if left is not None and left < LEAST_BUDGET:
        return 0, False
    budget = Budget(settings.calls_per_minute, stop)
    client = Client(settings.gitlab_url, settings.gitlab_token, budget, settings.timeout_seconds, 1, tries=2)
    asked = 0
    try:
        for doubt in standing[:_AT_ONCE]:
            store.write(*_asked(client, store.reader, doubt, window[0], now))
            asked += 1
    except (Refused, Unreachable, PauseTooLong, Stopped) as error:
        _LOG.info("%s is asked at the next sync: %s", RESOURCE, error)
        return asked, False
    finally:
        client.close()
    return asked, young or len(standing) > asked


def _listed(reader: Reader, until: datetime) -> tuple[list[Doubt], list[Doubt]]:
    """The doubts raised until then, the oldest first: those that stand, and those that are settled."""
    with reader() as opened:
        rows = opened.execute(_STANDING, {"until": until}).fetchall()
    return [Doubt(*row) for *row, settled in rows if not settled], [Doubt(*row) for *row, settled in rows if settled]


def _asked(client: Forge, reader: Reader, doubt: Doubt, since: datetime, now: datetime) -> Sequence[Change]:
    """What the API says, as changes; raises what the client raises where there may be an answer later."""
    ask = _pipeline if doubt.kind == PIPELINE_DOUBT else _push
    changes: list[Change] = []
    try:
        changes = ask(client, reader, doubt, since, now)
    except Refused as refused:
        if refused.status not in _NOT_TOLD:
            raise
        _LOG.info("GitLab tells nothing of %s %s of project %s", doubt.kind, doubt.ref, doubt.project_id)
    with reader() as opened:
        values = {"project": doubt.project_id, "kind": doubt.kind, "ref": doubt.ref}
        raised = opened.execute(_RAISED, values).fetchone()
    # Raised anew meanwhile: it is asked once more.
    return [*changes, doubt.gone()] if raised == (doubt.raised_at,) else changes


def _pipeline(client: Forge, reader: Reader, doubt: Doubt, since: datetime, now: datetime) -> list[Change]:
    with reader() as opened:
        held = opened.execute(_HELD, {"project": doubt.project_id, "id": int(doubt.ref)}).fetchone()
    path = f"/projects/{doubt.project_id}/pipelines/{doubt.ref}"
    told = client.object(RESOURCE, path)
    row = pipeline_detail_row(doubt.project_id, told)
    if row["created_at"] is not None and row["created_at"] < since:
        return []  # what is older than the window is no part of it
    version = row["updated_at"] or row["created_at"]
    changes: list[Change] = [Upsert(PIPELINES, [row if held is None else decided(row, held)])]
    changes += [Upsert(USERS, [user]) for user in [user_row(told.get("user"), now.date())] if user]
    query: Mapping[str, Any] | None = {"include_retried": "true", "per_page": 100}
    project = Project(doubt.project_id, "", 0)
    while query is not None:
        page = client.page(RESOURCE, f"{path}/jobs", query)
        items = [item for item in page.items if isinstance(item, Mapping)]
        changes += pipeline_job_changes(project, int(doubt.ref), items, page.answered_at)
        query = page.next
    read = {"project_id": doubt.project_id, "pipeline_id": int(doubt.ref), "pipeline_updated_at": version}
    return [*changes, Put(JOBS_READ, [read])]


def decided(row: Row, held: tuple[Any, ...]) -> Row:
    """The API's answer as it is stored over what is held (status, changed_at, state_rank, updated_at).

    It was asked after all that is held was told, so it is the later one, even where the time stamps of a hook claim the
    same second or a later one: then it takes the version of what it overrules, a microsecond later.
    """
    status, changed_at, rank, updated_at = held
    if row["status"] == status or changed_at is None or _version(row) > (changed_at, rank):
        return row
    later = max(updated_at or changed_at, row["updated_at"] or changed_at) + timedelta(microseconds=1)
    lifted = {"changed_at": changed_at, "state_rank": rank, "updated_at": later}
    return {**row, **lifted, "run_at": changed_at, "run_rank": rank, "detail_at": later}


def _version(row: Row) -> tuple[datetime, int]:
    return row["changed_at"] or _NEVER, row["state_rank"]


def _push(client: Forge, reader: Reader, doubt: Doubt, since: datetime, _: datetime) -> list[Change]:
    """The commits behind the one that was pushed, until a page holds none that the API has not told of."""
    query: Mapping[str, Any] | None = {
        "ref_name": doubt.ref, "with_stats": "true", "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": 100,
    }  # fmt: skip
    changes: list[Change] = []
    for _page in range(_PAGES):
        page = client.page(RESOURCE, f"/projects/{doubt.project_id}/repository/commits", query or {})
        rows = [commit_row(doubt.project_id, item) for item in page.items if isinstance(item, Mapping)]
        with reader() as opened:
            values = {"project": doubt.project_id, "shas": [row["id"] for row in rows]}
            known = opened.execute(_READ, values).fetchall()
        changes.append(Upsert(COMMITS, rows))
        query = page.next
        if query is None or len(known) == len(rows):
            break
    return changes
