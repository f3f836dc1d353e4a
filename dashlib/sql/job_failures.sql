-- One row per failed job: every attempt that failed, on any branch, allowed failures too (marked), trigger jobs too.
-- A trigger job whose downstream pipeline holds a failed job is left out: its failure is theirs.
-- state: explained (a rule spoke on the log; or there is no log, and GitLab's own failure_reason names the category:
-- is_gitlabs_word), unsure (no rule spoke, the lines are a guess), no_rule (there is a log and nothing in it stands out),
-- no_log, not_analysed (no row in failures yet).
-- log says where the log is: stored, incomplete (the runner's last line is missing), missing (GitLab has none), erased,
-- not_read (DASH_LOGS leaves it out, or not yet asked for), none (a trigger job has no log).
-- failed_at is when the job ended. is_nightly: its pipeline takes part in a run of a nightly, whose night is night.
-- GitHub does not say which jobs may fail (continue-on-error): those that failed in a run that passed.
-- attempt counts the attempts of this job in its pipeline from 1; passed_on_retry: a later attempt of it passed.
-- signature is the one that its signature was merged with, where somebody said that they are the same; first_seen_at is
-- when it was first seen anywhere. Issue and person: see failure_links. issue_returned: it failed after its issue closed.
with failed as (
    select j.* from jobs j
    where j.status = 'failed'
      and (
          j.kind is distinct from 'bridge'
          or not exists (
              select 1 from jobs d
              where d.project_id = j.downstream_project_id and d.pipeline_id = j.downstream_pipeline_id
                and d.status = 'failed'
          )
      )
), series as (
    select j.project_id, j.pipeline_id, j.kind, j.name, list(j.id order by j.id) as ids,
           arg_max(j.status, j.id) as last_status
    from jobs j
    where (j.project_id, j.pipeline_id, j.name) in (select (project_id, pipeline_id, name) from failed)
    group by all
), nightly as (
    select distinct on (n.project_id, n.pipeline_id)
           n.project_id, n.pipeline_id, n.run_id, n.trigger_name, r.night, r.schedule_id, r.schedule_description
    from nightly_pipelines n
    join nightly_run_nights r on r.project_id = n.project_id and r.run_id = n.run_id
    order by n.project_id, n.pipeline_id, n.run_id desc
)
select
    j.project_id, p.path_with_namespace, p.namespace, j.id as job_id, j.name as job_name, j.kind, j.stage, j.pipeline_id,
    coalesce(j.ref, b.ref) as ref, coalesce(j.sha, b.sha) as sha, b.source as pipeline_source,
    coalesce(j.allow_failure, false) or coalesce(p.source = 'github' and b.status = 'success', false) as allow_failure,
    j.failure_reason, coalesce(j.finished_at, j.started_at, j.created_at) as failed_at, j.started_at, j.duration,
    j.runner_description, j.username, a.person,
    coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.id) as job_web_url,
    coalesce(web_link(b.web_url), web_link(p.web_url) || '/-/pipelines/' || j.pipeline_id) as pipeline_web_url,
    n.run_id is not null as is_nightly, n.night, n.schedule_id, n.schedule_description, n.run_id, n.trigger_name,
    coalesce(list_position(s.ids, j.id), 1) as attempt, coalesce(len(s.ids), 1) as attempts,
    coalesce(s.last_status = 'success', false) as passed_on_retry,
    coalesce(f.state, 'not_analysed') as state,
    coalesce(f.state = 'explained' and starts_with(f.rule, 'gitlab.'), false) as is_gitlabs_word,
    case
        when t.job_id is not null then if(t.complete, 'stored', 'incomplete')
        when j.kind = 'bridge' then 'none'
        when j.erased_at is not null then 'erased'
        when k.outcome = 'missing' then 'missing'
        else 'not_read'
    end as log,
    coalesce(f.category, 'unknown') as category, f.reason, coalesce(h.head, f.signature) as signature,
    signature_id(coalesce(h.head, f.signature)) as signature_id,
    f.rule, f.rule_line, f.confidence, f.lines, f.rules_version, f.green_job_id, f.in_green_log,
    g.first_seen_at,
    l.issue_project_id, l.issue_iid, l.issue_title, l.issue_state, l.issue_url, l.assignee,
    l.linked_by, l.rule_id as link_rule_id, l.assigned_by, l.issue_closed_at,
    coalesce(l.issue_state = 'closed' and coalesce(j.finished_at, j.started_at, j.created_at) > l.issue_closed_at, false)
        as issue_returned
from failed j
join projects p on p.id = j.project_id
left join pipelines b on b.project_id = j.project_id and b.id = j.pipeline_id
left join series s
    on s.project_id = j.project_id and s.pipeline_id = j.pipeline_id and s.name = j.name
    and s.kind is not distinct from j.kind
left join nightly n on n.project_id = j.project_id and n.pipeline_id = j.pipeline_id
left join failures f on f.project_id = j.project_id and f.job_id = j.id
left join traces t on t.project_id = j.project_id and t.job_id = j.id
left join bookkeeping.asked k
    on k.source = coalesce(p.source, 'gitlab') and k.resource = 'logs' and k.project_id = j.project_id and k.ref = j.id::varchar
left join merged_signatures h on h.signature = f.signature
left join signatures g on g.signature = coalesce(h.head, f.signature)
left join failure_links l on l.project_id = j.project_id and l.job_id = j.id
left join accounts a on a.source = coalesce(p.source, 'gitlab') and a.id = j.user_id
