"""What was decided about failures: the history, the rules at work, and the people and issues to choose from."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

# An action on a signature concerns every failure of it; one on a job without a signature that job alone. A failure goes
# by the name of one of the signatures it was merged with: what was decided about the others, and the merge, is its too.
HISTORY = """
with names as (
    select $signature::varchar as name
    union
    select m.signature from merged_signatures m
    where m.head = (select o.head from merged_signatures o where o.signature = $signature)
)
select action, min(done_at) as done_at_utc, team_time(min(done_at)) as done, any_value(done_by) as done_by,
       any_value(says) as says, count(*) as rows, any_value(undoes) as undoes,
       exists (select 1 from link_changes u where u.undoes = c.action) as is_undone
from link_changes c
where c.signature in (select name from names) or (c.project_id = $project and c.job_id = $job)
   or (c.table_name = 'signature_merges' and (
       json_extract_string(c.row_key, '$.signature') in (select name from names)
       or json_extract_string(c.row_key, '$.other') in (select name from names)
   ))
group by action
order by done_at_utc desc, action
limit $rows
"""

# Whoever had it before the last time it ran, too: one row of nights on which it did not run is one subject.
CLAIMS = """
select action, min(done_at) as done_at_utc, team_time(min(done_at)) as done, any_value(done_by) as done_by,
       any_value(says) as says, count(*) as rows, any_value(undoes) as undoes,
       exists (select 1 from link_changes u where u.undoes = c.action) as is_undone
from link_changes c
where project_id = $project and table_name = 'assignments' and json_extract_string(row_key, '$.scope') = 'nightly'
  and starts_with(json_extract_string(row_key, '$.subject'), $project || '-' || $schedule || '-')
group by action
order by done_at_utc desc, action
limit $rows
"""

RULES = """
select r.id, r.pattern, r.kind, r.signature, r.category, r.project_glob, r.job_glob, r.issue_project_id, r.issue_iid,
       r.assignee, r.created_by, team_time(r.created_at) as created,
       (select count(*) from rule_matches n where n.rule_id = r.id) as failures
from link_rules r
join rule_matches m on m.rule_id = r.id
where m.project_id = $project and m.job_id = $job
order by r.signature is null, r.created_at, r.id
"""

PEOPLE = """
with members_here as (
    select username, name from members where project_id = $project and coalesce(state, 'active') = 'active'
), known as (
    select username, name, 0 as place from members_here
    union all
    select username, name, 1 from users where coalesce(state, 'active') = 'active' and bot is not true
)
select username, coalesce(any_value(name), username) as name, min(place) as place
from known where username is not null
group by username
order by place, lower(any_value(name)), username
"""

PROJECTS = """
select id, path_with_namespace as path, web_link(web_url) as web_url from projects
where source = 'gitlab' and not coalesce(archived, false) and deleted_at is null and coalesce(issues_enabled, true)
order by id = $project desc, path
"""

ISSUE_AT = """
select p.id as project_id from projects p where lower(p.path_with_namespace) = lower($path)
"""

ISSUE = """
select coalesce(p.path_with_namespace, 'project ' || $project) as path, i.title, i.state,
       coalesce(web_link(i.web_url), web_link(p.web_url) || '/-/issues/' || $iid) as url
from (select 1)
left join projects p on p.id = $project
left join issues i on i.project_id = $project and i.iid = $iid
"""

JUDGED = """
select m.signature, m.other, m.verdict, m.created_by, team_time(m.created_at) as done,
       (
           select arg_max(c.action, (c.undoes is null, c.done_at, c.action)) from link_changes c
           where c.table_name = 'signature_merges'
             and json_extract_string(c.row_key, '$.signature') = m.signature
             and json_extract_string(c.row_key, '$.other') = m.other
             and json_extract_string(c.after, '$.verdict') = m.verdict
             and json_extract_string(c.after, '$.created_at')::timestamp = m.created_at
             and not exists (select 1 from link_changes u where u.undoes = c.action)
       ) as action
from signature_merges m
order by m.created_at desc, m.signature, m.other
limit 200
"""


def history(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    signature: str | None,
    project: int,
    job: int,
    rows: int = 30,
) -> pd.DataFrame:
    """One row per action on this failure or its signature, newest first.

    Columns: action (its id), done_at_utc, done (the team's wall clock), done_by, says, rows (how many rows it changed),
    undoes (an action's id or null), is_undone.
    """
    return ask(connection, HISTORY, filters, signature=signature, project=project, job=job, rows=rows)


def claims(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, schedule: int, rows: int = 10
) -> pd.DataFrame:
    """One row per action by which somebody got a nightly that does not run, or was let off it; newest first.

    Columns as of ``history``.
    """
    return ask(connection, CLAIMS, filters, project=project, schedule=schedule, rows=rows)


def rules(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int) -> pd.DataFrame:
    """One row per rule that matches this failed job, the one that links it first; failures counts all its matches."""
    return ask(connection, RULES, filters, project=project, job=job)


def people(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int) -> pd.DataFrame:
    """One row per active account: username, name, place (0: a member of this project); members first."""
    return ask(connection, PEOPLE, filters, project=project)


def projects(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int) -> pd.DataFrame:
    """One row per repository on GitLab that takes issues, this one first: id, path, web_url."""
    return ask(connection, PROJECTS, filters, project=project)


def project_at(connection: duckdb.DuckDBPyConnection, filters: Filters, *, path: str) -> pd.DataFrame:
    """The repository with this path, case aside: project_id; no row where none is stored."""
    return ask(connection, ISSUE_AT, filters, path=path)


def issue(connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, iid: int) -> pd.DataFrame:
    """One row: path of its repository, title, state and url of an issue, as far as they are known here."""
    return ask(connection, ISSUE, filters, project=project, iid=iid)


def judged(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per judged pair of signatures, newest first: signature, other, verdict, created_by, done (the team's wall
    clock), action (the one by which it stands like that, which can be undone)."""
    return ask(connection, JUDGED, filters)
