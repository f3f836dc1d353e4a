"""The same failure wherever it struck: signatures, what is new, and which are nearly the same. Questions to
job_failures and failure_signatures."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.failures.difference import what_differs, where_apart
from dashlib.model import Filters
from dashlib.queries.failures import ALL, HERE, Narrowed
from dashlib.queries.question import ask

SIGNATURES = f"""
with here as materialized (
    select *, team_day(failed_at) as day from job_failures
    where {HERE}
      and signature is not null
), days as (
    select generate_series(
        coalesce($since::date, (select min(day) from here))::timestamp,
        coalesce($until::date, (select max(day) from here))::timestamp, interval 1 day
    ) as days
)
select any_value(signature_id) as signature_id, signature,
       newly_seen(any_value(first_seen_at), days := $new_days) as is_new,
       if(newly_seen(any_value(first_seen_at), days := $new_days), 'new', null) as news,
       arg_max(category, (failed_at, job_id)) as category, arg_max(reason, (failed_at, job_id)) as reason,
       if(arg_max(state, (failed_at, job_id)) = 'explained', 'rule', 'guess') as told_by,
       count(*) as failures,
       list_transform(any_value(d.days), lambda day: coalesce(histogram(day)[day::date], 0)) as spread,
       count(distinct night) as nights, count(distinct project_id) as repositories,
       count(distinct (project_id, job_name)) as jobs,
       count(*) filter (passed_on_retry) as passed_on_retry,
       team_time(max(failed_at)) as last_seen, team_time(any_value(first_seen_at)) as first_seen,
       arg_min(path_with_namespace, (failed_at, job_id)) as first_here,
       any_value(issue_iid) as issue_iid, any_value(issue_title) as issue_title, any_value(issue_state) as issue_state,
       web_link(any_value(issue_url)) as issue_url, any_value(assignee) as assignee,
       bool_or(issue_returned) as issue_returned, if(bool_or(issue_returned), 'again', null) as returned,
       '/failure?failure=' || arg_max(project_id || '-' || job_id, (failed_at, job_id)) as failure_url
from here cross join days d
group by signature
order by is_new desc, failures desc, last_seen desc, signature
limit $rows
"""

MERGE = f"""
with here as (
    select signature, any_value(signature_id) as signature_id, count(*) as failures, max(failed_at) as last_seen_at,
           arg_max(reason, (failed_at, job_id)) as reason, count(distinct project_id) as repositories
    from job_failures
    where {HERE}
      and signature is not null
    group by signature
)
select s.similarity, s.category, a.reason as reason, b.reason as other_reason, a.failures, b.failures as other_failures,
       team_time(greatest(a.last_seen_at, b.last_seen_at)) as last_seen, s.signature, s.other,
       a.signature_id, b.signature_id as other_id
from similar_signatures s
join here a on a.signature = s.signature
join here b on b.signature = s.other
anti join signature_merges m on m.signature = s.signature and m.other = s.other
order by s.similarity desc, least(a.failures, b.failures) desc, s.signature, s.other
limit $rows
"""

ONE_SIGNATURE = """
select * exclude (first_seen_at, last_seen_at),
       team_time(first_seen_at) as first_seen, team_time(last_seen_at) as last_seen,
       team_time(issue_closed_at) as issue_closed,
       '/failure?failure=' || first_project_id || '-' || first_job_id as first_failure_url,
       '/failure?failure=' || last_project_id || '-' || last_job_id as last_failure_url
from failure_signatures
where signature_id = $signature
"""


def signatures(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = ALL, rows: int = 2000
) -> pd.DataFrame:
    """One row per signature with failures here: new ones first, then the most frequent.

    Columns: signature_id, signature, is_new, news ("new" or null), category, reason (of the newest),
    told_by (rule or guess), failures,
    spread (failures of each day of the period, a list), nights, repositories, jobs, passed_on_retry, last_seen,
    first_seen (ever; the team's wall clock), first_here (the repository it struck first in the period),
    issue_iid, issue_title, issue_state, issue_url, assignee, issue_returned (it failed after its issue was closed),
    returned ("again" or null),
    failure_url (of the newest failure).
    """
    return ask(connection, SIGNATURES, filters, rows=rows, **which.values())


def merge_proposals(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = ALL, rows: int = 300
) -> pd.DataFrame:
    """One row per pair of nearly equal signatures that both occur here and nobody has judged, the most alike first.

    Columns: similarity (0.9..1), category, reason, other_reason, failures, other_failures, last_seen, signature, other,
    signature_id, other_id; one_told and other_told, the two without the beginning that they share; differ_told, what
    stands in one where the other has something else.
    """
    found = ask(connection, MERGE, filters, rows=rows, **which.values())
    told = [where_apart(one, other) for one, other in zip(found["signature"], found["other"], strict=True)]
    found["one_told"], found["other_told"] = [one for one, _ in told], [other for _, other in told]
    found["differ_told"] = [
        what_differs(one, other) for one, other in zip(found["signature"], found["other"], strict=True)
    ]
    return found


def one_signature(connection: duckdb.DuckDBPyConnection, filters: Filters, *, signature: str) -> pd.DataFrame:
    """The row of failure_signatures with this id, whatever the filters; times are the team's. Empty: not known."""
    return ask(connection, ONE_SIGNATURE, filters, signature=signature)
