"""What the filter bar offers, and what there is at all."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

GROUPS = """
with parts as (select distinct string_split(namespace, '/') as words from projects where namespace <> '')
select distinct array_to_string(words[1:depth], '/') as path
from (select words, unnest(range(1, len(words) + 1)) as depth from parts)
order by path
"""

PROJECTS = """
select path_with_namespace as path, bool_and(deleted_at is not null) as is_gone
from projects where path_with_namespace is not null
group by path_with_namespace
order by path
"""

PERSONS = """
select id, label, is_bot from persons order by is_bot, lower(label), id
"""

HELD = """
select (select count(*) from projects) as projects,
       (select count(*) from pipelines) as pipelines,
       (select count(*) from pipelines where source = 'schedule') as nightlies,
       (select count(*) from commits) as commits,
       (select count(*) from events) as events,
       (select team_day(max(committed_at)) from commits) as last_commit_day,
       (select team_day(max(created_at)) from events) as last_event_day
"""

NEWEST_NIGHT = "select max(night) as last_night from nightly_runs"


def groups(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per group and subgroup that holds repositories: path."""
    return ask(connection, GROUPS, filters)


def projects(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per repository: path (with its namespace), is_gone (GitLab told that it was deleted)."""
    return ask(connection, PROJECTS, filters)


def persons(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per person, robots last: id, label, is_bot."""
    return ask(connection, PERSONS, filters)


def held(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: how many projects, pipelines, nightlies, commits and events there are.

    Columns last_commit_day and last_event_day are the team's days. Every page asks it: it must be cheap.
    """
    return ask(connection, HELD, filters)


def newest_night(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: last_night, the newest night on which anything ran. Works out every night: half a second."""
    return ask(connection, NEWEST_NIGHT, filters)


MEANINGS = """
select view_name as name, comment from duckdb_views()
where not internal and comment is not null and list_contains($names::varchar[], view_name)
order by name
"""


def meanings(connection: duckdb.DuckDBPyConnection, filters: Filters, names: tuple[str, ...]) -> pd.DataFrame:
    """One row per named view: name, and comment, which says its grain and what its words mean."""
    return ask(connection, MEANINGS, filters, names=list(names))
