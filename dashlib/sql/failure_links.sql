-- One row per failed job that has an issue or a person: by hand, by a rule (see link_rules), or by its signature.
-- issue: the one it was attached to by hand; else that of the first rule that matches, rules for one signature before
-- others, older before newer. linked_by: hand, rule, or null without an issue. Title, state and closing are GitLab's
-- (table issues), null where GitLab has not been asked for that issue yet.
-- assignee: whom somebody gave this job, else its signature, else the rule's, else the first of the issue's on GitLab;
-- whom GitLab names since somebody gave it away here comes before (see assignments). assigned_by: job, signature, rule,
-- issue.
with ruled as (
    select m.project_id, m.job_id,
           arg_min(
               {rule_id: r.id, project_id: r.issue_project_id, iid: r.issue_iid},
               (r.signature is null, r.created_at, r.id)
           ) filter (r.issue_iid is not null) as issue,
           arg_min(r.assignee, (r.signature is null, r.created_at, r.id)) filter (r.assignee is not null) as assignee
    from rule_matches m
    join link_rules r on r.id = m.rule_id
    group by m.project_id, m.job_id
), merged as materialized (
    select signature, head from merged_signatures
), given as (
    select f.project_id, f.job_id,
           {assignee: s.assignee, project_id: s.issue_project_id, iid: s.issue_iid, has: s.issue_has} as person
    from assignments s
    join merged m on m.signature = s.subject
    join merged o on o.head = m.head
    join failures f on f.signature = o.signature
    where s.scope = 'signature'
    union
    select f.project_id, f.job_id,
           {assignee: s.assignee, project_id: s.issue_project_id, iid: s.issue_iid, has: s.issue_has}
    from assignments s join failures f on f.signature = s.subject
    where s.scope = 'signature'
), by_signature as (
    select project_id, job_id, min(person) as person from given group by project_id, job_id
), by_job as (
    select split_part(subject, '-', 1)::bigint as project_id, split_part(subject, '-', 2)::bigint as job_id,
           {assignee: assignee, project_id: issue_project_id, iid: issue_iid, has: issue_has} as person
    from assignments where scope = 'job'
), linked as (
    select project_id, job_id from attachments
    union select project_id, job_id from ruled
    union select project_id, job_id from by_signature
    union select project_id, job_id from by_job
), chosen_issue as (
    select k.project_id, k.job_id,
           case when a.job_id is not null then a.issue_project_id else r.issue.project_id end as issue_project_id,
           case when a.job_id is not null then a.issue_iid else r.issue.iid end as issue_iid,
           case when a.issue_iid is not null then 'hand' when a.job_id is null and r.issue.iid is not null then 'rule' end
               as linked_by,
           case when a.job_id is null then r.issue.rule_id end as rule_id,
           coalesce(j.person, s.person) as given, if(j.person is not null, 'job', 'signature') as given_by,
           r.assignee as of_rule
    from linked k
    left join attachments a on a.project_id = k.project_id and a.job_id = k.job_id
    left join ruled r on r.project_id = k.project_id and r.job_id = k.job_id
    left join by_signature s on s.project_id = k.project_id and s.job_id = k.job_id
    left join by_job j on j.project_id = k.project_id and j.job_id = k.job_id
), known as (
    select c.*, i.title, i.state, i.closed_at,
           coalesce(web_link(i.web_url), web_link(p.web_url) || '/-/issues/' || c.issue_iid) as issue_url,
           i.assignee_usernames[1] as of_issue,
           coalesce(
               i.iid is not null and c.given.project_id = c.issue_project_id and c.given.iid = c.issue_iid
               and c.given.has is distinct from i.assignee_usernames[1],
               false
           ) as given_away_since
    from chosen_issue c
    left join issues i on i.project_id = c.issue_project_id and i.iid = c.issue_iid
    left join projects p on p.id = c.issue_project_id
)
select project_id, job_id, linked_by, rule_id, issue_project_id, issue_iid,
       title as issue_title, state as issue_state, closed_at as issue_closed_at, issue_url,
       case when given_away_since then of_issue when given is not null then given.assignee
            else coalesce(of_rule, of_issue) end as assignee,
       case when given_away_since then if(of_issue is not null, 'issue', null)
            when given is not null then if(given.assignee is not null, given_by, null)
            when of_rule is not null then 'rule' when of_issue is not null then 'issue' end as assigned_by
from known
