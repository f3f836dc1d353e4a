"""Which schedule a scheduled pipeline belongs to: the schedule's own list of pipelines tells.

The last of a project's schedules is not asked for runs on its ref at its time: no other schedule claims them.

That list is oldest first, or in no stated order, and older versions ignore every filter (GITLAB.md 2.4): a list that
turns out to grow with time is read from its last page backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from dashlib.model import Put, Upsert
from dashlib.sources.gitlab.pipelines import pipeline_row
from dashlib.sources.gitlab.shapes import number
from dashlib.sources.tables import PIPELINES
from dashlib.store.bookkeeping import ASKED
from dashlib.sync import plan
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE
from dashlib.sync.steps import schedules, stages

RESOURCE = "schedule runs"
Waiting: TypeAlias = dict[int, tuple[datetime, str]]
"""Runs whose schedule is not known: pipeline id to when it was created and its ref."""


def due(context: Context, project: Project) -> Waiting:
    """Scheduled pipelines whose schedule is not known and was not asked for in vain: id to (created_at, ref)."""
    rows = context.query(
        """
        select p.id, p.created_at, p.ref from pipelines p
        where p.project_id = $project and p.source = 'schedule' and p.schedule_id is null and p.created_at >= $since
          and not exists (
              from bookkeeping.asked a
              where a.source = $source and a.project_id = p.project_id and a.resource = $resource
                and a.ref = p.id::varchar
          )
        """,
        project=project.id,
        since=context.since,
        source=SOURCE,
        resource=RESOURCE,
    )
    return {ident: (created, ref) for ident, created, ref in rows}


def first(context: Context, project: Project) -> list[Task]:
    """One task per project: it does nothing where every scheduled pipeline is explained."""
    urgency = (stages.SCHEDULE_LINKS, 0, project.order)
    return [Task(urgency, RESOURCE, partial(_link, context, project), project.id)]


def _link(context: Context, project: Project) -> list[Task]:
    """Ask the schedules one after the other until every pipeline has found its own."""
    waiting = due(context, project)
    if not waiting:
        return []
    sure = _link_asked(context, project, waiting)
    if waiting and not context.found(project.id).schedules_listed:
        # A run of none of the known schedules: a new one, perhaps. A list that cannot be read tells nothing.
        return [schedules.read(context, project, partial(first, context, project), list)]
    in_vain = [
        {"source": SOURCE, "project_id": project.id, "resource": RESOURCE, "ref": str(ident)}
        | {"outcome": "unknown", "tries": 1, "asked_at": context.now}
        for ident in (waiting if sure else ())
    ]
    stored = context.submit([Put(ASKED, in_vain), *context.succeeded(project.id, RESOURCE)])
    context.loop.add_after(stored, Task((stages.SCHEDULE_LINKS, 0, project.order), RESOURCE, list, project.id))
    return []


def _link_asked(context: Context, project: Project, waiting: Waiting) -> bool:
    """Take every run that finds its schedule out of ``waiting``; whether all schedules could be asked.

    Once all others have answered, what is on the ref and at the time of the last one is its own.
    """
    candidates, all_known = _candidates(context, project, waiting)
    answered = True
    for place, schedule in enumerate(candidates, start=1):
        if place == len(candidates) and all_known and answered:
            mine = [run for run, (created, ref) in waiting.items() if plan.ran_on_time(schedule, ref, created)]
            links = [{"project_id": project.id, "id": run, "schedule_id": schedule.id} for run in mine]
            context.submit([Upsert(PIPELINES, links)])
            for run in mine:
                del waiting[run]
        if not waiting:
            break
        try:
            found = _pipelines_of(context, project, schedule.id, waiting)
        except Refused as refused:
            if refused.status != 404:
                raise
            answered = False
            continue
        rows = [{**pipeline_row(project.id, item), "schedule_id": schedule.id} for item in found]
        context.submit([Upsert(PIPELINES, rows)])
        for row in rows:
            waiting.pop(row["id"], None)
    return answered


def _candidates(context: Context, project: Project, waiting: Waiting) -> tuple[list[plan.Schedule], bool]:
    """The project's schedules, the one that explains most runs by its time last; whether these are all there were.

    The runs of a deleted schedule cannot be asked for.
    """
    rows = context.query(
        "select id, ref, cron, cron_timezone, created_at, deleted is true from schedules where project_id = $project",
        project=project.id,
    )
    explained: dict[plan.Schedule, int] = {}
    for *known, deleted in rows:
        if not deleted:
            schedule = plan.Schedule(*known)
            explained[schedule] = sum(plan.ran_on_time(schedule, ref, at) for at, ref in waiting.values())
    order = sorted(explained, key=lambda schedule: (explained[schedule], schedule.id))
    return order, len(order) == len(rows)


def _pipelines_of(context: Context, project: Project, schedule: int, waiting: Waiting) -> list[Mapping[str, Any]]:
    """Those of the waiting pipelines that the schedule started."""
    oldest = min(created for created, _ in waiting.values()) - timedelta(days=1)
    lowest = min(waiting)
    path = f"/projects/{project.id}/pipeline_schedules/{schedule}/pipelines"
    query: dict[str, Any] = {"sort": "desc", "created_after": oldest.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": 100}
    found: list[Mapping[str, Any]] = []
    page = context.client.page(RESOURCE, path, query)
    items = _things(page.items)
    found += items
    if _grows(items) and items[-1]["id"] < lowest and (page.total_pages or 0) > 2:
        for place in range(page.total_pages or 0, 1, -1):
            items = _things(context.client.page(RESOURCE, path, {**query, "page": place}).items)
            found += items
            if items and items[0]["id"] < lowest:
                break
        return [item for item in found if item["id"] in waiting]
    while page.next is not None:
        if _falls(items) and items[-1]["id"] < lowest:
            break
        page = context.client.page(RESOURCE, path, page.next)
        items = _things(page.items)
        found += items
    return [item for item in found if item["id"] in waiting]


def _things(items: list[Any]) -> list[Mapping[str, Any]]:
    things = [item for item in items if isinstance(item, Mapping) and number(item.get("id")) is not None]
    return [{**item, "id": number(item["id"])} for item in things]


def _falls(items: list[Mapping[str, Any]]) -> bool:
    """Whether the page is surely newest first: older versions promise no order at all."""
    ids = [item["id"] for item in items]
    return len(ids) > 1 and ids == sorted(set(ids), reverse=True)


def _grows(items: list[Mapping[str, Any]]) -> bool:
    """Whether the page is surely oldest first (one item tells nothing, disorder neither)."""
    ids = [item["id"] for item in items]
    return len(ids) > 1 and ids == sorted(set(ids))
