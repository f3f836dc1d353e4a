"""Which failures each rule matches: worked out anew from the stored rules and failures, whoever came first."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import duckdb

from dashlib.failures.act_tables import MATCHES, MERGES, RULES
from dashlib.failures.rule_pattern import expression
from dashlib.model import Change, Delete, Put, Row
from dashlib.store import Store

# What a rule's pattern is searched in: the reason, the signature, every telling line.
_TEXT = """concat_ws(chr(10), f.reason, regexp_replace(f.signature, '^[a-z_]+: ', ''), f.signature,
          array_to_string(list_transform(f.lines, lambda l: l.text), chr(10)))"""
# A rule made from a failure holds for that failure's signature as it is now, too: new rules of the engine may have
# given it another one.
MATCHED = f"""
select f.project_id, f.job_id, coalesce(j.finished_at, j.started_at, j.created_at) as failed_at
from failures f
join jobs j on j.project_id = f.project_id and j.id = f.job_id and j.status = 'failed'
left join projects p on p.id = f.project_id
where ($signature::varchar is null
       or coalesce((select m.head from merged_signatures m where m.signature = f.signature), f.signature) in (
           select coalesce(m.head, s.signature)
           from (
               select $signature::varchar as signature
               union all
               select a.signature from failures a
               where a.project_id = $from_project_id::bigint and a.job_id = $from_job_id::bigint
           ) s
           left join merged_signatures m on m.signature = s.signature
           where s.signature is not null
       ))
  and ($category::varchar is null or f.category = $category)
  and ($project_glob::varchar is null or coalesce(p.path_with_namespace, '') glob $project_glob::varchar)
  and ($job_glob::varchar is null or j.name glob $job_glob::varchar)
  and ($literal::varchar is null or contains({_TEXT}, $literal::varchar))
  and ($expression::varchar is null or regexp_matches({_TEXT}, $expression::varchar))
"""
# The same for all rules without a pattern at once: most rules are a signature that was linked by a click.
_EXACT = """
with here as (
    select id, signature, category, project_glob, job_glob, from_project_id, from_job_id from link_rules
    where pattern is null and signature is not null
      and ($which::varchar[] is null or list_contains($which::varchar[], id))
), said as (
    select id, signature from here
    union
    select h.id, a.signature
    from here h
    join failures a on a.project_id = h.from_project_id and a.job_id = h.from_job_id and a.signature is not null
), heads as materialized (
    select signature, head from merged_signatures
), wanted as (
    select distinct s.id, coalesce(m.head, s.signature) as head
    from said s left join heads m on m.signature = s.signature
)
select h.id, f.project_id, f.job_id, coalesce(j.finished_at, j.started_at, j.created_at) as failed_at
from failures f
left join heads m on m.signature = f.signature
join wanted w on w.head = coalesce(m.head, f.signature)
join here h on h.id = w.id
join jobs j on j.project_id = f.project_id and j.id = f.job_id and j.status = 'failed'
left join projects p on p.id = f.project_id
where (h.category is null or f.category = h.category)
  and (h.project_glob is null or coalesce(p.path_with_namespace, '') glob h.project_glob)
  and (h.job_glob is null or j.name glob h.job_glob)
"""
_KNOWN = """
select rule_id, project_id, job_id, failed_at from rule_matches
where $which::varchar[] is null or list_contains($which::varchar[], rule_id)
"""
_BY_SIGNATURE = "select id from link_rules where signature is not null or from_job_id is not null"
_NAMES = ("signature", "category", "project_glob", "job_glob", "from_project_id", "from_job_id")
_MATCHING = threading.Lock()


def touched(reader: duckdb.DuckDBPyConnection, changed: Collection[tuple[str, Row]]) -> set[str]:
    """The ids of the rules whose matches may differ after changes: (table's name, key) of each row changed.

    Links and persons of single jobs and of signatures change no match. A merge changes which signatures are one: every
    rule that goes by a signature is matched anew.
    """
    ids = {str(key["id"]) for name, key in changed if name == RULES.name}
    if any(name == MERGES.name for name, _ in changed):
        ids.update(id for (id,) in reader.execute(_BY_SIGNATURE).fetchall())
    return ids


def asks_for(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of ``MATCHED`` for a rule's row."""
    kind, pattern = rule.get("kind"), rule.get("pattern")
    return {name: rule.get(name) for name in _NAMES} | {
        "expression": expression(kind, pattern),
        "literal": _literal(pattern) if kind == "like" and pattern else None,
    }


def _literal(pattern: str) -> str | None:
    """The longest word that every text of a LIKE pattern holds: looking for it is ten times faster than matching."""
    words = re.split(r"[\s%_]+", pattern) if "\\" not in pattern else []
    return max(words, key=len, default="") or None


def match(store: Store, only: Collection[str] | None = None) -> None:
    """Bring ``rule_matches`` up to what rules and failures say; only differences are written.

    With ``only``, the ids of rules that were changed or removed, the matches of all others stay as they stand.
    """
    if only is not None and not only:
        return
    with _MATCHING:
        with store.reader() as reader:
            which = None if only is None else [*only]
            known = set(reader.execute(_KNOWN, {"which": which}).fetchall())
            rules = [rule for rule in _rules(reader) if only is None or rule["id"] in only]
            wanted: set[tuple[str, int, int, datetime | None]] = set(
                reader.execute(_EXACT, {"which": which}).fetchall()
            )
            patterns = [rule for rule in rules if rule["pattern"] is not None or rule["signature"] is None]
            wanted |= {(rule["id"], *found) for rule in patterns for found in matched(reader, rule)}
        changes: list[Change] = []
        if over := known - wanted:
            changes.append(Delete(MATCHES, _rows(over)))
        if new := wanted - known:
            changes.append(Put(MATCHES, _rows(new)))
        if changes:
            store.write(*changes)


def matched(reader: duckdb.DuckDBPyConnection, rule: Mapping[str, Any]) -> list[tuple[int, int, datetime | None]]:
    """(project, job, when it failed) of the failed jobs that a rule matches."""
    found: list[tuple[int, int, datetime | None]] = reader.execute(MATCHED, asks_for(rule)).fetchall()
    return found


def _rules(reader: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = list(RULES.columns)
    found = reader.execute(f"select {', '.join(names)} from link_rules").fetchall()
    return [dict(zip(names, values, strict=True)) for values in found]


def _rows(found: set[tuple[str, int, int, datetime | None]]) -> list[Row]:
    return [dict(zip(MATCHES.columns, values, strict=True)) for values in found]
