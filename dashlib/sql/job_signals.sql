-- One row per failed job and signal in its window: from 15 minutes before it started to 15 minutes after it finished.
-- A signal is in the window when any part of its span is (signal_spans); an alert that still fires reaches up to now.
-- closeness says how the two belong together, the closest that fits; matched is the word that both name:
-- job (a label tells the job's number, or the signal is about the container or pod that the log says it ran in),
-- runner (its name, or the runner manager's pod that the log names), node (the log names it, as its own or its runner
-- manager's host, or its name stands in the runner's, as hall-1 in hall-1-runner-4), repository (a label is its path or
-- address), namespace (the Kubernetes namespace that the log names, or the repository's own: its name, or its name,
-- number and environment), elsewhere. nearness is their order, 0 the closest.
with of_jobs as (
    select * from jobs
), heads as (
    select project_id, job_id,
           regexp_extract(
               log_text(left(text, 6000)), 'Running on (\S+)(?: on node (\S+))? via (\S+?)\.\.\.',
               ['container', 'node', 'manager']
           ) as ran,
           regexp_extract(log_text(left(text, 6000)), 'Using Kubernetes namespace: ([A-Za-z0-9-]+)', 1) as k8s_namespace
    from traces
    where (project_id, job_id) in (select (project_id, id) from of_jobs where status = 'failed')
), failed as (
    select
        j.project_id, j.id as job_id, j.name as job_name, p.path_with_namespace,
        coalesce(j.started_at, j.finished_at, j.created_at) - interval 15 minute as window_from,
        coalesce(j.finished_at, j.started_at, j.created_at) + interval 15 minute as window_to,
        lower(p.path_with_namespace) as path, lower(p.web_url) as url,
        regexp_replace(lower(split_part(p.path_with_namespace, '/', -1)), '[^a-z0-9]+', '-', 'g') as slug,
        lower(j.runner_description) as runner,
        '-' || regexp_replace(lower(j.runner_description), '[^a-z0-9]+', '-', 'g') || '-' as runner_words,
        lower(nullif(h.ran['container'], '')) as container, lower(nullif(h.ran['node'], '')) as log_node,
        lower(nullif(h.ran['manager'], '')) as manager, lower(nullif(h.k8s_namespace, '')) as k8s_namespace
    from of_jobs j
    left join projects p on p.id = j.project_id
    left join heads h on h.project_id = j.project_id and h.job_id = j.id
    where j.status = 'failed'
), paired as (
    select f.*, s.*, split_part(s.host, '.', 1) as short_host
    from failed f
    join signal_spans s on s.begins_at <= f.window_to and coalesce(s.ends_at, 'infinity'::timestamp) >= f.window_from
), judged as (
    select *,
        case
            when job_named = job_id::varchar or list_contains(names, container) then 0
            when list_contains(names, runner) then 1
            when manager in (host, short_host) or list_contains(names, log_node) then 2
            when list_contains(names, manager) then 1
            when length(short_host) >= 4 and not regexp_matches(host, '^[\d.:]+$')
                and contains(runner_words, '-' || regexp_replace(short_host, '[^a-z0-9]+', '-', 'g') || '-') then 2
            when list_contains(names, path) or list_contains(names, url) then 3
            when lower(namespace) = k8s_namespace or lower(namespace) = slug
                or starts_with(lower(namespace), slug || '-' || project_id || '-')
                or lower(namespace) = slug || '-' || project_id then 4
            else 5
        end as nearness
    from paired
)
select
    project_id, job_id, job_name, path_with_namespace, window_from, window_to,
    source, id, kind, severity, level, status, is_firing, begins_at, ends_at, title, description, cluster, namespace,
    node, host, object, count, web_url, nearness,
    ['job', 'runner', 'node', 'repository', 'namespace', 'elsewhere'][nearness + 1] as closeness,
    case nearness
        when 0 then if(coalesce(job_named = job_id::varchar, false), job_named, container)
        when 1 then if(list_contains(names, runner), runner, manager)
        when 2 then coalesce(if(list_contains(names, log_node), log_node, null), short_host)
        when 3 then path_with_namespace
        when 4 then namespace
    end as matched
from judged
