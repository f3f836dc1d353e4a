"""Which repositories there are, and then everything of each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashlib.model import Change, Put, Upsert
from dashlib.sources.github.rows import moment, repository_row, user_rows
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.shapes import number, text, thing
from dashlib.sources.tables import PROJECTS, USERS
from dashlib.sync import plan as every_plan
from dashlib.sync.client import Refused, Unreachable
from dashlib.sync.context import Context, Project
from dashlib.sync.github import commits, plan, workflows
from dashlib.sync.github.words import explained
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "projects"


def start(context: Context) -> list[Task]:
    """The first tasks of a sync: the lists of repositories."""
    return [_Repositories(context, query).task() for query in plan.queries(context.settings.github_repositories)]


class _Repositories:
    """One list. A page's repositories are stored and their own tasks begin at once."""

    def __init__(self, context: Context, asked: plan.Query) -> None:
        self._context, self._asked = context, asked
        self._query: dict[str, Any] = {**dict(asked.params), "per_page": plan.PER_PAGE}

    def task(self) -> Task:
        """The task that reads the next page."""
        return Task((stages.PROJECTS, 0, 0), RESOURCE, self._read)

    def _read(self) -> Iterable[Task]:
        if self._asked.single:
            return self._single()
        try:
            page = self._context.client.page(RESOURCE, self._asked.path, self._query)
        except Refused as refused:
            if refused.status in (403, 404) and self._asked.instead:
                return [_Repositories(self._context, other).task() for other in self._asked.instead]
            raise
        following = self._taken(page.items)
        if page.next is None:
            return following
        self._query = page.next
        return [*following, self.task()]

    def _single(self) -> list[Task]:
        """A repository that was chosen by its full name: when it is not there, that name is told."""
        name = self._asked.path.removeprefix("/repos/")
        try:
            found = self._context.client.object(RESOURCE, self._asked.path)
        except (Refused, Unreachable) as error:
            why = explained(self._context.settings, "project", error, whole=True)
            self._context.report(0, f"project {name}", why, name)
            return []
        path = text(found.get("full_name")) or name
        cleared = self._context.succeeded(0, f"project {name}")
        if path.lower() != name.lower():
            self._context.report(0, f"project {name}", f"moved to {path}; write that in DASH_GITHUB_REPOSITORIES", name)
        elif cleared:
            self._context.submit(list(cleared))
        return self._taken([found], chosen=True)

    def _taken(self, items: Sequence[Any], *, chosen: bool = False) -> list[Task]:
        context = self._context
        wanted = [item for item in items if _is_one(item) and (chosen or self._is_wanted(item["full_name"]))]
        wanted = [item for item in wanted if every_plan.chosen(item["full_name"], (), context.only)]
        changes: list[Change] = [
            Put(PROJECTS, [repository_row(item, _as_of(item)) for item in wanted]),
            Upsert(USERS, user_rows(*(thing(item.get("owner")) for item in wanted))),
        ]
        context.write([*changes, *context.succeeded(0, RESOURCE)])
        tasks: list[Task] = []
        for item in wanted:
            project = _project(item, len(context.projects))
            if project.id not in context.projects:
                context.projects[project.id] = project
                tasks += workflows.first(context, project) + commits.first(context, project)
        return tasks

    def _is_wanted(self, path: str) -> bool:
        return plan.chosen(path, self._context.settings.github_repositories)


def _is_one(item: Any) -> bool:
    return isinstance(item, Mapping) and number(item.get("id")) is not None and bool(text(item.get("full_name")))


def _as_of(json: Mapping[str, Any]) -> Any:
    return stamps.newest(*(moment(json.get(name)) for name in ("updated_at", "pushed_at", "created_at")))


def _project(json: Mapping[str, Any], order: int) -> Project:
    row = repository_row(json, None)
    return Project(
        id=row["id"],
        path=row["path_with_namespace"],
        order=order,
        default_branch=row["default_branch"],
        archived=row["archived"],
        last_activity_at=row["last_activity_at"],
    )
