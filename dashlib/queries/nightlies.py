"""Which nightlies failed, never ran or recovered, since when, is it new: questions to nightly_changes."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from dashlib.model import Filters
from dashlib.queries.night_parts import PARTS, Part, part_of
from dashlib.queries.night_rows import HERE, WITHIN
from dashlib.queries.question import ask

_HERE = f"{HERE} and {WITHIN}"

SHOWN: dict[str, dict[str, int | bool | None]] = {
    "latest": {"only_red": True, "top": 25},
    "red": {"only_red": True, "top": None},
    "all": {"only_red": False, "top": None},
}
"""Which rows the grid has: the word in the widget and the URL, and what it asks ``night_grid.grid`` for."""
# Times that are still to come count where the night has begun; those of its evening only once its evening has.
_COUNTED = f"""
with @PART@, due as (
    select * from part where {_HERE} and state <> 'off'@ALIKE@
), counted as (
    select night,
           count(*) as nightlies,
           count(*) filter (not is_evening) as by_morning,
           count(*) filter (pipeline_id is not null) as runs,
           count(*) filter (state = 'failed') as failed,
           count(*) filter (change = 'new') as newly_failed,
           count(*) filter (change = 'still_red') as still_red,
           count(*) filter (change = 'recovered') as recovered,
           count(*) filter (state = 'missing') as missing,
           count(*) filter (state = 'warned') as warned,
           count(*) filter (state = 'passed') as passed,
           count(*) filter (state = 'canceled') as canceled,
           count(*) filter (state = 'running') as running,
           count(*) filter (late > 0) as late,
           count(*) filter (state in ('canceled', 'running', 'late')) as other,
           coalesce(sum(failed_jobs), 0)::bigint as failed_jobs,
           count(*) filter (missing > 0 and state not in ('missing', 'late')) as partly_ran,
           coalesce(sum(missing) filter (state not in ('missing', 'late')), 0)::bigint as times_missing,
           count(*) filter (passed_since > 0 and state in ('passed', 'warned')) as passed_since,
           count(*) filter (failed_runs > passed_since and state in ('passed', 'warned')) as failed_after,
           bool_or(is_evening) as has_evening,
           count(*) filter (state <> 'running' and late = 0) as ended,
           count(*) filter (state <> 'running' and late = 0 and not is_evening) as ended_by_morning
    from due group by night
), waiting as (
    select c.night,
           count(distinct (t.project_id, t.schedule_id)) filter (not t.is_evening or c.has_evening) as to_come,
           count(distinct (t.project_id, t.schedule_id)) filter (
               d.night is null and (not t.is_evening or c.has_evening)
           ) as unseen,
           count(distinct (t.project_id, t.schedule_id)) filter (d.night is null and not t.is_evening) as by_morning,
           count(distinct (t.project_id, t.schedule_id)) filter (t.is_evening and not c.has_evening) as this_evening,
           team_time(max(t.expected_at) filter (not t.is_evening or c.has_evening)) as until
    from counted c
    join nightly_to_come t on t.night = c.night
    left join due d on d.project_id = t.project_id and d.schedule_id = t.schedule_id and d.night = t.night
    where within(t.namespace, $groups) and chosen(t.path_with_namespace, $projects) and chosen(t.person, $persons)
      and (t.is_evening or not @IS_EVENING@)
    group by c.night
)
select c.* exclude (by_morning, has_evening, ended_by_morning),
       c.by_morning,
       c.nightlies + coalesce(w.unseen, 0) as planned,
       coalesce(w.to_come, 0) as to_come,
       coalesce(w.this_evening, 0) as this_evening,
       w.until as to_come_until,
       if(c.by_morning + coalesce(w.by_morning, 0) > 0,
          2 * c.ended_by_morning >= c.by_morning + coalesce(w.by_morning, 0),
          2 * c.ended >= c.nightlies + coalesce(w.unseen, 0)) as is_told
from counted c
left join waiting w on w.night = c.night
order by c.night
"""


def _counted(part: Part, *, sent: bool) -> str:
    asked = part_of(part, WITHIN, sent=sent)
    return _COUNTED.replace("@PART@", asked).replace("@IS_EVENING@", str(part == "evening").lower())


NIGHTS: dict[Part, str] = {part: _counted(part, sent=False).replace("@ALIKE@", "") for part in PARTS}
_NIGHTS_SENT: dict[Part, str] = {part: _counted(part, sent=True).replace("@ALIKE@", "") for part in PARTS}
# What is still to run on the one night cannot be compared with how it went on another.
NIGHTS_ALIKE = _counted("night", sent=False).replace(
    "@ALIKE@",
    """ and (project_id, coalesce(schedule_id, 0)) not in (
        select (project_id, schedule_id) from nightly_to_come where night = $alike::date
        except
        select (project_id, coalesce(schedule_id, 0)) from nightly_changes where night = $alike::date
    )""",
)

# Nothing is compared with a night whose numbers will move.
EVERY_NIGHT = f"""
with counted as (
{NIGHTS["night"].replace("order by c.night", "").strip()}
)
select *,
       case when is_over then failed - lag(failed) over by_night end as failed_change,
       case when is_over then warned - lag(warned) over by_night end as warned_change,
       case when is_over then passed - lag(passed) over by_night end as passed_change,
       case when is_over then missing - lag(missing) over by_night end as missing_change
from (select *, running + late + to_come + this_evening = 0 as is_over from counted)
window by_night as (order by night)
order by night desc
"""

HISTORY = """
with newest as (
    select project_id, schedule_id, arg_max(state, night) as state,
           arg_max({'since': missing_since, 'nights': nights_missing}, night) as gone
    from nightly_changes group by all
)
select h.path_with_namespace,
       coalesce(h.schedule_description, 'schedule ' || h.schedule_id, 'unknown schedule') as schedule,
       h.last_state, h.last_night, case when n.state in ('missing', 'late') then n.gone.since end as missing_since,
       case when n.state in ('missing', 'late') then n.gone.nights else 0 end as nights_missing,
       if(h.is_red, h.streak, 0) as nights_red, if(h.is_red, 0, h.streak) as nights_green, h.red_since,
       h.first_red_night, h.reds_30, h.nights_30, h.missing_30, h.flips_30,
       round(h.days_to_green, 1) as days_to_green,
       f.url as newest_url, '/failure?failure=' || f.failure as failure_url
from nightly_history h
left join nightly_changes f
    on f.project_id = h.project_id and f.schedule_id is not distinct from h.schedule_id and f.night = h.last_night
left join newest n on n.project_id = h.project_id and n.schedule_id is not distinct from h.schedule_id
where within(h.namespace, $groups) and chosen(h.path_with_namespace, $projects) and chosen(f.person, $persons)
order by nights_red desc, nights_missing desc, h.reds_30 desc, h.flips_30 desc, h.path_with_namespace, schedule
"""

AT_RISK = f"""
select project_id, schedule_id, path_with_namespace,
       coalesce(schedule_description, 'schedule ' || schedule_id) as schedule,
       list(risk order by risk in ('unreadable', 'no_next_run'), risk desc) as risks,
       any_value(detail) as detail, owner_username, expires_at, stopped, missing_since,
       team_time(last_run_at) as last_run, team_time(next_expected_at) as next_expected, url
from schedules_at_risk
where {HERE}
group by all
order by stopped desc, risks, path_with_namespace, schedule_id
"""

_NOTE = f"""
with @PART@, was as (
    select project_id, schedule_id, arg_max({{
               'night': night, 'job_name': job_name, 'reason': reason, 'issue_title': issue_title,
               'issue_url': issue_url, 'assignee': assignee
           }}, (night, later)) as last
    from reds where (night, later) < ($night::date, $part = 'evening') group by all
), times as (
    select project_id, schedule_id,
           count(slot_at) filter (state <> 'off') as due, count(slot_at) filter (by_hand) as by_hand_times
    from placed where night = $night::date and later = ($part = 'evening') and not is_answered
    group by all
), began as (
    select project_id, pipeline_id, min(created_at) as at
    from placed where night = $night::date and pipeline_id is not null group by all
), failing as (
    select 'partly' as told_as, r.project_id, r.schedule_id, r.last.url as run_url, f.*
    from (
        select project_id, schedule_id, arg_max({{'id': pipeline_id, 'url': url}}, (created_at, pipeline_id)) as last
        from placed
        where night = $night::date and later = ($part = 'evening') and state = 'failed' and not is_answered
        group by all
    ) r
    anti join part d
        on d.project_id = r.project_id and d.pipeline_id = r.last.id and d.night = $night::date
    left join (select * exclude (project_id), project_id as run_project from nightly_run_failures) f
        on f.run_project = r.project_id and f.pipeline_id = r.last.id
)
select change, path_with_namespace,
       coalesce(schedule_description, 'schedule ' || n.schedule_id, 'unknown schedule') as schedule, n.schedule_id,
       n.project_id, night, state, nights_red, red_since, missing_since, nights_missing, failed_jobs,
       if(change = 'partly', x.job_name, n.job_name) as job_name,
       if(change = 'partly', x.reason, n.reason) as reason,
       if(change = 'partly', x.category, n.category) as category,
       if(change = 'partly', x.signature_id, n.signature_id) as signature_id,
       if(change = 'partly', x.failure, n.failure) as failure,
       if(change = 'partly', x.job_web_url, n.job_web_url) as job_web_url,
       if(change = 'partly', x.issue_title, n.issue_title) as issue_title,
       if(change = 'partly', x.issue_state, n.issue_state) as issue_state,
       if(change = 'partly', x.issue_url, n.issue_url) as issue_url,
       if(change = 'partly', x.assignee, n.assignee) as assignee,
       if(change = 'partly', coalesce(x.run_url, url), url) as url,
       cause, expected, due, runs - extra_runs as runs, failed_runs, passed_since,
       missing, late, team_time(coalesce(late_at, expected_at)) as expected_at,
       if(late_at + late_after() > utc_now(), team_time(late_at + late_after()), null) as missing_from, is_unread,
       owner_username, by_hand, by_hand_times, team_time(b.at) as began_at,
       if(b.at >= extra_at and state in ('passed', 'warned', 'failed'), null, extra_state) as extra_state,
       team_time(extra_at) as extra_at,
       first_jobs, without_issue,
       last_pipeline_id, last_pipeline_night, last_pipeline_state, last_pipeline_url,
       case when was_red and last.night >= red_since then last.job_name end as was_job_name,
       case when was_red and last.night >= red_since then last.reason end as was_reason,
       case when was_red and last.night >= red_since then last.issue_title end as was_issue_title,
       case when was_red and last.night >= red_since then last.issue_url end as was_issue_url,
       case when was_red and last.night >= red_since then last.assignee end as was_assignee
from (
    select * exclude (change), coalesce(change = 'recovered', false) as was_red, unnest([
               change,
               if((missing > 0 and state not in ('missing', 'late')) or (failed_runs > 0 and state <> 'failed'),
                  'partly', null),
               if(by_hand and state in ('passed', 'warned') and change is null, 'only_by_hand', null),
               if(state = 'canceled', 'canceled', null),
               if(state = 'running', 'running', null),
               if(late > 0, 'late', null)
           ]) as change
    from part
    where {HERE} and night = $night::date
) n
left join failing x
    on x.told_as = n.change and x.project_id = n.project_id and x.schedule_id is not distinct from n.schedule_id
left join was w on w.project_id = n.project_id and w.schedule_id is not distinct from n.schedule_id
left join times t on t.project_id = n.project_id and t.schedule_id is not distinct from n.schedule_id
left join began b on b.project_id = n.project_id and b.pipeline_id = n.pipeline_id
where change is not null
order by list_position(['new', 'missing', 'late', 'still_red', 'partly', 'only_by_hand', 'canceled',
                        'running', 'recovered'], change),
         coalesce(nights_red, nights_missing) desc,
         path_with_namespace, schedule, n.schedule_id
"""
_ONE = "night = $night::date"
NOTE: dict[Part, str] = {part: _NOTE.replace("@PART@", part_of(part, _ONE)) for part in PARTS}
_NOTE_SENT: dict[Part, str] = {part: _NOTE.replace("@PART@", part_of(part, _ONE, sent=True)) for part in PARTS}

SENT = """
select night, channel, outcome, tries, team_time(tried_at) as tried, error
from bookkeeping.notes_sent order by night desc, channel limit 30
"""


def nights(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    part: Part = "night",
    alike: date | None = None,
    sent: bool = False,
) -> pd.DataFrame:
    """One row per night on which anything ran or should have, oldest first; a schedule counts once a night.

    ``part`` counts only its times before DASH_REPORT_BY (morning) or those from then on (evening); ``alike`` is a night
    under way: nightlies of which nothing was to run on it yet count on no night, of the whole of it.
    Columns: night (the team's day); nightlies (failed, missing, warned, passed and other, added up), runs (those that
    ran), failed, of which newly_failed and still_red; recovered, missing (never ran), warned, passed, canceled,
    running, late (of any of its times, however another one ended); other (what is canceled, running, or late as a
    whole); failed_jobs (jobs that were not allowed to fail). Of nightlies that are to run several times a night, and
    passed: passed_since (a run failed, a later one passed), failed_after (a run failed later than any passed: somebody
    made up for an earlier time); whatever they did, partly_ran (those that did not every time) and times_missing (at
    which nobody ran them). ended (no run of theirs is awaited), by_morning (first to run before
    DASH_REPORT_BY). Of the night under way: planned (nightlies and those of which nothing was to run yet), to_come
    (of which a run is to come; until DASH_REPORT_BY, or, once what comes after it has begun, until midnight),
    to_come_until (the last of these times, the team's wall clock), this_evening (to run at or after DASH_REPORT_BY, as
    long as nothing of that has begun).
    is_told: at least half of what is planned up to DASH_REPORT_BY has ended (of a night that has nothing before it:
    half of all), so that the night is worth looking at.
    """
    if alike is not None:
        return ask(connection, NIGHTS_ALIKE, filters, alike=alike)
    return ask(connection, (_NIGHTS_SENT if sent else NIGHTS)[part], filters)


def every_night(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per night on which anything ran or should have, newest first, with what changed since the one before.

    Columns: those of ``nights``; failed_change, warned_change, passed_change, missing_change (against the night before
    in the period; null for its first, and for one whose numbers will move: under way, or with nightlies to come later
    that day, so that is_over is false).
    """
    return ask(connection, EVERY_NIGHT, filters)


def last_told(nights: pd.DataFrame) -> int:
    """The place of the newest night of which at least half has ended (``is_told``), else of the newest."""
    told_of = nights["is_told"].to_numpy().nonzero()[0]
    return int(told_of[-1]) if len(told_of) else len(nights) - 1


def history(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per schedule that ever ran to a verdict, whatever the period; the longest red ones first,
    then those that have not run for longest.

    Columns: path_with_namespace, schedule, last_state, last_night, missing_since and nights_missing (in a row, up to
    its newest night, 0 if it ran; of a late one those before), nights_red and nights_green (in a row, one of them
    0), red_since, first_red_night, reds_30, nights_30, missing_30, flips_30 (of the last 30 days),
    days_to_green (mean), newest_url, failure_url (null while it is green).
    """
    return ask(connection, HISTORY, filters)


def at_risk(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per schedule that will stop, or has stopped without anybody wanting it, and why; stopped ones first.

    Columns: project_id, schedule_id, path_with_namespace, schedule, risks (a list of those of schedules_at_risk, the
    owner's first), detail (why its times are unreadable), owner_username, expires_at (day), stopped,
    missing_since, last_run and next_expected (the team's wall clock), url (the repository's schedules).
    """
    return ask(connection, AT_RISK, filters)


def note(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, night: date, part: Part = "night", sent: bool = False
) -> pd.DataFrame:
    """One row per nightly and thing that the morning note of a night tells of it; whatever the period of the filters.

    ``part`` tells only of its times before DASH_REPORT_BY (morning) or of those from then on (evening): whether it
    failed newly there says what came before, the morning too; nights count it as a night.
    Columns: change (in this order: new, missing, late (any of its times is), still_red, partly (some of its times that
    night never ran, or a run failed and another one decides), only_by_hand (it passed, and the run that decides did not
    come by itself), canceled, running, recovered),
    path_with_namespace, schedule, schedule_id, project_id, night, state, nights_red, red_since, missing_since,
    nights_missing, job_name, failed_jobs, reason, category (of a partly one those of its newest failed run, as are
    signature_id, issue, assignee and links), cause (of a missing or late one; of a late one missing_since and
    nights_missing tell of the nights before it; of a missing or late time of a whole night that ran they are null),
    expected, due (times at which it was not off), runs (those that count), failed_runs, passed_since (of them,
    those after which one passed), missing and late (times that night), expected_at (the team's wall clock),
    missing_from (when a late one becomes missing, same clock; null where that waits for a sync), is_unread (so it
    does), owner_username, issue_title, issue_state, issue_url, assignee, by_hand (or late), by_hand_times (times
    that such runs fill), extra_state and extra_at (how the newest run ended that somebody started beside it, null
    where that was before the verdict that decides, and when it began, same clock), signature_id (of its reason),
    failure (key of the failure's page), job_web_url, url (of the run, else of the schedules), first_jobs (jobs that
    failed newly), without_issue (failed jobs that no issue is linked to), last_pipeline_id, last_pipeline_night,
    last_pipeline_state and last_pipeline_url (of a missing or late one, the schedule's newest run before),
    was_job_name, was_reason, was_issue_title, was_issue_url and was_assignee (of a recovered one, its last failure
    before).
    """
    return ask(connection, (_NOTE_SENT if sent else NOTE)[part], filters, night=night, part=part)


def sent(connection: duckdb.DuckDBPyConnection, filters: Filters) -> pd.DataFrame:
    """One row per morning note and channel it was handed to, the newest thirty.

    Columns: night, channel (chat or mail), outcome (sending, sent or failed), tries, tried (the team's wall
    clock), error.
    """
    return ask(connection, SENT, filters)
