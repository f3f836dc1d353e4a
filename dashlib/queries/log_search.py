"""The text of all stored logs, searched as it is typed: the newest logs first, each hit with the lines around it.

What is searched is a log as a person reads it (macro ``log_text``): colour codes and the runner's time stamps neither
hide a word nor count as one. Patterns are RE2's, which takes linear time on any input.
"""

from __future__ import annotations

import re
from itertools import pairwise

import duckdb
import pandas as pd

from dashlib.failures.mask import mask
from dashlib.model import Filters
from dashlib.queries.question import ask

SHORTEST, LONGEST = 2, 500
"""How many characters a search has: one matches every log."""
MOST_LOGS = 30
"""How many logs with a match a search shows."""
SLICES = (0, 2_000, None)
"""The newest logs are searched first; the rest only where those do not fill the page."""
_COLOUR = r"(?:\x1b\[[0-9;?]*[A-Za-z])*"

CANDIDATES = """
select t.project_id, t.job_id
from traces t
join jobs j on j.project_id = t.project_id and j.id = t.job_id
join projects p on p.id = t.project_id
where within(p.namespace, $groups) and chosen(p.path_with_namespace, $projects)
  and ($since::date is null or coalesce(j.finished_at, j.created_at) >= team_day_start($since::date))
  and ($until::date is null or coalesce(j.finished_at, j.created_at) < team_day_start($until::date + 1))
order by coalesce(j.finished_at, j.created_at) desc, t.project_id, t.job_id desc
"""

HITS = """
select t.project_id, t.job_id
from traces t
join jobs j on j.project_id = t.project_id and j.id = t.job_id
where t.job_id between $first and $last
  and (t.project_id, t.job_id) in (select unnest($project_ids::bigint[]), unnest($job_ids::bigint[]))
  and {matches}
order by coalesce(j.finished_at, j.created_at) desc, t.project_id, t.job_id desc
limit $logs
"""
_LITERAL = "regexp_matches(t.text, $literal)"
_REGEX = "regexp_matches(log_text(t.text), '(?m)' || $whole)"

LINES = """
with logs as (
    select t.project_id, t.job_id, log_lines(t.text) as lines, t.omitted_lines,
           '[' || nullif(t.omitted_bytes, 0) || ' bytes, ' || t.omitted_lines || ' lines left out here]' as left_out
    from traces t
    where t.job_id between $first and $last
      and (t.project_id, t.job_id) in (select unnest($project_ids::bigint[]), unnest($job_ids::bigint[]))
), found as (
    select *, list_filter(
        range(1, len(lines) + 1), lambda n: regexp_matches(log_text(lines[n]), $line_pattern)
    ) as numbers
    from logs
), shown as (
    select project_id, job_id, lines, len(numbers) as matches, unnest(numbers[1:$per_log]) as number,
           nullif(list_position(lines, left_out), 0) as gap, omitted_lines
    from found
)
select s.project_id, s.job_id, p.path_with_namespace, j.name as job_name, j.status,
       team_time(coalesce(j.finished_at, j.created_at)) as ended,
       s.number + if(s.number > s.gap, s.omitted_lines - 1, 0) as number, s.matches,
       list_transform(
           s.lines[greatest(1, s.number - $around):s.number - 1], lambda l: left(log_text(l), 2000)
       ) as before,
       left(log_text(s.lines[s.number]), 2000) as line,
       list_transform(s.lines[s.number + 1:s.number + $around], lambda l: left(log_text(l), 2000)) as after,
       coalesce(web_link(j.web_url), web_link(p.web_url) || '/-/jobs/' || j.id) as job_web_url
from shown s
join jobs j on j.project_id = s.project_id and j.id = s.job_id
join projects p on p.id = s.project_id
order by coalesce(j.finished_at, j.created_at) desc, s.project_id, s.job_id desc, s.number
"""


class SearchError(ValueError):
    """What was typed cannot be searched for; the message is one sentence for the person who typed it."""


def search(
    connection: duckdb.DuckDBPyConnection,
    filters: Filters,
    *,
    text: str,
    regex: bool = False,
    case: bool = False,
    around: int = 2,
    logs: int = MOST_LOGS,
    per_log: int = 3,
) -> pd.DataFrame:
    """One row per matching line, of the newest ``logs`` logs with a match the first ``per_log`` lines each.

    ``regex`` takes ``text`` as a pattern of RE2, matched line by line (``^`` and ``$`` are a line's ends); without
    ``case`` capital letters count as small ones. Filters: groups, projects, and the days on which the job ended.

    Columns: project_id, job_id, path_with_namespace, job_name, status, ended (the team's wall clock), number (of the
    line in the whole log, from 1), matches (lines of this log that match), before, line, after (``around`` lines as
    lists; cut at 2,000 characters), job_web_url. Raises SearchError for what cannot be searched for.
    """
    pattern = _pattern(connection, text, regex=regex, case=case)
    flags = "" if case else "(?i)"
    needed = _needed(text) if regex else text
    bound = {"whole": pattern, "literal": flags + _COLOUR.join(map(re.escape, needed))}
    matches = " and ".join(([_LITERAL] if needed else []) + ([_REGEX] if regex else []))
    keys = connection.execute(
        CANDIDATES,
        {
            "groups": list(filters.groups) or None,
            "projects": list(filters.projects) or None,
            "since": filters.since,
            "until": filters.until,
        },
    ).fetchall()
    hits: list[tuple[int, int]] = []
    for start, end in pairwise(SLICES):
        if len(hits) < logs and (part := keys[start:end]):
            statement = HITS.format(matches=matches)
            values = _keys(part) | {"logs": logs - len(hits)} | {k: v for k, v in bound.items() if f"${k}" in matches}
            hits += connection.execute(statement, values).fetchall()
    more = {"line_pattern": pattern, "around": around, "per_log": per_log}
    found = ask(connection, LINES, filters, **_keys(hits), **more)
    # A log that was stored by an earlier version and not gone through again yet.
    found["line"] = [mask(line) for line in found["line"]]
    for side in ("before", "after"):
        found[side] = [[mask(line) for line in lines] for lines in found[side]]
    return found


def _pattern(connection: duckdb.DuckDBPyConnection, text: str, *, regex: bool, case: bool) -> str:
    """The pattern a line must match; raises SearchError."""
    if not SHORTEST <= len(text) <= LONGEST:
        raise SearchError(f"Type {SHORTEST} to {LONGEST} characters.")
    pattern = ("" if case else "(?i)") + (text if regex else re.escape(text))
    try:
        # As it was typed: what is wrong is told in the person's own words.
        connection.execute("select regexp_matches('', $1)", [text if regex else ""])
    except duckdb.Error as error:
        why = str(error).partition("Error: ")[2].strip() or "it cannot be read"
        raise SearchError(f"This is no regular expression: {why}.") from error
    return pattern


def _needed(pattern: str) -> str:
    """The longest text that every match of a simple pattern holds: much quicker to look for than the pattern itself."""
    if re.search(r"[(|]|\\[xpPQC0-7]|\[\^?\]", pattern):
        return ""
    rest = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "\0", pattern)
    runs = re.findall(r"([^\0.^$*+?{}\[\]]+)([*?{]?)", re.sub(r"\{[^}]*\}", "{", rest))
    return max((run[:-1] if optional else run for run, optional in runs), key=len, default="")


def _keys(keys: list[tuple[int, int]]) -> dict[str, object]:
    """Keys as bound values; the range of job numbers lets DuckDB leave whole stretches of logs unread."""
    jobs = [job for _, job in keys]
    return {
        "project_ids": [project for project, _ in keys],
        "job_ids": jobs,
        "first": min(jobs, default=0),
        "last": max(jobs, default=0),
    }
