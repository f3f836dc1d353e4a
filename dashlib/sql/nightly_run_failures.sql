-- One row per run of a nightly in which a job failed (nightly_runs), child pipelines' jobs folded in: the failed job to
-- look at first. That is one that is not allowed to fail, of these one that failed newly on its night, of these the
-- first. What somebody started beside the nightly is here, too.
-- category, reason, issue and assignee are those of job_failures, failure is the key of the failure's page.
select
    j.project_id, j.run_id as pipeline_id, j.job_id, j.job_name, j.allow_failure,
    f.category, coalesce(f.reason, f.failure_reason) as reason, f.signature_id,
    f.issue_title, f.issue_state, f.issue_url, f.assignee, f.job_web_url,
    j.project_id || '-' || j.job_id as failure
from nightly_jobs j
left join job_failures f on f.project_id = j.project_id and f.job_id = j.job_id
left join nightly_job_nights n on n.project_id = j.project_id and n.job_id = j.job_id
where j.is_failed and j.has_verdict
qualify row_number() over (
    partition by j.project_id, j.run_id order by j.allow_failure, n.is_new is distinct from true, j.job_id
) = 1
