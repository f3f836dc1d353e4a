-- One row per signal, as a span of time: from when to when, how grave it is, and the names it knows things by.
-- An alert that fires has no end (ends_at is null) until it is told to be resolved. What occurred (cloud events,
-- Kubernetes events) lasts from its first to its last sighting. Who tells no time has no begins_at.
-- level is the severity in one of four words: critical (error, fatal, page, high … too), warning, info, or not told.
-- names are the words by which it may be about a job, in lower case: values of labels, node, object and its name, and
-- host (the node without a port), in full and up to its first dot. job_named: the job's number, where a label tells it.
with timed as (
    select *,
           coalesce(started_at, seen_at, ended_at) as begins_at,
           coalesce(ended_at, seen_at, started_at) as last_at,
           lower(regexp_replace(node, '^(\[[^\]]*\]|[^:]*):\d+$', '\1')) as host,
           coalesce(list_transform(json_extract_string(labels, '$.*'), lambda word: lower(word)), []) as words
    from signals
)
select
    source, id, kind, severity, status, coalesce(status = 'firing', false) as is_firing,
    begins_at, if(status is distinct from 'firing', greatest(begins_at, last_at), null) as ends_at,
    case
        when severity is null then 'not told'
        when lower(severity) in (
            'critical', 'crit', 'error', 'err', 'fatal', 'emergency', 'emerg', 'alert', 'page', 'high', 'major',
            'disaster', 'p1', 'sev1'
        ) then 'critical'
        when lower(severity) in (
            'warning', 'warn', 'medium', 'moderate', 'average', 'minor', 'p2', 'p3', 'sev2', 'sev3'
        ) then 'warning'
        else 'info'
    end as level,
    coalesce(title, kind) as title, description, labels, cluster, namespace, node, object, count,
    web_link(web_url) as web_url,
    list_distinct(list_filter(
        words || [
            host, if(regexp_matches(host, '^[\d.:]+$'), host, split_part(host, '.', 1)), lower(object),
            lower(regexp_replace(object, '^[^/]*/', ''))
        ],
        lambda word: word <> ''
    )) as names,
    host,
    coalesce(
        json_extract_string(labels, '$.job_id'), json_extract_string(labels, '$.ci_job_id'),
        json_extract_string(labels, '$."ci-job-id"'), json_extract_string(labels, '$."data.job_id"'),
        json_extract_string(labels, '$."job.runner.gitlab.com/id"')
    ) as job_named
from timed
