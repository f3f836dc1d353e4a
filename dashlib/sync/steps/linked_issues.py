"""Linked issues that no list of this sync can hold: those of projects that are not read, and those never stored."""

from __future__ import annotations

from functools import partial

from dashlib.model import Upsert
from dashlib.sources.gitlab.commits import issue_row
from dashlib.sources.tables import ISSUES
from dashlib.sync.context import Context
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "linked issues"
_AT_ONCE = 50

# An issue of a project that is read is in that project's list whenever it moves: it is asked for only while unknown.
_LINKED = """
with linked as (
    select issue_project_id as project_id, issue_iid as iid from link_rules where issue_iid is not null
    union
    select issue_project_id, issue_iid from attachments where issue_iid is not null
)
select l.project_id, list(l.iid order by l.iid)
from linked l
left join issues i on i.project_id = l.project_id and i.iid = l.iid
where i.iid is null or l.project_id not in (select unnest($projects::bigint[]))
group by l.project_id
order by l.project_id
"""


def first(context: Context) -> list[Task]:
    """One task per project and fifty issues; none where the lists hold them all."""
    if context.only:
        return []
    return [
        Task((stages.ISSUES, 1, project_id), RESOURCE, partial(_read, context, project_id, iids), project_id)
        for project_id, numbers in context.query(_LINKED, projects=list(context.projects))
        for iids in _parts(numbers)
    ]


def _parts(numbers: list[int]) -> list[list[int]]:
    return [numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE)]


def _read(context: Context, project_id: int, iids: list[int]) -> list[Task]:
    query = {"iids[]": [str(iid) for iid in iids], "state": "all", "scope": "all", "per_page": 100}
    page = context.client.page(RESOURCE, f"/projects/{project_id}/issues", query)
    context.submit([Upsert(ISSUES, [issue_row(project_id, item) for item in page.items])])
    return []
