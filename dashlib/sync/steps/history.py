"""What people did: events and commits where there was activity, and members daily."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from dashlib.model import Change, Replace, Upsert
from dashlib.sources.gitlab import stamps
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.projects import members, user_row
from dashlib.sources.tables import COMMITS, MEMBERS, USERS
from dashlib.sync import plan
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Items, Listing, Whole
from dashlib.sync.loop import Task
from dashlib.sync.steps import chase, default_tip, events, mailmap, stages

COMMITS_RESOURCE = "commits"
MEMBERS_RESOURCE = "members"
_COMMIT_OVERLAP = timedelta(days=1)


def first(context: Context, project: Project) -> list[Task]:
    """The first tasks of a project's history."""
    return _members(context, project) + _activity(context, project)


def _activity(context: Context, project: Project) -> list[Task]:
    """Events first where activity is only suspected: they tell whether commits are worth a call."""
    wanted = "yes" if context.full else _wanted(context, project)
    if wanted == "no":
        return mailmap.first(context, project)
    if wanted == "perhaps":
        newest = _newest_event(context, project)
        return events.of_project(context, project, partial(_if_something_happened, context, project, newest))
    commits = default_tip.first(context, project, partial(_behind_the_tip, context, project))
    return events.of_project(context, project, partial(chase.first, context, project)) + commits


def _wanted(context: Context, project: Project) -> str:
    """``yes`` as long as one of the lists has not been read over the whole window."""
    passes = [context.passes.get(project.id, resource, variant) for resource, variant in _lists(context, project)]
    if not passes:
        return "no"
    if any(one.position is not None or not one.covers(context.since) for one in passes):
        return "yes"
    seen = None if any(one.activity is None for one in passes) else min(one.activity for one in passes if one.activity)
    return plan.wants_history(passes[0].completed_at, seen, project.last_activity_at)


def _lists(context: Context, project: Project) -> list[tuple[str, str]]:
    """The lists that follow activity; the first one is read whenever activity is suspected."""
    found = [(events.RESOURCE, query.variant) for query in context.settings.events if query.scope == "project"]
    if project.default_branch:
        found += [(COMMITS_RESOURCE, ""), (default_tip.RESOURCE, "")]
    return found


def _newest_event(context: Context, project: Project) -> datetime | None:
    found = context.query("select max(created_at) from events where project_id = $project", project=project.id)
    newest: datetime | None = found[0][0]
    return newest


def _if_something_happened(context: Context, project: Project, before: datetime | None) -> Iterable[Task]:
    if _newest_event(context, project) == before:
        return mailmap.first(context, project)
    commits = default_tip.first(context, project, partial(_behind_the_tip, context, project))
    return [*chase.first(context, project), *commits]


def _behind_the_tip(context: Context, project: Project) -> list[Task]:
    """What is asked once the default branch's newest commit is stored."""
    return [*_commits(context, project), *mailmap.first(context, project)]


def _commits(context: Context, project: Project) -> list[Task]:
    """Commits of all branches with their stats, by committer date; an empty repository has none."""
    if not project.default_branch:
        return []
    state = context.passes.get(project.id, COMMITS_RESOURCE)
    covered = state.covers(context.since) and not context.full and state.watermark is not None
    start = max(context.since, state.watermark - _COMMIT_OVERLAP) if covered and state.watermark else context.since
    listing = Listing(
        context, stages.COMMITS, COMMITS_RESOURCE, f"/projects/{project.id}/repository/commits",
        {"all": "true", "with_stats": "true", "since": start.strftime("%Y-%m-%dT%H:%M:%SZ")},
        partial(commit_changes, context, project), context.since,
        project_id=project.id, order=project.order, newest=_committed, activity=project.last_activity_at,
        optional=frozenset({404}),
    )  # fmt: skip
    if state.position:
        listing.resume().then = partial(_commits, context, project)
    elif state.covers(context.since):
        listing.then = partial(chase.parents, context, project)
    return [listing.task()]


def commit_changes(context: Context, project: Project, items: Items, _: datetime) -> Sequence[Change]:
    """A page of commits as rows, those of the window."""
    rows = [commit_row(project.id, item) for item in items]
    return [Upsert(COMMITS, [r for r in rows if r["committed_at"] is None or r["committed_at"] >= context.since])]


def _committed(item: object) -> datetime | None:
    return stamps.utc(item.get("committed_date")) if isinstance(item, dict) else None


def _members(context: Context, project: Project) -> list[Task]:
    state = context.passes.get(project.id, MEMBERS_RESOURCE)
    if not context.full and not plan.is_due_daily(state.completed_at, context.now):
        return []
    # Versions before 12.4 know only the direct members.
    direct = partial(_read_members, context, project, "members", list)
    return _read_members(context, project, "members/all", direct)


def _read_members(context: Context, project: Project, name: str, instead: Callable[[], Iterable[Task]]) -> list[Task]:
    path, changes = f"/projects/{project.id}/{name}", partial(_member_changes, project)
    whole = Whole(
        context,
        stages.MEMBERS,
        MEMBERS_RESOURCE,
        path,
        params={},
        changes=changes,
        project_id=project.id,
        order=project.order,
        instead=instead,
    )
    return [whole.task()]


def _member_changes(project: Project, items: Items, answered_at: datetime) -> Sequence[Change]:
    users = [row for item in items if (row := user_row(item, answered_at.date()))]
    return [Replace(MEMBERS, {"project_id": project.id}, members(project.id, list(items))), Upsert(USERS, users)]
