"""Which projects there are, and then everything of each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from dashlib.model import Change, Put
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.projects import project_row
from dashlib.sources.gitlab.shapes import number
from dashlib.sources.tables import PROJECTS
from dashlib.sync import plan
from dashlib.sync.barrier import Barrier
from dashlib.sync.client import Refused, Unreachable
from dashlib.sync.context import Context, Project, explained
from dashlib.sync.loop import Task
from dashlib.sync.steps import events, history, issues, pipelines, stages

RESOURCE = "projects"


def start(context: Context) -> list[Task]:
    """The first tasks of a sync: the lists of projects, and the events that belong to no project."""
    queries = plan.project_queries(context.settings.groups, context.settings.projects)
    all_listed = Barrier(len(queries), partial(issues.start, context))
    return [_Projects(context, query, all_listed).task() for query in queries] + events.personal(context)


class _Projects:
    """One list of projects. A page's projects are stored and their own tasks begin at once."""

    def __init__(self, context: Context, query: plan.ProjectQuery, all_listed: Barrier) -> None:
        self._context = context
        self._all_listed = all_listed
        self._asked = query
        self._query: dict[str, Any] = dict(query.params)
        if not query.single:
            self._query["per_page"] = 100
        if query.keyset:
            self._query |= {"pagination": "keyset", "order_by": "id", "sort": "asc"}

    def task(self) -> Task:
        """The task that reads the next page."""
        return Task((stages.PROJECTS, 0, 0), RESOURCE, self._read, on_failure=self._all_listed.arrive)

    def _read(self) -> Iterable[Task]:
        client, path = self._context.client, self._asked.path
        if self._asked.single:
            return [*self._single(), *self._all_listed.arrive()]
        try:
            page = client.page(RESOURCE, path, self._query)
        except Refused as refused:
            if refused.status == 405 and self._query.pop("pagination", None):
                return [self.task()]
            if refused.status == 404 and self._asked.fallback:
                # A user's name space is no group: look through everything the token can see.
                return [_Projects(self._context, plan.EVERYTHING, self._all_listed).task()]
            raise
        following = self._taken(page.items)
        if page.next is None:
            return [*following, *self._all_listed.arrive()]
        self._query = page.next
        return [*following, self.task()]

    def _single(self) -> list[Task]:
        """A project that was chosen by its full path: when it is not there, that path is named."""
        try:
            found = self._context.client.object(RESOURCE, self._asked.path)
            self._say_if_moved(found)
            return self._taken([found], chosen=True)
        except (Refused, Unreachable) as error:
            path = self._asked.name
            why = explained("project", error, self._context.settings.gitlab_url)
            self._context.report(0, f"project {path}", why, path)
            return []

    def _say_if_moved(self, found: Mapping[str, Any]) -> None:
        """GitLab redirects the old path of a project that moved (16.7): it is read all the same, and said."""
        asked, path = unquote(self._asked.path.removeprefix("/projects/")), str(found.get("path_with_namespace"))
        if path.lower() != asked.lower():
            self._context.report(0, f"project {asked}", f"moved to {path}; write that in DASH_PROJECTS", asked)

    def _taken(self, items: list[Any], *, chosen: bool = False) -> list[Task]:
        settings = self._context.settings
        listed = [item for item in items if isinstance(item, Mapping) and number(item.get("id")) is not None]
        rows = [(item, project_row(item)) for item in listed]
        wanted = [
            (item, row)
            for item, row in rows
            if (chosen or plan.chosen(row["path_with_namespace"], settings.groups, settings.projects))
            and plan.chosen(row["path_with_namespace"], (), self._context.only)
        ]
        # Older versions tell no updated_at of a project: the list is the present state, whatever stood there before.
        changes: list[Change] = [Put(PROJECTS, [row for _, row in wanted])]
        self._context.write([*changes, *self._context.succeeded(0, RESOURCE)])
        tasks: list[Task] = []
        for item, _ in wanted:
            project = _project(item, len(self._context.projects))
            if project.id not in self._context.projects:
                self._context.projects[project.id] = project
                tasks += pipelines.first(self._context, project) + history.first(self._context, project)
        return tasks


def _project(json: Mapping[str, Any], order: int) -> Project:
    row = project_row(json)
    return Project(
        id=row["id"],
        path=row["path_with_namespace"],
        order=order,
        default_branch=row["default_branch"],
        builds_enabled=row["builds_enabled"],
        issues_enabled=row["issues_enabled"],
        archived=row["archived"],
        last_activity_at=stamps.utc(json.get("last_activity_at")),
        open_issues=number(json.get("open_issues_count")),
    )
