"""The meter of a rule before it is saved: what it links, what it matches in red and green logs, and other rules.

What it links is told by the rule's own measure: the reason, the signature and the telling lines of failed jobs. Of
jobs that passed there are none, so red and green are compared by another one that is the same for both: a line anywhere
in the stored log, or all the lines that the pattern is of. A rule that matches a green log says nothing about why a job
failed (elastic-recheck refuses such rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from dashlib.failures.decisions import Rule
from dashlib.failures.match import matched
from dashlib.failures.rule_pattern import of_lines, of_signature

MOST_RED = 100
"""Of so many logs of failed jobs, the newest, the lines are looked through."""

_IN_SCOPE = """($project_glob::varchar is null or p.path_with_namespace glob $project_glob::varchar)
  and ($job_glob::varchar is null or {job} glob $job_glob::varchar)"""
# One measure for both: does a line of the whole log match, for each line of the pattern? ({{holds}})
_GREEN = f"""
select p.path_with_namespace, g.job_name, regexp_extract(log_text(g.text), '(?m)^.*' || $line || '.*$') as line
from bookkeeping.green_logs g
join projects p on p.id = g.project_id
where {_IN_SCOPE.format(job="g.job_name")} and {{holds}}
order by p.path_with_namespace, g.job_name
"""
_GREEN_HELD = f"""
select count(*) from bookkeeping.green_logs g join projects p on p.id = g.project_id
where {_IN_SCOPE.format(job="g.job_name")}
"""
_RED = f"""
with newest as materialized (
    select t.project_id, t.job_id
    from traces t
    join jobs j on j.project_id = t.project_id and j.id = t.job_id and j.status = 'failed'
    join projects p on p.id = t.project_id
    where {_IN_SCOPE.format(job="j.name")}
    order by coalesce(j.finished_at, j.started_at, j.created_at) desc, t.project_id, t.job_id desc
    limit $most
)
select count(*), count(*) filter ({{holds}})
from traces t
join newest n on n.project_id = t.project_id and n.job_id = t.job_id
"""
_OTHERS = """
with these as (
    select unnest($projects::bigint[]) as project_id, unnest($jobs::bigint[]) as job_id
)
select m.rule_id, any_value(coalesce(r.pattern, r.signature)), any_value(r.issue_iid), count(*)
from rule_matches m
join these t on t.project_id = m.project_id and t.job_id = m.job_id
join link_rules r on r.id = m.rule_id
group by m.rule_id
order by count(*) desc, m.rule_id
"""


@dataclass(frozen=True)
class Overlap:
    """Another rule that matches some of the same failed jobs: its pattern or signature, its issue, how many."""

    rule_id: str
    words: str
    issue_iid: int | None
    failures: int


@dataclass(frozen=True)
class Meter:
    """It links ``red`` failed jobs in ``repositories``, the last of them at ``last_at`` (UTC).

    A line of the whole log (each of the pattern's, which is of ``lines`` lines) matches in ``red_lines`` of the newest
    ``red_logs`` logs of failed jobs; ``green`` are (repository, job, line) of such logs of jobs that passed, of
    ``green_logs`` that are kept; both within its scope.
    """

    red: int
    repositories: int
    last_at: datetime | None
    red_lines: int
    red_logs: int
    green: tuple[tuple[str, str, str], ...]
    green_logs: int
    lines: int
    others: tuple[Overlap, ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether it matches logs of jobs that passed: saving it asks twice."""
        return bool(self.green)


def measured(reader: duckdb.DuckDBPyConnection, rule: Rule) -> Meter:
    """The meter of a rule as it stands; nothing is written. Raises PatternError for a rule that cannot be used."""
    rule = rule.searched()
    found = matched(reader, rule.row())
    others = reader.execute(
        _OTHERS, {"projects": [project for project, _, _ in found], "jobs": [job for _, job, _ in found]}
    ).fetchall()
    scope = {"project_glob": rule.project_glob, "job_glob": rule.job_glob}
    lines = _searched(rule)
    held = reader.execute(_GREEN_HELD, scope).fetchone()
    red = reader.execute(
        _RED.format(holds=_holds("t.text", lines)), scope | _named(lines) | {"most": MOST_RED}
    ).fetchone() or (0, 0)  # fmt: skip
    return Meter(
        red=len(found),
        repositories=len({project for project, _, _ in found}),
        last_at=max((at for *_, at in found if at is not None), default=None),
        red_lines=int(red[1]),
        red_logs=int(red[0]),
        green=_green(reader, lines, scope),
        green_logs=int(held[0]) if held else 0,
        lines=len(lines),
        others=tuple(Overlap(*values) for values in others),
    )


def _searched(rule: Rule) -> tuple[str, ...]:
    """The expressions that are looked for in whole logs: all of them must be there."""
    kind, pattern = rule.kind, rule.pattern
    if pattern is None and rule.signature is not None:
        kind, pattern = "like", of_signature(rule.signature, rule.signature.partition(": ")[0])
    return of_lines(kind, pattern)


def _holds(text: str, lines: Sequence[str]) -> str:
    """The condition that a log holds all of these; a rule without any says nothing of logs."""
    return " and ".join(f"regexp_matches(log_text({text}), $line_{n})" for n in range(len(lines))) or "null"


def _named(lines: Sequence[str]) -> dict[str, str]:
    return {f"line_{n}": line for n, line in enumerate(lines)}


def _green(
    reader: duckdb.DuckDBPyConnection, lines: Sequence[str], scope: dict[str, str | None]
) -> tuple[tuple[str, str, str], ...]:
    if not lines:
        return ()
    within = lines[0].removeprefix("(?m)").removeprefix("^").removesuffix("$")
    statement = _GREEN.format(holds=_holds("g.text", lines))
    return tuple(reader.execute(statement, scope | _named(lines) | {"line": f"(?:{within})"}).fetchall())
