"""The meter of a rule before it is saved: what it matches among red logs, among green ones, and beside other rules.

A rule that matches a green log says nothing about why a job failed (elastic-recheck refuses such rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from dashlib.failures.decisions import Rule
from dashlib.failures.match import matched
from dashlib.failures.rule_pattern import expression, of_signature

_GREEN = """
select p.path_with_namespace, g.job_name,
       coalesce(
           nullif(regexp_extract(log_text(g.text), '(?m)^.*' || $line || '.*$'), ''),
           regexp_extract(g.templates, $expression)
       ) as line
from bookkeeping.green_logs g
join projects p on p.id = g.project_id
where ($project_glob::varchar is null or p.path_with_namespace glob $project_glob::varchar)
  and ($job_glob::varchar is null or g.job_name glob $job_glob::varchar)
  and (regexp_matches(log_text(g.text), $expression) or regexp_matches(g.templates, $expression))
order by p.path_with_namespace, g.job_name
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
    """``red`` failed jobs in ``repositories`` match, the last of them at ``last_at`` (UTC); ``green`` are (repository,
    job, line) of the matching logs of jobs that passed, of ``green_logs`` that are kept.
    """

    red: int
    repositories: int
    last_at: datetime | None
    green: tuple[tuple[str, str, str], ...]
    green_logs: int
    others: tuple[Overlap, ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether it matches logs of jobs that passed: saving it asks twice."""
        return bool(self.green)


def measured(reader: duckdb.DuckDBPyConnection, rule: Rule) -> Meter:
    """The meter of a rule as it stands; nothing is written. Raises PatternError for a rule that cannot be used."""
    rule = rule.cleaned()
    found = matched(reader, rule.row())
    others = reader.execute(
        _OTHERS, {"projects": [project for project, _, _ in found], "jobs": [job for _, job, _ in found]}
    ).fetchall()
    held = reader.execute("select count(*) from bookkeeping.green_logs").fetchone()
    return Meter(
        red=len(found),
        repositories=len({project for project, _, _ in found}),
        last_at=max((at for *_, at in found if at is not None), default=None),
        green=_green(reader, rule),
        green_logs=int(held[0]) if held else 0,
        others=tuple(Overlap(*values) for values in others),
    )


def _green(reader: duckdb.DuckDBPyConnection, rule: Rule) -> tuple[tuple[str, str, str], ...]:
    kind, pattern = rule.kind, rule.pattern
    if pattern is None and rule.signature is not None:
        kind, pattern = "like", of_signature(rule.signature, rule.signature.partition(": ")[0])
    searched = expression(kind, pattern)
    if searched is None:
        return ()
    within = searched.removeprefix("(?m)").removeprefix("^").removesuffix("$")
    values = {"expression": searched, "line": f"(?:{within})", "project_glob": rule.project_glob}
    return tuple(reader.execute(_GREEN, values | {"job_glob": rule.job_glob}).fetchall())
