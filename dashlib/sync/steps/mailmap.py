"""The ``.mailmap`` of each repository's default branch, when that branch has moved.

One call, of a file of some kilobytes: at each move where there is one, once a day where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from dashlib.model import Put
from dashlib.people.tables import MAILMAPS
from dashlib.sync.client import Refused
from dashlib.sync.context import Context, Project
from dashlib.sync.loop import Task
from dashlib.sync.steps import stages

RESOURCE = "mailmap"
LARGEST = 2 * 1024 * 1024
"""Bytes: the largest ones of the world (Linux, LLVM) have a tenth of it."""
_ASK_AGAIN = timedelta(days=1)
_MOVED = """
select t.sha from bookkeeping.default_tips t
left join mailmaps m on m.origin = 'project' and m.project_id = t.project_id
where t.project_id = $project and t.sha is distinct from m.commit_id
  and (m.project_id is null or m.text is not null or m.read_at < $before or $full)
"""


def first(context: Context, project: Project) -> list[Task]:
    """One task per project; it asks nothing where the default branch has not moved."""
    if not project.default_branch:
        return []
    return [Task((stages.MAILMAPS, 0, project.order), RESOURCE, partial(_read, context, project), project.id)]


def _read(context: Context, project: Project) -> list[Task]:
    moved = context.query(_MOVED, project=project.id, before=context.now - _ASK_AGAIN, full=context.full)
    for (sha,) in moved[:1]:
        text = _text(context, project, sha)
        row = {"origin": "project", "project_id": project.id, "name": "", "text": text, "commit_id": sha}
        context.submit([Put(MAILMAPS, [row | {"read_at": context.now}]), *context.succeeded(project.id, RESOURCE)])
    return []


def _text(context: Context, project: Project, sha: str) -> str | None:
    """The file (doc/api/repository_files.md, raw), None where there is none; one too large is no .mailmap."""
    path = f"/projects/{project.id}/repository/files/.mailmap/raw?ref={sha}"
    try:
        body = context.client.stream(RESOURCE, path, _whole)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    # GitLab's API leaves such bytes out of names and addresses, too: so a line in Latin-1 meets whom it is about.
    return None if body is None else str(body, "utf-8", "ignore")


def _whole(chunks: Iterable[bytes]) -> bytes | None:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > LARGEST:
            return None
    return body
