"""Which failures each rule matches: worked out anew from the stored rules and failures, whoever came first."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from dashlib.failures.act_tables import MATCHES, RULES
from dashlib.failures.rule_pattern import expression
from dashlib.model import Change, Delete, Put, Row
from dashlib.store import Store

# A rule made from a failure holds for that failure's signature as it is now, too: new rules of the engine may have
# given it another one.
MATCHED = """
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
  and ($expression::varchar is null or regexp_matches(
          concat_ws(chr(10), f.reason, regexp_replace(f.signature, '^[a-z_]+: ', ''), f.signature,
                    array_to_string(list_transform(f.lines, lambda l: l.text), chr(10))),
          $expression::varchar
      ))
"""
_NAMES = ("signature", "category", "project_glob", "job_glob", "from_project_id", "from_job_id")
_MATCHING = threading.Lock()


def asks_for(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of ``MATCHED`` for a rule's row."""
    return {name: rule.get(name) for name in _NAMES} | {"expression": expression(rule.get("kind"), rule.get("pattern"))}


def match(store: Store) -> None:
    """Bring ``rule_matches`` up to what rules and failures say; only differences are written."""
    with _MATCHING:
        with store.reader() as reader:
            known = set(reader.execute("select rule_id, project_id, job_id, failed_at from rule_matches").fetchall())
            rules = _rules(reader)
            wanted = {(rule["id"], *found) for rule in rules for found in matched(reader, rule)}
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
