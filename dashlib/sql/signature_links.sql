-- One row per signature with an issue or a person: the issue that most of its failures are linked to (see failure_links),
-- and the person who has most of them.
with linked as (
    select coalesce(m.head, f.signature) as signature, l.*
    from failure_links l
    join failures f on f.project_id = l.project_id and f.job_id = l.job_id
    left join merged_signatures m on m.signature = f.signature
    where f.signature is not null
), issues_of as (
    select distinct on (signature) *
    from (
        select signature, issue_project_id, issue_iid, count(*) as failures, any_value(issue_title) as issue_title,
               any_value(issue_state) as issue_state, any_value(issue_url) as issue_url,
               any_value(issue_closed_at) as issue_closed_at
        from linked where issue_iid is not null
        group by signature, issue_project_id, issue_iid
    )
    order by signature, failures desc, issue_project_id, issue_iid
), persons_of as (
    select distinct on (signature) *
    from (select signature, assignee, count(*) as failures from linked where assignee is not null group by all)
    order by signature, failures desc, assignee
)
select coalesce(i.signature, p.signature) as signature, i.issue_project_id, i.issue_iid, i.issue_title, i.issue_state,
       i.issue_url, i.issue_closed_at, p.assignee
from issues_of i
full join persons_of p on p.signature = i.signature
