"""What follows from other rows (a column, or that a row is told twice), in the transaction that changed those rows.

Each statement reads the temporary table ``touched (project_id, pipeline_id)`` and is a function of the stored rows
alone, so it ends in one state in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashlib.model import Row, Table


@dataclass(frozen=True)
class Derivation:
    """A statement, and which (project, pipeline) a changed row concerns."""

    statement: str
    scope: Callable[[Table, Row], tuple[int, int]]


def _pipeline_of(table: Table, row: Row) -> tuple[int, int]:
    return (row["project_id"], row["id"] if table.name == "pipelines" else row.get("pipeline_id") or 0)


def _project_of(_: Table, row: Row) -> tuple[int, int]:
    return (row.get("project_id") or 0, 0)


# An attempt is retried when the same pipeline has a later job of that name: GitLab's lists do not say it. Where ids are
# no order (GitHub's are hashes here) the source counts attempts itself.
JOBS_RETRIED = """
update jobs set retried = r.retried
from (
    select project_id, id,
           (coalesce(run_attempt, 0), id) < max((coalesce(run_attempt, 0), id)) over (
               partition by project_id, pipeline_id, kind, name
           ) as retried
    from jobs
    where (project_id, pipeline_id) in (select (project_id, pipeline_id) from touched)
) r
where jobs.project_id = r.project_id and jobs.id = r.id and jobs.retried is distinct from r.retried
"""

# The list of pipelines brings no start, end, duration or user. GitLab's duration is the time in which at least one job
# ran (lib/gitlab/ci/pipeline/duration.rb): overlapping jobs count once, waiting and retried attempts do not count
# (doc/ci/pipelines, "How pipeline duration is calculated"). The first attempt's user is the pipeline's: a retry belongs
# to whoever retried.
PIPELINES_TIMES = """
update pipelines set
    started_at = d.started_at,
    finished_at = d.finished_at,
    duration = d.duration,
    user_id = d.user_id,
    username = d.username
from (
    with spans as (
        select project_id, pipeline_id, id, started_at, finished_at, user_id, username, retried,
               max(finished_at) over (
                   partition by project_id, pipeline_id, retried order by started_at, finished_at, id
                   rows between unbounded preceding and 1 preceding
               ) as busy_until
        from jobs
        where kind = 'build' and (project_id, pipeline_id) in (select (project_id, pipeline_id) from touched)
    ), summed as (
        select project_id, pipeline_id,
               min(started_at) as started_at,
               max(finished_at) as finished_at,
               round(sum(epoch(
                   finished_at - greatest(started_at, least(coalesce(busy_until, started_at), finished_at))
               )) filter (finished_at > started_at and retried is not true)) as duration,
               arg_min(user_id, id) as user_id,
               arg_min(username, id) as username
        from spans group by all
    )
    select p.project_id, p.id,
           case when p.detail_at >= p.updated_at then p.detail_started_at
                else coalesce(s.started_at, p.detail_started_at) end as started_at,
           case when p.is_told then p.detail_finished_at
                when p.status in ('success', 'failed', 'canceled', 'skipped')
                then coalesce(s.finished_at, p.detail_finished_at) end as finished_at,
           case when p.is_told then p.detail_duration
                when p.status in ('success', 'failed', 'canceled', 'skipped')
                then coalesce(s.duration, p.detail_duration) end as duration,
           coalesce(p.detail_user_id, s.user_id) as user_id,
           coalesce(p.detail_username, s.username) as username
    from (
        select *, run_at > changed_at or (run_at = changed_at and run_rank >= state_rank) as is_told
        from pipelines where (project_id, id) in (select (project_id, pipeline_id) from touched)
    ) p
    left join summed s on s.project_id = p.project_id and s.pipeline_id = p.id
) d
where pipelines.project_id = d.project_id and pipelines.id = d.id
  and (pipelines.started_at, pipelines.finished_at, pipelines.duration, pipelines.user_id, pipelines.username)
      is distinct from (d.started_at, d.finished_at, d.duration, d.user_id, d.username)
"""

# What a hook told stands until the events API tells of it, with GitLab's own number: a push is known by its ref and
# both ends, a comment by its number, anything else by what was done to what by whom within ten minutes (old hooks name
# who did it without a number). A push that happened again (from A to B, back, and to B again) is not told of by the
# event of the first time: that event is older than the webhook's arrival by more than a webhook takes. It goes with its
# own event, or, where it came later than that, with the first later push that the API tells of: by then the API has
# told of all before.
EVENTS_TOLD_TWICE = """
delete from events h using (
    select a.source, a.project_id, a.push_action, a.ref_type, a.ref, a.commit_from, a.commit_to, a.created_at
    from events a
    where a.by_hook is not true and a.push_action is not null and a.project_id in (select project_id from touched)
) a
where h.by_hook and h.source = a.source and h.project_id = a.project_id and h.push_action = a.push_action
  and h.ref_type = a.ref_type and h.ref = a.ref and h.commit_from is not distinct from a.commit_from
  and h.commit_to is not distinct from a.commit_to
  and (h.is_again is not true or a.created_at >= h.created_at - interval 1 minute);
delete from events h using (
    select a.source, a.project_id, max(a.created_at) as created_at
    from events a
    where a.by_hook is not true and a.push_action is not null and a.project_id in (select project_id from touched)
    group by all
) a
where h.by_hook and h.is_again and h.push_action is not null and h.source = a.source and h.project_id = a.project_id
  and h.created_at < a.created_at;
delete from events h using (
    select a.source, a.project_id, a.note_id
    from events a
    where a.by_hook is not true and a.note_id is not null and a.project_id in (select project_id from touched)
) a
where h.by_hook and h.source = a.source and h.project_id = a.project_id and h.note_id = a.note_id;
delete from events h using (
    select a.source, a.project_id, a.action_name, a.target_type, a.target_id, a.author_id, a.author_username,
           a.created_at
    from events a
    where a.by_hook is not true and a.push_action is null and a.note_id is null
      and a.project_id in (select project_id from touched)
) a
where h.by_hook and h.push_action is null and h.note_id is null
  and h.source = a.source and h.project_id = a.project_id and h.action_name = a.action_name
  and h.target_type is not distinct from a.target_type and h.target_id is not distinct from a.target_id
  and (h.author_id = a.author_id or (h.author_id is null and h.author_username = a.author_username))
  and abs(epoch(h.created_at - a.created_at)) <= 600
"""

# Commits moved: the identities in them are counted anew when conclusions are drawn (dashlib/people).
COMMITS_MOVED = """
insert into bookkeeping.commits_moved
select distinct project_id, coalesce((select max(mark) from bookkeeping.commits_moved), 0) + 1 from touched
"""

DERIVE = {
    "commits_moved": Derivation(COMMITS_MOVED, _project_of),
    "jobs_retried": Derivation(JOBS_RETRIED, _pipeline_of),
    "pipelines_times": Derivation(PIPELINES_TIMES, _pipeline_of),
    "events_told_twice": Derivation(EVENTS_TOLD_TWICE, _project_of),
}
