"""The ``.mailmap`` of a repository's default branch, where something was pushed since its commits were read.

One point of GraphQL's own budget. Where a token may not GraphQL, no ``.mailmap`` is read: who is one person elsewhere
stays two here, and *People* proposes it.
"""

from __future__ import annotations

from functools import partial

from dashlib.model import Put
from dashlib.people.tables import MAILMAPS
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.github import graph
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "mailmap"


def task(context: Context, project: Project) -> Task:
    """The task that reads it."""
    return Task((stages.MAILMAPS, 0, project.order), RESOURCE, partial(_read, context, project), project.id)


def _read(context: Context, project: Project) -> list[Task]:
    owner, _, name = project.path.partition("/")
    try:
        told = context.client.object(RESOURCE, graph.MAILMAP, {"owner": owner, "name": name})
    except Refused as refused:
        if refused.status not in (403, 404):
            raise
        return []
    tip, content = graph.mailmap(told)
    row = {"origin": "project", "project_id": project.id, "name": "", "text": content, "commit_id": tip}
    context.submit([Put(MAILMAPS, [row | {"read_at": context.now}]), *context.succeeded(project.id, RESOURCE)])
    return []
