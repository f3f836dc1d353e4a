"""A repository's workflows and the cron lines in their files: its schedules, read as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from dashlib.model import Replace, Row
from dashlib.sources.github.schedules import FOLDER, lines, schedule_rows
from dashlib.sources.gitlab.shapes import number, text
from dashlib.sources.tables import SCHEDULES
from dashlib.sync import plan as every_plan
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.github import graph, plan, runs
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "schedules"


def first(context: Context, project: Project) -> list[Task]:
    """Workflows where something was pushed since, or daily (somebody may have switched one off); then the runs."""
    then = partial(runs.first, context, project)
    if not _is_due(context, project):
        return then()
    read = partial(_read, context, project)
    return [Task((stages.SCHEDULES, 0, project.order), RESOURCE, read, project.id, then)]


def _is_due(context: Context, project: Project) -> bool:
    state = context.passes.get(project.id, RESOURCE)
    if context.full or every_plan.is_due_daily(state.completed_at, context.now):
        return True
    return project.last_activity_at is not None and (
        state.activity is None or project.last_activity_at > state.activity
    )


def _read(context: Context, project: Project) -> Iterable[Task]:
    found, answered_at = _listed(context, project)
    rows: list[Row] = []
    if found:
        owner, _, name = project.path.partition("/")
        files = graph.files(context.client.object(RESOURCE, graph.FILES, {"owner": owner, "name": name}))
        for path, workflow in found.items():
            found_lines = lines(files.get(path.removeprefix(FOLDER), ""))
            told = schedule_rows(project.id, project.default_branch, workflow, found_lines)
            planned = (plan.next_run(line, context.now) for line in found_lines)
            rows += [{**row, "next_run_at": at} for row, at in zip(told, planned, strict=True)]
    state = replace(
        context.passes.get(project.id, RESOURCE),
        since=context.since,
        completed_at=answered_at,
        activity=project.last_activity_at,
    )
    cleared = context.succeeded(project.id, RESOURCE)
    context.write([Replace(SCHEDULES, {"project_id": project.id}, rows), state.put(), *cleared])
    context.passes.set(state)
    return runs.first(context, project)


def _listed(context: Context, project: Project) -> tuple[dict[str, Mapping[str, Any]], Any]:
    """The workflows that have a file, by its path, and when they were told; none where Actions are off (404)."""
    query: dict[str, Any] | None = {"per_page": plan.PER_PAGE}
    found: dict[str, Mapping[str, Any]] = {}
    answered_at = context.now
    while query is not None:
        try:
            page = context.client.page(RESOURCE, f"/repos/{project.path}/actions/workflows", query)
        except Refused as refused:
            if refused.status != 404:
                raise
            break
        query, answered_at = page.next, page.answered_at
        for item in page.items:
            path = text(item.get("path")) if isinstance(item, Mapping) else None
            if path is not None and path.startswith(FOLDER) and number(item.get("id")) is not None:
                found[path] = item
    return found, answered_at
