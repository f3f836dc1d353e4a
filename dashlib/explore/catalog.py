"""Which tables and views can be asked, what their rows are, and which columns they have."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

RELATIONS = """
select if(schema_name = 'main', '', schema_name || '.') || name as name, kind, comment
from (
    select schema_name, view_name as name, 'view' as kind, comment from duckdb_views() where not internal
    union all
    select schema_name, table_name, 'table', comment from duckdb_tables() where not internal
)
order by schema_name <> 'main', kind desc, name
"""

COLUMNS = """
select column_name as name, lower(data_type) as type, comment
from duckdb_columns()
where not internal and if(schema_name = 'main', '', schema_name || '.') || table_name = $relation
order by column_index
"""


def relations(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per view and table, views first, the bookkeeping last: name (as it is asked), kind, comment."""
    return ask(connection, RELATIONS, filters)


def columns(connection: duckdb.DuckDBPyConnection, filters: Filters, relation: str) -> pd.DataFrame:
    """One row per column of a table or view, in their order: name, type, comment."""
    return ask(connection, COLUMNS, filters, relation=relation)
