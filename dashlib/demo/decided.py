"""What the invented company has decided about a failure: the bug that came back has its issue again, and somebody."""

from __future__ import annotations

from dashlib.demo.stories import story
from dashlib.failures.decisions import Failure, Issue, assign, link_signature
from dashlib.store import Store

_CAME_BACK = """
select f.project_id, f.job_id, f.signature, f.category, i.iid, i.author_username,
       coalesce(i.assignee_usernames[1], i.author_username) as assignee
from job_failures f
join issues i on i.project_id = f.project_id and i.title like 'NullPointerException%'
where f.path_with_namespace = $path and f.job_name = $job and f.is_nightly and f.signature is not null
order by f.failed_at desc, f.job_id desc, i.iid
limit 1
"""


def decide(store: Store) -> bool:
    """Link the failure of the story ``fix_came_back`` to its issue and give it to whoever has that, as its author did.

    Through the same functions as a person's click, with the same history and way back. False where the failure or the
    issue is not stored.
    """
    told = story("fix_came_back")
    with store.reader() as reader:
        found = reader.execute(_CAME_BACK, {"path": told.projects[0], "job": told.job}).fetchone()
    if found is None:
        return False
    project, job, signature, category, iid, author, assignee = found
    failure = Failure(project, job, signature, category)
    link_signature(store, author, failure, Issue(project, iid))
    assign(store, author, [failure], assignee)
    return True
