"""By which words an issue is found again: the marks that stand for a failure, and the stored issues that carry one."""

from __future__ import annotations

import re
from collections.abc import Collection

import duckdb

from dashlib.failures.decisions import Failure, Issue
from dashlib.failures.issue_draft import mark_of

MARK = r"(?:<!-- dash:|Fingerprint: )(dash[0-9a-f]{12})\b"
"""A mark in an issue's description; in Python and in RE2. A form leaves both, and a person may remove one."""

_MERGED = """
select m.signature from merged_signatures m
where m.head = (select o.head from merged_signatures o where o.signature = $signature) and m.signature <> $signature
order by m.signature
"""
_STORED = f"""
select project_id, iid from issues
where contains(description, 'dash') and list_has_any(regexp_extract_all(description, '{MARK}', 1), $marks::varchar[])
order by created_at, project_id, iid
limit 1
"""


def marks_of(reader: duckdb.DuckDBPyConnection, failure: Failure) -> tuple[str, ...]:
    """The marks under which its issue may be known, its own first: those of merged signatures, last its job's."""
    project_id, job_id, signature = failure.project_id, failure.job_id, failure.signature
    alone = mark_of(None, project_id, job_id)
    if signature is None:
        return (alone,)
    merged = [name for (name,) in reader.execute(_MERGED, {"signature": signature}).fetchall()]
    return (*(mark_of(name, project_id, job_id) for name in [signature, *merged]), alone)


def carries(description: str, marks: Collection[str]) -> bool:
    """Whether an issue's description has one of the marks."""
    return not set(marks).isdisjoint(re.findall(MARK, description))


def stored_with(reader: duckdb.DuckDBPyConnection, marks: Collection[str]) -> Issue | None:
    """The oldest stored issue, of any repository, that carries one of the marks."""
    row = reader.execute(_STORED, {"marks": [*marks]}).fetchone()
    return None if row is None else Issue(*row)


def issue_of(reader: duckdb.DuckDBPyConnection, failure: Failure) -> Issue | None:
    """The issue that a failure is linked to, else a stored one with its mark that nobody linked (yet, or any more)."""
    row = reader.execute(
        "select issue_project_id, issue_iid from failure_links"
        " where project_id = $project and job_id = $job and issue_iid is not null",
        {"project": failure.project_id, "job": failure.job_id},
    ).fetchone()
    return Issue(*row) if row is not None else stored_with(reader, marks_of(reader, failure))
