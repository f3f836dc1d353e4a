"""What machines said, beside the nightly failures: questions to signal_spans and job_signals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask
from dashlib.store.views import narrowed

BY = {
    "source": "source",
    "kind": "coalesce(kind, '(no kind)')",
    "severity": "level",
    "namespace": "coalesce(namespace, '(no namespace)')",
    "node": "coalesce(host, '(no node)')",
}
"""What the time line is grouped by: the word in the widget and the URL; its key in SQL."""

LEVELS = ("critical", "warning", "info", "not told")
"""The severities of signal_spans, the gravest first."""

SLOTS = 240
"""Signals of one lane that are shorter than this part of the shown time share a mark."""


@dataclass(frozen=True)
class Narrowed:
    """The page's own filters: nothing chosen filters nothing. ``since`` and ``until`` are the zoom, in naive UTC."""

    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def bound(self) -> dict[str, Any]:
        """As parameters of a question."""
        lists = {name: list(getattr(self, name)) or None for name in _LISTS}
        return lists | {"search": self.search, "zoom_from": self.since, "zoom_to": self.until}


_LISTS = ("sources", "kinds", "levels", "statuses", "namespaces", "nodes")
EVERYTHING = Narrowed()

# A signal belongs to a period when any part of its span does: an alert that fires for a week is in each of its days.
_PERIOD = """begins_at is not null
      and ($since::date is null or coalesce(ends_at, 'infinity'::timestamp) >= team_day_start($since::date))
      and ($until::date is null or begins_at < team_day_start($until::date + 1))"""
_HERE = (
    _PERIOD
    + """
      and ($zoom_from::timestamp is null or coalesce(ends_at, 'infinity'::timestamp) >= $zoom_from::timestamp)
      and ($zoom_to::timestamp is null or begins_at <= $zoom_to::timestamp)
      and chosen(source, $sources) and chosen(kind, $kinds) and chosen(level, $levels) and chosen(status, $statuses)
      and chosen(namespace, $namespaces) and chosen(host, $nodes)
      and ($search = '' or contains(
          lower(concat_ws(' ', kind, title, description, cluster, namespace, node, object, labels::varchar)),
          lower($search)))"""
)
# Nightly failures by the filter bar and the zoom; their other filters (source, node …) are none of theirs.
_FAILED = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and not allow_failure
      and ($since::date is null or coalesce(finished_at, started_at) >= team_day_start($since::date))
      and ($until::date is null or coalesce(finished_at, started_at) < team_day_start($until::date + 1))
      and ($zoom_from::timestamp is null or coalesce(finished_at, started_at) >= $zoom_from::timestamp)
      and ($zoom_to::timestamp is null or coalesce(started_at, finished_at) <= $zoom_to::timestamp)"""

WORDS = f"""
with here as (select * from signal_spans where {_PERIOD})
select 'sources' as kind, source as word, count(*) as signals from here group by all
union all select 'kinds', kind, count(*) from here where kind is not null group by all
union all select 'levels', level, count(*) from here group by all
union all select 'statuses', status, count(*) from here where status is not null group by all
union all select 'namespaces', namespace, count(*) from here where namespace is not null group by all
union all select 'nodes', host, count(*) from here where host <> '' group by all
order by kind, signals desc, word
"""

HELD = """
select count(*) as signals, count(*) filter (begins_at is null) as without_time, team_day(max(begins_at)) as last_day
from signal_spans
"""

TOTALS = f"""
select count(*) as signals, count(*) filter (is_firing) as firing, count(*) filter (level = 'critical') as critical,
       count(*) filter (level = 'warning') as warnings, count(distinct host) filter (host <> '') as nodes
from signal_spans
where {_HERE}
"""

# Long ones stand alone, short ones of one lane, severity and slot share a mark.
TIMELINE = """
with here as (
    select {key} as key, level, id, title, begins_at, greatest(begins_at, $shown_from::timestamp) as from_at,
           least(coalesce(ends_at, greatest($now::timestamp, begins_at)), $shown_to::timestamp) as to_at, is_firing
    from signal_spans
    where {here}
), ranked as (
    select key, row_number() over (order by count(*) desc, key) as rank from here group by key
), named as (
    select key, least(rank, $top + 1) as rank,
           if(rank <= $top, key, ((select count(*) from ranked) - $top) || ' others') as series
    from ranked
), placed as (
    select n.series, n.rank, h.*,
           floor(epoch(h.from_at - $shown_from::timestamp) / $slot) as slot,
           if(epoch(h.to_at - h.from_at) > $slot, h.id, '') as alone
    from here h join named n on n.key = h.key
)
select series, rank, level, team_time(min(from_at)) as begins, team_time(max(greatest(from_at, to_at))) as ends,
       count(*) as signals, count(*) filter (is_firing) as firing,
       array_to_string(list(distinct title order by title)[1:3], '; ') as says
from placed
group by series, rank, level, slot, alone
order by rank, level desc, begins, ends, says
"""

LISTING = f"""
select team_time(begins_at) as begins, team_time(ends_at) as ends, epoch(ends_at - begins_at) as seconds, level,
       severity, status, title, kind, description, source, cluster, namespace, host as node, object, count, web_url,
       labels, id
from signal_spans
where {_HERE}
order by begins_at desc, source, id
limit $rows
"""

# Only what lies near counts: in a busy cluster something happens elsewhere in every window. The failures stand inside
# the view: the database does not carry them past its join of times, and pairs every failed job with every signal there.
_OF_WANTED = narrowed("job_signals", "of_jobs", "where (project_id, id) in (select (project_id, job_id) from wanted)")
BESIDE = f"""
with wanted as (
    select *, count(*) over () as whole from nightly_failures where {_FAILED}
    order by coalesce(finished_at, started_at) desc, job_id desc
    limit $rows
), near as (
    select project_id, job_id, count(*) as signals,
           arg_min(title, (nearness, begins_at, source, id)) as title,
           arg_min(closeness || ' ' || matched, (nearness, begins_at, source, id)) as why
    from ({_OF_WANTED})
    where nearness < 5
    group by project_id, job_id
)
select team_time(coalesce(f.finished_at, f.started_at)) as failed, f.path_with_namespace, f.job_name, f.failure_reason,
       coalesce(n.signals, 0)::bigint as signals, n.title, n.why, f.runner_description,
       '/failure?failure=' || f.project_id || '-' || f.job_id as failure_url, f.job_web_url, f.job_id,
       f.whole
from wanted f
left join near n on n.project_id = f.project_id and n.job_id = f.job_id
order by coalesce(f.finished_at, f.started_at) desc, f.job_id desc
"""

AROUND = """
with found as (
    select * from job_signals where project_id = $project and job_id = $job
), picked as (
    select * from found
    order by nearness, list_position(['critical', 'warning', 'not told', 'info'], level), begins_at, source, id
    limit $rows
)
select team_time(begins_at) as begins, team_time(ends_at) as ends, closeness,
       if(nearness < 5, closeness || ' ' || matched, 'at the same time') as why,
       level, status, title, description, source, namespace, host as node, object, count, web_url, id,
       (select count(*) from found) as whole
from picked
order by nearness = 5, begins_at, source, id
"""


def held(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row, whatever the filters: signals, without_time (those that tell none), last_day (the team's)."""
    return ask(connection, HELD, filters)


def words(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per word that can be chosen in the period: kind (a field of Narrowed), word, signals."""
    return ask(connection, WORDS, filters)


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = EVERYTHING) -> pd.DataFrame:
    """One row: signals, firing (alerts that are not resolved), critical, warnings, nodes."""
    return ask(connection, TOTALS, filters, **which.bound())


def timeline(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    by: str,
    shown: tuple[datetime, datetime],
    which: Narrowed = EVERYTHING,
    top: int = 12,
) -> pd.DataFrame:
    """One row per mark of the time line: one long signal, or the short ones of a lane, severity and slot.

    ``shown`` is the time that is drawn, in naive UTC; marks are cut off at its ends. Columns: series (the lane), rank
    (``top + 1``: the others), level, begins, ends (the team's wall clock), signals, firing, says (up to three titles).
    """
    first, last = shown
    # What fires ends now: as a value, so that the SQL shown below the chart gives the chart's rows later, too.
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    drawn = {
        "now": now,
        "shown_from": first,
        "shown_to": last,
        "slot": max((last - first).total_seconds() / SLOTS, 1.0),
    }
    sql = TIMELINE.format(key=BY[by], here=_HERE)
    return ask(connection, sql, filters, **which.bound(), **drawn, top=top)


def listing(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = EVERYTHING, rows: int = 5000
) -> pd.DataFrame:
    """One row per signal, newest first, at most ``rows``.

    Columns: begins, ends (the team's wall clock; no end while it fires), seconds, level, severity (as its sender says),
    status, title, kind, description, source, cluster, namespace, node (as the filter and the lanes name it: in lower
    case, without a port), object, count, web_url, labels (JSON), id.
    """
    return ask(connection, LISTING, filters, **which.bound(), rows=rows)


def beside(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = EVERYTHING, rows: int = 5000
) -> pd.DataFrame:
    """One row per failed job of a nightly, newest first, at most ``rows``, with the signals near it in its window.

    Columns: failed (the team's wall clock), path_with_namespace, job_name, failure_reason, signals (on its runner,
    node, repository or namespace), title and why (of the nearest), runner_description, failure_url, job_web_url,
    job_id, whole (how many there are without the limit).
    """
    return ask(connection, BESIDE, filters, **which.bound(), rows=rows)


def around(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, project: int, job: int, rows: int = 100
) -> pd.DataFrame:
    """One row per signal in the window of a failed job: those near it first, each part in the order of time.

    Of more than ``rows`` the nearest and gravest are given; whole counts all. Columns: begins, ends (the team's wall
    clock), closeness, why, level, status, title, description, source, namespace, node, object, count, web_url, id,
    whole.
    """
    return ask(connection, AROUND, filters, project=project, job=job, rows=rows)
