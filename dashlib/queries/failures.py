"""Why jobs fail: how many, over time, by repository, one by one, and what has no reason. Questions to job_failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.question import ask

BY = {
    "category": (
        "case state when 'no_log' then 'no log' when 'not_analysed' then 'not analysed'"
        " when 'no_rule' then 'no rule spoke' else category end"
    ),
    "repository": "path_with_namespace",
    "group": "namespace",
    "job": "job_name",
    "state": "replace(state, '_', ' ')",
}
"""What failures over time are split by: the word in the widget and the URL, and its SQL."""

STATES = ("explained", "unsure", "no_rule", "no_log", "not_analysed")
"""What a failed job's analysis came to; the last three are the kinds of no reason (see the view job_failures)."""


@dataclass(frozen=True)
class Narrowed:
    """What the page leaves of the failed jobs, beside the filter bar.

    ``search`` is any part of reason, signature, category, rule, job, repository or GitLab's reason, case aside;
    ``new_days`` says for how many days a signature counts as new; ``nightly`` leaves jobs of nightlies only, without
    ``allowed`` those that are allowed to fail are left out. No category is every category. ``only_known`` leaves
    signatures that are not new, ``issue`` failures with an issue (True) or without one (False).
    """

    categories: tuple[str, ...] = ()
    search: str = ""
    only_new: bool = False
    new_days: int = 14
    nightly: bool = False
    allowed: bool = False
    only_known: bool = False
    issue: bool | None = None

    def values(self) -> dict[str, Any]:
        """As parameters of the statements."""
        return {
            "categories": list(self.categories) or None,
            "search": self.search.strip(),
            "only_new": self.only_new,
            "new_days": self.new_days,
            "nightly": self.nightly,
            "allowed": self.allowed,
            "only_known": self.only_known,
            "issue": self.issue,
        }


ALL = Narrowed(allowed=True)

_FILTERED = """within(namespace, $groups) and chosen(path_with_namespace, $projects) and chosen(person, $persons)
      and ($since::date is null or failed_at >= team_day_start($since::date))
      and ($until::date is null or failed_at < team_day_start($until::date + 1))
      and (is_nightly or not $nightly) and (not allow_failure or $allowed)"""
HERE = (
    _FILTERED
    + """
      and chosen(category, $categories)
      and (newly_seen(first_seen_at, days := $new_days) or not $only_new)
      and (signature is not null and not newly_seen(first_seen_at, days := $new_days) or not $only_known)
      and ($issue::boolean is null or (issue_iid is not null) = $issue)
      and ($search = '' or contains(
          lower(concat_ws(' ', reason, signature, category, rule, job_name, path_with_namespace, failure_reason)),
          lower($search)
      ))"""
)

TOTALS = f"""
select count(*) as failed_jobs,
       count(*) filter (state = 'explained') / greatest(count(*), 1) as explained_share,
       count(*) filter (state = 'explained' and log in ('stored', 'incomplete'))
           / greatest(count(*) filter (log in ('stored', 'incomplete')), 1) as explained_share_of_logs,
       count(distinct signature) as signatures,
       count(distinct signature) filter (newly_seen(first_seen_at, days := $new_days)) as new_signatures,
       count(distinct signature) filter (issue_iid is null) as without_issue,
       count(*) filter (state = 'explained') as explained, count(*) filter (is_gitlabs_word) as gitlabs_word,
       count(*) filter (state = 'unsure') as unsure,
       count(*) filter (state = 'no_rule') as no_rule, count(*) filter (state = 'no_log') as no_log,
       count(*) filter (state = 'not_analysed') as not_analysed,
       count(*) filter (log in ('stored', 'incomplete')) as with_log,
       count(*) filter (state = 'no_log' and log = 'missing') as log_missing,
       count(*) filter (state = 'no_log' and log = 'not_read') as log_not_read,
       count(*) filter (state = 'no_log' and log = 'erased') as log_erased,
       count(*) filter (state = 'no_log' and log = 'none') as trigger_jobs
from job_failures
where {HERE}
"""

OVER_TIME = """
with counted as (
    select team_day(failed_at) as day, coalesce({by}, '–') as series, count(*) as failed_jobs
    from job_failures
    where {here}
    group by all
), ranked as (
    select series, row_number() over (order by sum(failed_jobs) desc, series) as rank from counted group by series
), named as (
    select series, least(rank, $top + 1) as rank,
           if(rank <= $top, series, ((select count(*) from ranked) - $top) || ' others') as name
    from ranked
), days as (
    select unnest(generate_series(
        coalesce($since::date, (select min(day) from counted))::timestamp,
        coalesce($until::date, (select max(day) from counted))::timestamp, interval 1 day
    ))::date as day
    where exists (select 1 from counted)
)
select d.day, n.name as series, n.rank, coalesce(sum(c.failed_jobs), 0)::bigint as failed_jobs
from days d
cross join named n
left join counted c on c.day = d.day and c.series = n.series
group by all
order by d.day, n.rank
"""

COVERAGE = f"""
select path_with_namespace, count(*) as failed_jobs,
       count(*) filter (state = 'explained') / count(*) as explained_share,
       count(*) filter (state = 'explained' and log in ('stored', 'incomplete'))
           / nullif(count(*) filter (log in ('stored', 'incomplete')), 0) as explained_share_of_logs,
       count(*) filter (state = 'explained') as explained, count(*) filter (is_gitlabs_word) as gitlabs_word,
       count(*) filter (state = 'unsure') as unsure,
       count(*) filter (state = 'no_rule') as no_rule, count(*) filter (state = 'no_log') as no_log,
       count(*) filter (state = 'not_analysed') as not_analysed,
       count(distinct signature) as signatures,
       mode(category) filter (category <> 'unknown') as main_category
from job_failures
where {HERE}
group by path_with_namespace
order by unsure + no_rule + no_log + not_analysed desc, failed_jobs desc, path_with_namespace
"""

LISTING = f"""
select team_time(failed_at) as failed, path_with_namespace, job_name, stage, category,
       coalesce(reason, 'GitLab says: ' || replace(coalesce(failure_reason, 'nothing'), '_', ' ')) as reason,
       replace(state, '_', ' ') as state, replace(log, '_', ' ') as log, rule, confidence, signature_id,
       newly_seen(first_seen_at, days := $new_days) as is_new,
       if(newly_seen(first_seen_at, days := $new_days), 'new', null) as news,
       is_nightly, night, allow_failure, if(issue_returned, 'again', null) as returned,
       attempt || if(attempts > 1, ' of ' || attempts, '') as attempt, passed_on_retry,
       ref, runner_description, duration, username, job_web_url, pipeline_web_url,
       web_link(issue_url) as issue_url, issue_title, issue_state, issue_returned, assignee, signature,
       '/failure?failure=' || project_id || '-' || job_id as failure_url, project_id, job_id
from job_failures
where {HERE}
      and chosen(state, $states) and ($signature is null or signature_id = $signature)
order by failed_at desc, job_id desc
limit $rows
"""

CATEGORIES = f"""
select category, count(*) as failed_jobs from job_failures where {_FILTERED} group by category
order by failed_jobs desc, category
"""

PROGRESS = """
select count(*) as failed_jobs, count(*) filter (f.job_id is null) as not_analysed,
       count(*) filter (
           f.rules_version <> (select any_value(value) from bookkeeping.settings where name = 'rules_version')
       ) as by_older_rules
from jobs j left join failures f on f.project_id = j.project_id and f.job_id = j.id
where j.status = 'failed'
"""


def totals(connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = ALL) -> pd.DataFrame:
    """One row: failed_jobs, how many of each state, signatures, new_signatures, without_issue, with_log.

    gitlabs_word of the explained ones have no log: GitLab's own failure_reason names their category. explained_share is
    of all failed jobs, explained_share_of_logs of those whose log is stored (0..1). Jobs without a log: log_missing
    (GitLab has none), log_not_read (DASH_LOGS leaves it out), log_erased, trigger_jobs.
    """
    return ask(connection, TOTALS, filters, **which.values())


def over_time(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = ALL,
    by: str = "category",
    top: int = 7,
) -> pd.DataFrame:
    """One row per day (the team's) and series, zeros included.

    Columns: day, series, rank (1 is the largest, ``top + 1`` the others), failed_jobs.
    """
    return ask(connection, OVER_TIME.format(by=BY[by], here=HERE), filters, top=top, **which.values())


def coverage(connection: duckdb.DuckDBPyConnection, filters: Filters, *, which: Narrowed = ALL) -> pd.DataFrame:
    """One row per repository with failed jobs, those with most unexplained ones first.

    Columns: path_with_namespace, failed_jobs, explained_share, explained_share_of_logs (0..1; null without logs), how
    many of each state (gitlabs_word: of the explained ones), signatures, main_category.
    """
    return ask(connection, COVERAGE, filters, **which.values())


def listing(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    which: Narrowed = ALL,
    states: tuple[str, ...] = (),
    signature: str | None = None,
    rows: int = 2000,
) -> pd.DataFrame:
    """One row per failed job, newest first; of one signature (its id) or of all.

    Columns: failed (the team's wall clock), path_with_namespace, job_name, stage, category, reason, state, log, rule,
    confidence (0..1), signature_id, is_new, news ("new" or null), is_nightly, night, allow_failure, attempt (text),
    passed_on_retry, ref,
    runner_description, duration (seconds), username, job_web_url, pipeline_web_url, issue_url, issue_title,
    issue_state, issue_returned, returned ("again" or null), assignee,
    signature, failure_url, project_id, job_id.
    """
    return ask(
        connection, LISTING, filters, states=list(states) or None, signature=signature, rows=rows, **which.values()
    )


def categories(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, nightly: bool = False, allowed: bool = True
) -> pd.DataFrame:
    """One row per category that occurs here: category, failed_jobs."""
    return ask(connection, CATEGORIES, filters, nightly=nightly, allowed=allowed)


def progress(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row: failed_jobs, not_analysed, by_older_rules (rows that the present rules have yet to go through)."""
    return ask(connection, PROGRESS, filters)
