"""Issues that carry a failure's mark and that nobody linked yet: made by GitLab's form, or before a crash."""

from __future__ import annotations

from dashlib.failures.decisions import Failure, Issue, link_signature
from dashlib.store import Store

# One issue for each signature, the oldest; a signature that was ever linked by hand is left alone.
_UNLINKED = """
with marked as (
    select regexp_extract(description, '<!-- dash:(dash[0-9a-f]{12}) -->', 1) as mark, project_id, iid, author_username
    from issues where contains(description, '<!-- dash:dash')
    qualify row_number() over (partition by mark order by created_at, project_id, iid) = 1
), carried as (
    select f.signature, 'dash' || left(md5(f.signature), 12) as mark,
           max({project_id: f.project_id, job_id: f.job_id}) as newest
    from failures f
    where f.signature is not null and exists (select 1 from marked)
    group by f.signature
)
select c.signature, c.newest.project_id, c.newest.job_id, m.project_id, m.iid, m.author_username
from marked m
join carried c on c.mark = m.mark
where not exists (select 1 from link_changes h where h.signature = c.signature and h.table_name = 'link_rules')
order by c.signature
"""


def adopt(store: Store) -> int:
    """Link them to the signature of their failure; gives how many were linked.

    What somebody linked and unlinked stays as they left it.
    """
    with store.reader() as reader:
        found = reader.execute(_UNLINKED).fetchall()
    linked = 0
    for signature, project_id, job_id, issue_project_id, iid, author in found:
        failure = Failure(project_id, job_id, signature)
        linked += bool(link_signature(store, author or "GitLab", failure, Issue(issue_project_id, iid)))
    return linked
