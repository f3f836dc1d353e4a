"""A project's pipeline schedules: a short list, read as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from dashlib.model import Change, Replace, Upsert
from dashlib.sources.gitlab.projects import schedule_row, user_row
from dashlib.sources.tables import SCHEDULES, USERS
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Whole
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "schedules"


def read(
    context: Context, project: Project, then: Callable[[], Iterable[Task]], on_failure: Callable[[], Iterable[Task]]
) -> Task:
    """The task that reads them; what a schedule's list lacks was deleted."""
    whole = Whole(
        context,
        stages.SCHEDULES,
        RESOURCE,
        f"/projects/{project.id}/pipeline_schedules",
        params={},
        changes=partial(_changes, context, project),
        project_id=project.id,
        order=project.order,
        then=then,
        on_failure=on_failure,
        instead=on_failure,
    )
    return whole.task()


def _changes(context: Context, project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    owners = [row for item in items if (row := user_row(item.get("owner"), answered_at.date()))]
    rows = [schedule_row(project.id, item) for item in items]
    context.found(project.id).schedules_listed = True
    return [Replace(SCHEDULES, {"project_id": project.id}, rows), Upsert(USERS, owners)]
