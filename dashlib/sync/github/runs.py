"""Workflow runs, newest first: those that came since, once a day all of the window (somebody may run one again)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from dashlib.model import Change, Put, Row, Upsert
from dashlib.sources.github.rows import SOURCE, run_actor, run_detail, run_row, user_rows
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import number, thing
from dashlib.sources.hook import foreign_id
from dashlib.sources.tables import PIPELINES, USERS
from dashlib.store.bookkeeping import ETAGS
from dashlib.sync import plan as every_plan
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.github import jobs, plan
from dashlib.sync.github.client import GitHubClient
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "pipelines"
WHOLE = "whole"

# A list without a filter is not cut at a thousand runs, as one by creation is (docs.github.com, list workflow runs).
_UNFINISHED = """
with ranked as (
    select id, status, web_url, created_at, row_number() over (order by created_at desc, id) as place
    from pipelines where project_id = $project
)
select id, regexp_extract(web_url, '/actions/runs/(\\d+)', 1) from ranked
where status not in ('success', 'failed', 'canceled', 'skipped') and created_at >= $since and place > $known
order by created_at desc
"""


def first(context: Context, project: Project) -> list[Task]:
    """The task that reads the list; where a pass was cut off, the rest of that one first."""
    client = context.client
    assert isinstance(client, GitHubClient)
    state, path = context.passes.get(project.id, RESOURCE), f"/repos/{project.path}/actions/runs"
    known = state.covers(context.since) and not context.full and state.watermark is not None
    due = every_plan.is_due_daily(context.passes.get(project.id, RESOURCE, WHOLE).completed_at, context.now)
    whole = due or not known
    if whole or state.position:
        client.etags.pop(path, None)
    floor = context.since if whole or state.watermark is None else max(context.since, state.watermark - plan.LOOK_BACK)
    seen: set[int] = set()
    listing = Listing(
        context, stages.PIPELINES, RESOURCE, path, {}, partial(_changes, context, project, path, seen), context.since,
        project_id=project.id, order=project.order, newest=_created, optional=frozenset({304, 404}),
        extra={"floor": floor.isoformat()},
    )  # fmt: skip
    listing.reaches_end = lambda items: plan.reaches(items, stamps.utc(listing.extra.get("floor")) or floor)
    if state.position:
        listing.resume().then = partial(first, context, project)
    else:
        listing.then = partial(_after, context, project, seen, whole=whole)
    listing.on_failure = partial(jobs.first, context, project)
    return [listing.task()]


def _changes(context: Context, project: Project, path: str, seen: set[int], items: Items, _: datetime) -> list[Change]:
    """A page of runs as rows, those of the window; the ETag is stored with what it stands for."""
    assert isinstance(context.client, GitHubClient)
    changes = list(run_changes(context, project, items))
    seen.update(row["id"] for row in changes[0].rows)
    etag = context.client.told(path)
    return [*changes, Put(ETAGS, [{"source": SOURCE, "path": path, "etag": etag}])] if etag else changes


def run_changes(context: Context, project: Project, items: Items) -> Sequence[Change]:
    """Runs as rows with the schedules that started them, and the accounts in them."""
    runs = [item for item in items if number(item.get("id")) is not None and _is_of_window(context, item)]
    rows = [run_detail(run_row(project.id, run, by_api=True), run) for run in runs]
    schedules = _schedules(context, project) if any(row["source"] == "schedule" for row in rows) else {}
    rows = [_linked(row, run, schedules) for row, run in zip(rows, runs, strict=True)]
    users = [user for run in runs for user in (thing(run.get("actor")), run_actor(run))]
    return [Upsert(PIPELINES, rows), Upsert(USERS, user_rows(*users))]


def _is_of_window(context: Context, run: Mapping[str, Any]) -> bool:
    created = stamps.utc(run.get("created_at"))
    return created is None or created >= context.since


def _linked(row: Row, run: Mapping[str, Any], schedules: Mapping[int, plan.Cron]) -> Row:
    schedule = plan.schedule_of(run, schedules) if row["source"] == "schedule" else None
    return row if schedule is None else {**row, "schedule_id": schedule}


def _schedules(context: Context, project: Project) -> dict[int, plan.Cron]:
    """The repository's schedules, deleted ones too: they ran before."""
    found = context.query(
        "select id, cron, cron_timezone from schedules where project_id = $project", project=project.id
    )
    return {ident: plan.Cron(cron, zone) for ident, cron, zone in found}


def _after(context: Context, project: Project, seen: set[int], *, whole: bool) -> Iterable[Task]:
    """Runs that were under way when they were last seen, and stand too far down in the list now, one by one."""
    if whole:
        state = replace(context.passes.get(project.id, RESOURCE, WHOLE), since=context.since, completed_at=context.now)
        context.passes.set(state)
        context.submit([state.put()])
    # An answer 304 says that the first page is as it is stored.
    waiting = context.query(
        _UNFINISHED,
        project=project.id,
        since=max(context.since, context.now - plan.LONGEST_RUN),
        known=0 if seen else plan.PER_PAGE,
    )
    natives = [native for ident, native in waiting if ident not in seen and foreign_id(SOURCE, native) == ident]
    then = partial(jobs.first, context, project)
    if not natives:
        return then()
    read = partial(_one_by_one, context, project, natives)
    return [Task((stages.PIPELINES, 2, project.order), RESOURCE, read, project.id, then)]


def _one_by_one(context: Context, project: Project, natives: Sequence[str]) -> Iterable[Task]:
    for native in natives:
        try:
            run = context.client.object(RESOURCE, f"/repos/{project.path}/actions/runs/{native}")
        except Refused as refused:
            if refused.status != 404:
                raise
            continue
        context.write(run_changes(context, project, [run]))
    return jobs.first(context, project)


def _created(item: Mapping[str, Any]) -> datetime | None:
    return stamps.utc(item.get("created_at"))
