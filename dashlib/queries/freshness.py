"""How fresh the data is, what it cost to get, and what could not be read."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

SOURCES = "select * from source_freshness order by source"

PROJECTS = """
select source, path_with_namespace, team_time(read_at) as read_at, team_time(touched_at) as touched_at, under_way,
       archived, team_time(deleted_at) as gone_since, problems, message
from project_freshness
order by problems desc, read_at asc nulls first, path_with_namespace
"""

PROBLEMS = """
select b.source, coalesce(p.path_with_namespace, b.project) as path_with_namespace, b.resource, b.message,
       team_time(b.first_at) as first_at, team_time(b.last_at) as last_at
from bookkeeping.problems b left join projects p on p.id = b.project_id
order by b.last_at desc, path_with_namespace, b.resource
"""

LOADS = """
select source, trigger, team_time(started_at) as started_at, team_time(finished_at) as finished_at,
       epoch(finished_at - started_at) as seconds, calls, rows, waited_seconds, errors, error
from loads
order by loads.started_at desc
limit 20
"""

TABLES = "select name, rows, team_time(newest_at) as newest_at from row_counts where rows > 0 order by rows desc, name"


def sources(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per source that was ever loaded; columns of view source_freshness, times in UTC."""
    return ask(connection, SOURCES, filters)


def projects(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per repository a sync has looked at, troubled and stale ones first; times in the team's zone."""
    return ask(connection, PROJECTS, filters)


def problems(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per part of a repository that could not be read the last time; times in the team's zone."""
    return ask(connection, PROBLEMS, filters)


def loads(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per sync, the newest twenty first; times in the team's zone, durations in seconds."""
    return ask(connection, LOADS, filters)


def tables(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per table that holds rows: name, rows, newest_at (team's zone)."""
    return ask(connection, TABLES, filters)
