"""Webhook deliveries: what came, what became of it, what waits or failed, and how many were lost."""

from __future__ import annotations

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

SUMS = """
select coalesce(sum(deliveries), 0) as deliveries, coalesce(sum(shaped), 0) as shaped,
       coalesce(sum(failed), 0) as failed, coalesce(sum(waiting), 0) as waiting,
       coalesce(sum(kept + ignored), 0) as unused, coalesce(sum(bytes), 0) as bytes,
       max(last_received_at) as last_received_at, min(first_received_at) as first_received_at
from delivery_sources
"""

SOURCES = "select source, deliveries, failed, waiting, last_received_at from delivery_sources order by source"

KINDS = """
select source, kind, count(*) as deliveries,
       count(*) filter (status = 'shaped') as shaped,
       count(*) filter (status = 'failed') as failed,
       count(*) filter (status = 'received') as waiting,
       count(*) filter (status in ('kept', 'ignored')) as unused,
       concat_ws(', ', case when bool_or(status = 'kept') then 'nothing in it, or no table for it' end,
                 case when bool_or(status = 'ignored') then 'repository not chosen' end) as why_unused,
       sum(bytes) as bytes, team_time(max(received_at)) as last_received
from deliveries group by source, kind
order by source, deliveries desc, kind
"""

FAILED = """
select d.id, team_time(d.received_at) as received, d.source, d.kind, d.error,
       coalesce(p.path_with_namespace, d.project_id::varchar) as path_with_namespace, d.bytes,
       coalesce(d.rows, 0) as rows
from deliveries d left join projects p on p.id = d.project_id
where d.status = 'failed'
order by d.id desc limit 100
"""

WAITING = """
select source, kind, count(*) as deliveries, team_time(min(received_at)) as since
from deliveries
where status = 'received' and received_at < now() at time zone 'UTC' - interval 2 seconds
group by source, kind order by since
"""

LATE = """
select count(*) as deliveries, epoch(now() at time zone 'UTC' - min(received_at)) as seconds
from deliveries
where status = 'received' and received_at < now() at time zone 'UTC' - interval 2 seconds
"""

LEDGER = """
select coalesce(path_with_namespace, project_id::varchar) as path_with_namespace, kind, things, lost, lost_share,
       unread, round(delay_p50, 1) as delay_p50, round(delay_p95, 1) as delay_p95, team_time(since) as since,
       coalesce(strftime(team_time(last_hook_at), '%Y-%m-%d %H:%M'), 'never') as last_hook
from delivery_ledger
order by lost desc nulls last, things desc, path_with_namespace, kind
"""

LEDGER_SUMS = """
with compared as (
    select * from delivery_ledger where last_hook_at is not null and lost is not null
)
select (select coalesce(sum(things), 0) from compared) as things,
       (select coalesce(sum(lost), 0) from compared) as lost,
       (select sum(lost) / nullif(sum(by_both + lost), 0) from compared) as lost_share,
       (select count(distinct project_id) from delivery_ledger where last_hook_at is null) as silent,
       quantile_cont(delay_seconds, 0.5) as delay_p50, quantile_cont(delay_seconds, 0.95) as delay_p95
from told_by where own_hook
"""

ON_DISK = """
select 262144 * count(distinct block) as bytes
from (
    select unnest(list_append(additional_block_ids, block_id)) as block from pragma_storage_info('deliveries')
)
where block >= 0
"""


def sums(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: deliveries, shaped, failed, waiting, unused (kept or ignored), bytes as they came, first and last
    arrival (UTC)."""
    return ask(connection, SUMS, filters)


def sources(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per source that ever posted: source, deliveries, failed, waiting, last_received_at (UTC)."""
    return ask(connection, SOURCES, filters)


def kinds(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per source and kind of delivery: what became of them (why_unused is empty where all are used),
    bytes, the last arrival (the team's clock)."""
    return ask(connection, KINDS, filters)


def failed(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per delivery of which not all became rows, with its error and the rows that were made; the newest hundred
    (the team's clock)."""
    return ask(connection, FAILED, filters)


def waiting(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per source and kind of deliveries stored for longer than two seconds whose rows are not made yet."""
    return ask(connection, WAITING, filters)


def late(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: how many deliveries have waited for longer than two seconds, and how long the oldest of them has."""
    return ask(connection, LATE, filters)


def ledger(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per repository and kind of thing of view delivery_ledger, the most lost first.

    Delays are in seconds, rounded to tenths; lost, lost_share and unread are empty where the API does not tell of such
    things; last_hook is a moment of the team's clock as text, or "never".
    """
    return ask(connection, LEDGER, filters)


def ledger_sums(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row, of repositories that ever sent the kind: things that webhooks or the API told of, lost ones, lost_share.

    delay_p50 and delay_p95 in seconds; silent are the repositories in which a kind never came that others send.
    """
    return ask(connection, LEDGER_SUMS, filters)


def on_disk(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: bytes of the database's blocks (256 KiB each) that hold deliveries; small tables share blocks.

    Long bodies lie in blocks of their own, beside those of their column.
    """
    return ask(connection, ON_DISK, filters)
