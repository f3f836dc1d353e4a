"""The pushes of each repository that the settings name."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from dashlib.model import Change, Upsert
from dashlib.settings import Settings
from dashlib.sources.codearts import event_row, project_id, project_of, project_row, user_row
from dashlib.sources.gitlab import stamps
from dashlib.sources.tables import EVENTS, PROJECTS, USERS
from dashlib.sync.client import Refused, Unreachable
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.passes import OVERLAP
from dashlib.sync.steps import stages

RESOURCE = "events"
_MENDED = {
    401: "get a new DASH_CODEARTS_TOKEN: a token of IAM lives for 24 hours",
    403: "the token's user needs codeartsrepo:repository:getRepository",
    404: "check its number in DASH_CODEARTS_REPOSITORIES, and the region in DASH_CODEARTS_URL",
}


def start(context: Context) -> list[Task]:
    """The first task of a sync: whether the host answers and takes the token, before every repository is asked."""
    return [Task((stages.PROJECTS, 0, 0), RESOURCE, partial(_begin, context))]


def _begin(context: Context) -> list[Task]:
    tasks = _listings(context)
    if tasks:
        try:
            context.client.page(RESOURCE, path(context.settings.codearts_repositories[0]), {"filter": "push"})
        except Refused as refused:
            if refused.status not in (403, 404):
                raise
        context.submit(list(context.succeeded(0, RESOURCE)))
    return tasks


def path(repository: int) -> str:
    """Where the events of a repository are."""
    return f"/v4/repositories/{repository}/events"


def _listings(context: Context) -> list[Task]:
    """A list for each repository; one that was never read is called by its number."""
    found = context.query("select id, path_with_namespace from projects where source = $source", source=context.source)
    names = dict(found)
    tasks: list[Task] = []
    for order, repository in enumerate(context.settings.codearts_repositories):
        ident = project_id(repository)
        project = Project(ident, names.get(ident) or str(repository), order)
        if _is_asked(context.only, project.path, str(repository)):
            context.projects[ident] = project
            tasks.append(_listing(context, project, repository, is_known=ident in names).task())
    return tasks


def _is_asked(only: Sequence[str], *names: str) -> bool:
    return not only or any(fnmatchcase(name.lower(), glob.lower().strip("/")) for name in names for glob in only)


def _listing(context: Context, project: Project, repository: int, *, is_known: bool) -> Listing:
    state = context.passes.get(project.id, RESOURCE)
    known = state.covers(context.since) and not context.full and state.watermark is not None
    floor = max(context.since, state.watermark - OVERLAP) if known and state.watermark else context.since
    listing = Listing(
        context, stages.EVENTS, RESOURCE, path(repository), {"offset": 0},
        partial(_changes, context, repository, is_known=is_known), context.since,
        project_id=project.id, order=project.order, newest=_created, extra={"floor": floor.isoformat()},
    )  # fmt: skip
    listing.reaches_end = lambda items: _reaches(items, stamps.utc(listing.extra.get("floor")) or floor)
    if state.position:
        listing.resume().then = partial(_again, context, project, repository)
    return listing


def _again(context: Context, project: Project, repository: int) -> list[Task]:
    """After the rest of a pass that was cut off: what was pushed meanwhile."""
    return [_listing(context, project, repository, is_known=True).task()]


def _changes(context: Context, repository: int, items: Items, answered_at: datetime, *, is_known: bool) -> list[Change]:
    """A page of pushes as rows, those of the window; the repository as they name it."""
    rows = [event_row(repository, item) for item in items]
    rows = [row for row in rows if row["created_at"] is None or row["created_at"] >= context.since]
    named = project_of(repository, items)
    if named is None and not is_known:
        named = project_row(repository, None, None)
    users = [row for item in items if (row := user_row(item, answered_at.date()))]
    return [
        Upsert(PROJECTS, [named] if named is not None else []),
        Upsert(USERS, list({row["id"]: row for row in users}.values())),
        Upsert(EVENTS, list({row["id"]: row for row in rows}.values())),
    ]


def _reaches(items: Items, floor: datetime) -> bool:
    """Whether a page ends before a moment; only of a list that comes newest first, which no document promises."""
    created = [at for item in items if (at := _created(item)) is not None]
    in_order = all(newer >= older for newer, older in itertools.pairwise(created))
    return bool(created) and len(set(created)) > 1 and in_order and created[-1] < floor


def _created(item: Mapping[str, Any]) -> datetime | None:
    return stamps.utc(item.get("created_at"))


def explained(settings: Settings, _: str, error: Exception, whole: bool) -> str:
    """The error as a sentence, with what to do about it where we know."""
    if isinstance(error, Unreachable) and whole:
        return f"{settings.codearts_url} cannot be reached: {error}; check DASH_CODEARTS_URL, proxy and certificate"
    if isinstance(error, Refused):
        mended = _MENDED.get(error.status)
        return f"{error.message.rstrip(' .')}; {mended}" if mended else error.message
    return str(error) or type(error).__name__
