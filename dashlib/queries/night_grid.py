"""The grid of nights: one row per thing a person asked for, one column per night, week or month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.night_cells import GRID, NEW, NEW_REASON
from dashlib.queries.night_rows import GROUPS, HERE, LEVELS, MATCHING, NIGHTS, SCHEDULE, WITHIN
from dashlib.queries.question import ask


@dataclass(frozen=True)
class Narrowed:
    """Which rows the grid has, beside the filter bar; nothing chosen leaves all.

    ``schedules`` are descriptions, ``states`` states of nightly_slots, ``jobs`` names, ``categories`` kinds of reason,
    ``search`` a part of repository, schedule, job, reason, runner or assignee, case aside. ``whose`` are user names: of
    the schedule's owner or of who has the failure. Where rows are jobs or reasons, those themselves are meant, in each
    nightly: a job of a schedule of which another job matches is not shown. ``states``, ``only_new`` and
    ``without_issue`` look at ``night``.
    """

    night: date
    schedules: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    search: str = ""
    only_new: bool = False
    without_issue: bool = False
    whose: tuple[str, ...] = ()


STATES = ("failed", "warned", "missing", "late", "running", "canceled", "passed", "off")
"""The states of a cell; nightly_slots says what they mean."""

ORDERS = {
    "freshest failure": "last_red desc nulls last, streak, reds desc, name, top",
    "longest red": "streak desc nulls last, last_red desc nulls last, name, top",
    "most failures": "failures desc, last_red desc nulls last, name, top",
    "name": "name, top",
    "owner": "owner, name, top",
}
"""How rows are sorted: the word in the widget and the URL, and its SQL."""

GRAINS = {"night": "day", "week": "week", "month": "month"}
"""How long a column is: the word in the widget and the URL, and DuckDB's."""

ROWS = tuple(LEVELS)
"""What a row of the grid is: the word in the widget and the URL."""


def grid(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    narrowed: Narrowed,
    rows: str = "repository",
    group: str = "nothing",
    order: str = "freshest failure",
    grain: str = "night",
    only_red: bool = False,
    top: int | None = None,
    opened: tuple[str, ...] = (),
) -> pd.DataFrame:
    """One row per row of the grid and night, week or month in which it has one, in the order in which they are drawn.

    ``opened`` names the rows (their ``top``) that show what is in them: a repository its schedules and their jobs.
    ``only_red`` leaves out rows without a failed or missing night in the period, ``top`` all but the first so many.

    Columns: level (0 for a row, 1 and 2 for what is in it), group_name, top, middle, part (what tells the row from
    others), name (of the row, for people), label, path, slot (first day), state (the worst), reds (failed nights of
    nightlies in it), failed_jobs, failed_allowed_jobs, first_jobs (of the failed those that failed newly), expected
    (times at which nightlies were to run), of them times_missing and times_late, runs, of them failed_runs, of these
    passed_since (a run passed after it), duration (seconds, the longest), is_new, red_since (of a warned one: since
    when its job fails), missing_since, nights_missing, by_hand, owner; of the worst of it: cause, url, job_names
    (of a warned one its allowed job), reason, category, signature_id, signature, failure (key of the failure's page),
    job_web_url, runner, issue_title, issue_url,
    assignee, schedule, expected_at and missing_from (of what is missing or late, the team's wall clock: when it was to
    run, when a late one becomes missing), is_unread (its repository was not read since, so nobody knows),
    last_pipeline_id, last_pipeline_night, last_pipeline_state and last_pipeline_url (of what is missing or late, the
    schedule's newest run before), extra_state, extra_at and extra_url (of what somebody started beside the run that
    decides, the newest: how it ended, when it began on the team's wall clock, its page); mark (from 1, by how many
    nightlies' nights it struck in the period, where it struck twice: the same failure has the same one however the grid
    is narrowed, arranged and sorted), hits and repositories (of the mark: how many jobs failed of it, allowed ones too,
    each night anew, and in how many repositories; what the filters leave, whatever rows, columns and ``narrowed`` are);
    failures (JSON; of a failed or warned one in which several struck, all of them, the worst's too: mark, is_allowed,
    job_names, reason, signature_id, path, hits, repositories); of the row, in nights up to the framed one, whatever a
    column is: place (1 is the first of its group), nights_red, streak (failed in a row, 0 if its last verdict is
    green), gap (missing in a row, 0 if it ran), first_red_night, reds_30, flips_30 (of the last 30 days), days_to_green
    (mean, from a first red night to the next green one).

    A nightly or a job is new where it failed and did not on its last night before that had a verdict; a reason where it
    strikes and did not on the last night before on which a nightly ended (or never ran) that it ever struck.
    """
    sql = GRID.format(
        matching=MATCHING,
        here=HERE,
        within=WITHIN,
        nights=NIGHTS,
        levels=LEVELS[rows],
        quiet="quiet" if rows == "reason" else "false",
        **(NEW_REASON if rows == "reason" else NEW),
        group=GROUPS[group],
        topic_join="join topics t on t.project_id = l.project_id" if group == "topic" else "",
        order=ORDERS[order],
    )
    return ask(
        connection,
        sql,
        filters,
        **narrowing(narrowed),
        by_job=rows in ("job", "reason"),
        grain=GRAINS[grain],
        only_red=only_red,
        top_rows=top or 2**31,
        opened=list(opened),
    )


def narrowing(chosen: Narrowed) -> dict[str, Any]:
    """The page's own filters as parameters: nothing chosen is null, which filters nothing."""
    return {
        "night": chosen.night,
        "schedules": list(chosen.schedules) or None,
        "states": list(chosen.states) or None,
        "jobs": list(chosen.jobs) or None,
        "categories": list(chosen.categories) or None,
        "search": chosen.search.strip(),
        "only_new": chosen.only_new,
        "without_issue": chosen.without_issue,
        "whose": list(chosen.whose) or None,
    }


SPAN = f"select min(night) as first, max(night) as last from nightly_changes where {HERE} and {WITHIN}"

CHOICES = f"""
select 'schedule' as kind, {SCHEDULE} as word, count(distinct project_id) as n from nightly_changes
where {HERE} group by word
union all
select 'job', job_name, count(*) from nightly_job_nights
where is_failed and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by job_name
union all
select 'category', category, count(*) from nightly_job_nights
where category is not null and within(namespace, $groups) and chosen(path_with_namespace, $projects) group by category
union all
select 'whose', name, count(*) from (
    select owner_username as name from nightly_changes where {HERE}
    union all select assignee from nightly_changes where {HERE} and state in ('missing', 'late')
    union all select assignee from nightly_job_nights
    where is_failed and within(namespace, $groups) and chosen(path_with_namespace, $projects)
) where name is not null group by name
order by kind, n desc, word
"""


def span(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: the first and the last night of the period that any grid of it can have (both null where none can).

    Columns: first, last.
    """
    return ask(connection, SPAN, filters)


def choices(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per word that the grid's own filters offer, the most frequent first.

    Columns: kind (schedule, job, category or whose), word, n.
    """
    return ask(connection, CHOICES, filters)
