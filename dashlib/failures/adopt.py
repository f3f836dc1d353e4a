"""Issues that carry a failure's mark and that nobody linked yet: made by GitLab's form, or before a crash."""

from __future__ import annotations

from collections import defaultdict

from dashlib.failures.decisions import Failure, Issue, attach, link_signature
from dashlib.failures.marks import MARK
from dashlib.store import Store

# One issue for each mark, the oldest of any repository.
_MARKED = f"""
select * from (
    select unnest(list_distinct(regexp_extract_all(description, '{MARK}', 1))) as mark, project_id, iid,
           author_username, created_at
    from issues where contains(description, '<!-- dash:dash') or contains(description, 'Fingerprint: dash')
)
qualify row_number() over (partition by mark order by created_at, project_id, iid) = 1
"""
# A signature that was ever linked by hand is left alone, with those it was merged with.
_UNLINKED = f"""
with marked as materialized ({_MARKED}), heads as materialized (
    select signature, head from merged_signatures
), decided as (
    select distinct coalesce(h.head, c.signature) as head
    from link_changes c left join heads h on h.signature = c.signature
    where c.table_name = 'link_rules' and c.signature is not null
), carried as (
    select f.signature, 'dash' || left(md5(f.signature), 12) as mark,
           max({{project_id: f.project_id, job_id: f.job_id}}) as newest
    from failures f
    where f.signature is not null and exists (select 1 from marked)
    group by f.signature
)
select c.signature, c.newest.project_id, c.newest.job_id, m.project_id, m.iid, m.author_username
from marked m
join carried c on c.mark = m.mark
left join heads h on h.signature = c.signature
where coalesce(h.head, c.signature) not in (select head from decided)
order by c.signature
"""
# Single failed jobs: those without a signature, and those that were picked together.
_UNATTACHED = f"""
with marked as materialized ({_MARKED})
select f.project_id, f.job_id, f.signature, m.project_id, m.iid, m.author_username
from marked m
join failures f on m.mark = 'dash' || left(md5('job ' || f.project_id || ' ' || f.job_id), 12)
where not exists (
    select 1 from link_changes h
    where h.project_id = f.project_id and h.job_id = f.job_id and h.table_name = 'attachments'
)
order by f.project_id, f.job_id
"""
_ANY = """
select count(*) from issues
where contains(description, '<!-- dash:dash') or contains(description, 'Fingerprint: dash')
"""


def adopt(store: Store) -> int:
    """Link them to the signature of their failure, or to the failed jobs they name; gives how many were linked.

    What somebody linked and unlinked stays as they left it.
    """
    with store.reader() as reader:
        if not (reader.execute(_ANY).fetchone() or (0,))[0]:
            return 0
        found = reader.execute(_UNLINKED).fetchall()
        jobs = reader.execute(_UNATTACHED).fetchall()
    linked = 0
    for signature, project_id, job_id, issue_project_id, iid, author in found:
        failure = Failure(project_id, job_id, signature)
        linked += bool(link_signature(store, author or "GitLab", failure, Issue(issue_project_id, iid)))
    of_issue: dict[tuple[Issue, str], list[Failure]] = defaultdict(list)
    for project_id, job_id, signature, issue_project_id, iid, author in jobs:
        of_issue[Issue(issue_project_id, iid), author or "GitLab"].append(Failure(project_id, job_id, signature))
    for (issue, author), failures in of_issue.items():
        linked += bool(attach(store, author, failures, issue))
    return linked
