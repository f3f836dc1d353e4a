"""Issues: a group's in one list where it holds several projects, else a project's own.

One list of a group brings the issues of a hundred repositories in a call, and those too that moved without an event (a
label). Name spaces of users are no groups, and old or restricted servers may refuse: then project by project, where
there was activity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dashlib.model import Change, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import issue_row
from dashlib.sources.gitlab.projects import user_row
from dashlib.sources.gitlab.shapes import number, things
from dashlib.sources.tables import ISSUES, USERS
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing
from dashlib.sync.loop import Task
from dashlib.sync.passes import OVERLAP, Pass
from dashlib.sync.plan import quoted, wants_history
from dashlib.sync.steps import stages

RESOURCE = "issues"
STILL_OPEN = "issues still open"
_WORTH_A_GROUP = 2


@dataclass(frozen=True)
class _Scope:
    """What one list covers: a group (``project_id`` 0, ``group`` its path) or one project."""

    path: str
    projects: tuple[Project, ...]
    group: str = ""

    @property
    def project_id(self) -> int:
        return 0 if self.group else self.projects[0].id


def start(context: Context) -> list[Task]:
    """When all projects are known: one list per top-level group, or per project."""
    _forget_unlisted(context)
    by_group: dict[str, list[Project]] = defaultdict(list)
    for project in context.projects.values():
        if project.issues_enabled is not False:
            by_group[project.path.partition("/")[0]].append(project)
    tasks: list[Task] = []
    for group, projects in sorted(by_group.items()):
        if len(projects) >= _WORTH_A_GROUP and not context.only:
            tasks += _moved(context, _Scope(f"/groups/{quoted(group)}/issues", tuple(projects), group))
        else:
            tasks += _one_by_one(context, projects)
    return tasks


def _forget_unlisted(context: Context) -> None:
    """A group's list leaves out what is not there: a project that comes back is read from the window's start."""
    if context.only:
        return
    here = {0, *context.projects}
    unlisted = [one for one in context.passes.of_resource(RESOURCE) if one.project_id not in here]
    context.submit([context.passes.forget(unlisted)])


def _one_by_one(context: Context, projects: Sequence[Project]) -> list[Task]:
    """Decided as late as possible: the events that were read meanwhile tell of activity, too."""
    return [
        Task((stages.ISSUES, 0, project.order), RESOURCE, partial(_if_moved, context, project), project.id)
        for project in projects
    ]


def _if_moved(context: Context, project: Project) -> list[Task]:
    if not _may_have_moved(context, project):
        return []
    return _moved(context, _Scope(f"/projects/{project.id}/issues", (project,)))


def _may_have_moved(context: Context, project: Project) -> bool:
    """Activity since the last look, by the project's own word or by an event's (the former lags behind by an hour)."""
    state = context.passes.get(project.id, RESOURCE)
    if context.full or state.position is not None or not state.covers(context.since):
        return True
    if wants_history(state.completed_at, state.activity, project.last_activity_at) != "no":
        return True
    later = context.query(
        "select exists (from events where project_id = $project and created_at > $at)",
        project=project.id,
        at=state.completed_at,
    )
    return bool(later[0][0])


def _moved(context: Context, scope: _Scope) -> list[Task]:
    """Issues that moved since the watermark, or in the window where one of the projects was not read yet."""
    state = context.passes.get(scope.project_id, RESOURCE, scope.group)
    covered = all(context.passes.get(project.id, RESOURCE).covers(context.since) for project in scope.projects)
    since = context.since
    if covered and not context.full and state.watermark is not None:
        since = max(since, state.watermark - OVERLAP)
    filters = {"state": "all", "updated_after": _iso(since)}
    then = partial(_moved, context, scope) if state.position else partial(_all_moved, context, scope, covered)
    return [_listing(context, scope, RESOURCE, filters, then).task()]


def _all_moved(context: Context, scope: _Scope, covered: bool) -> list[Task]:
    """Remember it for each project; then (once) those still open that nothing moved since before the window."""
    state = context.passes.get(scope.project_id, RESOURCE, scope.group)
    marks: list[Change] = []
    for project in scope.projects:
        mark = Pass(
            project.id, RESOURCE, "", since=context.since, watermark=state.watermark,
            activity=project.last_activity_at, completed_at=state.completed_at,
        )  # fmt: skip
        context.passes.set(mark)
        marks.append(mark.put())
    context.submit(marks)
    opened = context.passes.get(scope.project_id, STILL_OPEN, scope.group)
    if covered and opened.position is None and opened.covers(context.since) and not context.full:
        return []
    known = context.query(
        "select count(*) from issues where state = 'opened' and project_id in (select unnest($projects::bigint[]))",
        projects=[project.id for project in scope.projects],
    )
    counts = [project.open_issues for project in scope.projects]
    if None not in counts and known[0][0] >= sum(count or 0 for count in counts):
        return []
    filters = {"state": "opened", "updated_before": _iso(context.since)}
    return [_listing(context, scope, STILL_OPEN, filters, list).task()]


def _listing(
    context: Context, scope: _Scope, resource: str, filters: Mapping[str, str], then: Callable[[], Iterable[Task]]
) -> Listing:
    query = {"scope": "all", "order_by": "created_at", "sort": "desc", **filters}
    if scope.group:
        query["non_archived"] = "false"
    found = Listing(
        context,
        stages.ISSUES,
        resource,
        scope.path,
        query,
        partial(_changes, {project.id for project in scope.projects}, scope),
        since=context.since,
        project_id=scope.project_id,
        order=scope.projects[0].order,
        variant=scope.group,
        newest=lambda item: stamps.utc(item.get("updated_at")),
        then=then,
        instead=partial(_one_by_one, context, scope.projects) if scope.group else None,
        optional=frozenset({404}),
    )
    return found.resume() if context.passes.get(scope.project_id, resource, scope.group).position else found


def _changes(wanted: set[int], scope: _Scope, items: Items, answered_at: datetime) -> Sequence[Change]:
    """A group's list also holds the issues of projects that are not ours to show."""
    owned = [(number(item.get("project_id")) or scope.project_id, item) for item in items]
    ours = [(project_id, item) for project_id, item in owned if project_id in wanted]
    met = [user for _, item in ours for user in [item.get("author"), *things(item.get("assignees"))]]
    users = {row["id"]: row for user in met if (row := user_row(user, answered_at.date()))}
    return [
        Upsert(ISSUES, [issue_row(project_id, item) for project_id, item in ours]),
        Upsert(USERS, list(users.values())),
    ]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
