"""Commits that were pushed long after they were made: a list ``since`` yesterday cannot bring them.

Three witnesses tell of them: a push event whose newest commit is not known, the newest commit of the default branch
where no event told of it, and a new commit whose parent is not known. Each is followed back (``ref_name`` takes a
commit) until a page holds nothing new or the window ends; unknown parents of what is new there are followed again: a
branch that had merged another one may have hundreds of known commits between two of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dashlib.model import Change, Put, Upsert
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.tables import COMMITS
from dashlib.store.bookkeeping import ASKED
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.listing import Listing
from dashlib.sync.loop import Task
from dashlib.sync.passes import SOURCE, Pass
from dashlib.sync.steps import stages

RESOURCE = "commits pushed late"

_PUSHED = """
select distinct e.commit_to from events e
where e.project_id = $project and e.ref_type = 'branch' and e.commit_to is not null and e.created_at > $after
"""
_PARENTS = """
select distinct parent from (
    select unnest(parent_ids) as parent from commits where project_id = $project and committed_at >= $after
)
"""
_TIPS = """
select distinct sha from bookkeeping.default_tips where project_id = $project and read_at > $after
"""
_ASKED = """
select ref from bookkeeping.asked where source = $source and project_id = $project and resource = $resource
"""
_TO_FOLLOW = "to follow"
"""Noted with the commit whose parent it is: a sync that is cut off in between goes on with it the next time."""
_UNKNOWN = "{column} not in (select id from commits where project_id = $project)"
_NEW = f"{_UNKNOWN} and {{column}} not in ({_ASKED} and outcome <> '{_TO_FOLLOW}')"
_LEFT = f"{_ASKED} and outcome = '{_TO_FOLLOW}' and asked_at > $after and {_UNKNOWN.format(column='ref')}"


def first(context: Context, project: Project) -> list[Task]:
    """Follow the newest commits of pushes since the last look; a first sync reads every branch anyway."""
    if not project.default_branch:
        return []
    state = context.passes.get(project.id, RESOURCE)
    newest = context.query("select max(created_at) from events where project_id = $project", project=project.id)[0][0]
    seen = replace(state, watermark=newest or context.since, completed_at=context.now, since=context.since)
    if state.watermark is None:
        context.submit([seen.put()])
        return []
    if _pushed_in_bulk(context, project, state.watermark):
        return [_everything(context, project, seen)]
    shas = [
        sha for (sha,) in _ask(context, project, f"{_PUSHED} and {_NEW.format(column='e.commit_to')}", state.watermark)
    ]
    return [_task(context, project, sha) for sha in shas] + [
        Task((stages.CHASE, 1, project.order), RESOURCE, partial(_remember, context, seen), project.id)
    ]


def _pushed_in_bulk(context: Context, project: Project, after: datetime) -> bool:
    """A push of many branches at once is one event that names no commit (``push_event_activities_limit``)."""
    found = context.query(
        "select exists (from events where project_id = $project and ref_count > 0 and push_action <> 'removed' "
        "and created_at > $after)",
        project=project.id,
        after=after,
    )
    return bool(found[0][0])


def _everything(context: Context, project: Project, seen: Pass) -> Task:
    """All branches of the whole window once more."""
    query = {"all": "true", "with_stats": "true", "since": context.since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    listing = Listing(
        context,
        stages.CHASE,
        RESOURCE,
        f"/projects/{project.id}/repository/commits",
        query,
        lambda items, _: [Upsert(COMMITS, [commit_row(project.id, item) for item in items])],
        since=context.since,
        project_id=project.id,
        order=project.order,
        variant="bulk",
        keeps_position=False,
        then=partial(_remember, context, seen),
    )
    return listing.task()


def parents(context: Context, project: Project) -> list[Task]:
    """Follow the unknown parents of recent commits, and the tip of the default branch."""
    state = context.passes.get(project.id, RESOURCE)
    if state.watermark is None:
        return []
    recent = state.watermark - timedelta(days=1)
    shas = [sha for (sha,) in _ask(context, project, f"{_PARENTS} where {_NEW.format(column='parent')}", recent)]
    shas += [sha for (sha,) in _ask(context, project, f"{_TIPS} and {_NEW.format(column='sha')}", context.since)]
    shas += [sha for (sha,) in _ask(context, project, _LEFT, context.since)]
    return [_task(context, project, sha) for sha in dict.fromkeys(shas)]


def _ask(context: Context, project: Project, statement: str, after: datetime) -> list[tuple[Any, ...]]:
    return context.query(statement, project=project.id, after=after, source=SOURCE, resource=RESOURCE)


def _remember(context: Context, seen: Pass) -> list[Task]:
    context.submit([seen.put()])
    return []


def _task(context: Context, project: Project, sha: str) -> Task:
    return Task((stages.CHASE, 0, project.order), RESOURCE, partial(_follow, context, project, sha), project.id)


def _follow(context: Context, project: Project, sha: str) -> list[Task]:
    asked = {"source": SOURCE, "project_id": project.id, "resource": RESOURCE, "ref": sha}
    query: dict[str, Any] | None = {
        "ref_name": sha, "with_stats": "true", "since": context.since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": 100,
    }  # fmt: skip
    outcome, changes, found, before = "followed", list[Change](), dict[str, list[str]](), set[str]()
    while query is not None:
        try:
            page = context.client.page(RESOURCE, f"/projects/{project.id}/repository/commits", query)
        except Refused as refused:
            if refused.status != 404:
                raise
            outcome = "missing"
            break
        rows = [commit_row(project.id, item) for item in page.items]
        known = _known(context, project, [row["id"] for row in rows])
        changes.append(Upsert(COMMITS, rows))
        before |= known
        found |= {row["id"]: row["parent_ids"] for row in rows}
        query = None if len(known) == len(rows) else page.next
    unknown = {parent for one, above in found.items() if one not in before for parent in above or ()} - found.keys()
    further = sorted(_unasked(context, project, unknown))
    told = dict.fromkeys(further, _TO_FOLLOW) | {sha: outcome}
    notes = [asked | {"ref": ref, "outcome": word, "tries": 1, "asked_at": context.now} for ref, word in told.items()]
    context.submit([*changes, Put(ASKED, notes)])
    return [_task(context, project, parent) for parent in further]


def _unasked(context: Context, project: Project, shas: set[str]) -> set[str]:
    """Those that are neither stored nor noted."""
    rows = context.query(
        "select sha from (select unnest($shas::varchar[]) as sha)"
        f" where {_UNKNOWN.format(column='sha')} and sha not in ({_ASKED})",
        shas=sorted(shas),
        project=project.id,
        source=SOURCE,
        resource=RESOURCE,
    )
    return {sha for (sha,) in rows}


def _known(context: Context, project: Project, shas: list[str]) -> set[str]:
    rows = context.query(
        "select id from commits where project_id = $project and id in (select unnest($shas::varchar[]))",
        project=project.id,
        shas=shas,
    )
    return {sha for (sha,) in rows}
