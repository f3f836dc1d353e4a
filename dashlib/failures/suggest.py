"""Issues that may already be about a failure, ranked by how much of its words they have."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from rapidfuzz import fuzz, process, utils

from dashlib.failures.decisions import Issue

LIKELY = 45.0
"""Below this similarity (0 to 100) an issue is not suggested: words such as "failed" are in all of them."""
PRESELECTED = 85.0
"""From this on an issue is offered as chosen; where its title has words enough to tell anything."""
_TELLING_WORDS = 4
_MOST_COMPARED = 5_000
_SAME_PROJECT = 8.0

_ISSUES = """
select i.project_id, i.iid, coalesce(i.title, ''), left(coalesce(i.description, ''), 600), coalesce(i.state, ''),
       coalesce(p.path_with_namespace, 'project ' || i.project_id), web_link(i.web_url)
from issues i
left join projects p on p.id = i.project_id
order by i.state = 'opened' desc, i.updated_at desc nulls last, i.project_id, i.iid
limit $most
"""


@dataclass(frozen=True)
class Suggestion:
    """An issue, and how alike it is (0 to 100)."""

    issue: Issue
    title: str
    state: str
    path: str
    url: str | None
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether it is so alike that it may stand there as chosen."""
        return self.score >= PRESELECTED and len(self.title.split()) >= _TELLING_WORDS and not self.closed

    @property
    def closed(self) -> bool:
        """Whether the issue is closed."""
        return self.state == "closed"


def suggested(
    reader: duckdb.DuckDBPyConnection, words: str, project_id: int, search: str = "", most: int = 8
) -> tuple[list[Suggestion], list[Suggestion]]:
    """Open issues and closed ones, each the most alike first.

    ``words`` is the reason and what else tells of the failure. With ``search`` those whose title, path or number has
    it, however alike.
    """
    rows = reader.execute(_ISSUES, {"most": _MOST_COMPARED}).fetchall()
    wanted = search.strip().lower()
    if wanted:
        rows = [row for row in rows if wanted in f"{row[5]}#{row[1]} {row[2]}".lower()]
    # Title and text are compared apart: a long description holds the words of any failure somewhere.
    scores = [0.0] * len(rows)
    for column, weight in ((2, 1.0), (3, 0.8)):
        texts = [row[column] for row in rows]
        found = process.extract_iter(words, texts, scorer=fuzz.token_set_ratio, processor=utils.default_process)
        for _, score, place in found:
            scores[place] = max(scores[place], weight * score)
    ranked = [
        Suggestion(
            Issue(row[0], row[1]), row[2], row[4], row[5], row[6],
            round(min(100.0, score + _SAME_PROJECT * (row[0] == project_id)), 1),
        )
        for row, score in zip(rows, scores, strict=True)
    ]  # fmt: skip
    ranked = sorted(
        (one for one in ranked if wanted or one.score >= LIKELY),
        key=lambda one: (-one.score, one.issue.project_id, -one.issue.iid),
    )
    return [one for one in ranked if one.state != "closed"][:most], [one for one in ranked if one.state == "closed"][
        :most
    ]
