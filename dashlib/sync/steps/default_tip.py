"""The newest commit of the default branch: with the graph of commits it tells which of them are on that branch.

One call where the commits are read anyway. No list could tell it: what a merge brings to the branch was committed days
before, and a list since yesterday holds none of it. Asked before the commits, so that they hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from dashlib.lineage.tables import DEFAULT_TIPS
from dashlib.model import Put
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.shapes import text
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "default branch"


def first(context: Context, project: Project, then: Callable[[], Iterable[Task]]) -> list[Task]:
    """Ask for it, and go on with ``then`` whatever comes of it; an empty repository has none."""
    if not project.default_branch:
        return list(then())
    run = partial(_ask, context, project, then)
    return [Task((stages.COMMITS, 0, project.order), RESOURCE, run, project.id, then)]


def _ask(context: Context, project: Project, then: Callable[[], Iterable[Task]]) -> Iterable[Task]:
    path = f"/projects/{project.id}/repository/commits"
    try:
        page = context.client.page(RESOURCE, path, {"ref_name": project.default_branch, "per_page": 1})
        items, answered_at = page.items, page.answered_at
    except Refused as refused:
        if refused.status != 404:
            raise
        items, answered_at = [], context.now
    state = context.passes.get(project.id, RESOURCE)
    done = replace(state, since=context.since, activity=project.last_activity_at, completed_at=answered_at)
    changes = [done.put(), *context.succeeded(project.id, RESOURCE)]
    for item in items[:1]:
        if isinstance(item, Mapping) and text(item.get("id")):
            row = commit_row(project.id, item)
            tip = {"project_id": project.id, "ref": project.default_branch, "sha": row["id"], "read_at": answered_at}
            changes.append(Put(DEFAULT_TIPS, [tip | {name: row[name] for name in ("parent_ids", "committed_at")}]))
    context.passes.set(done)
    urgency = (stages.COMMITS, 0, project.order)
    context.loop.add_after(context.submit(changes), Task(urgency, RESOURCE, then, project.id, then))
    return []
