"""Issues that may already be about a failure, ranked by the telling words that both have."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from dashlib.failures.decisions import Issue
from dashlib.failures.reason import CATEGORIES

LIKELY = 40.0
"""Below this likeness (0 to 100) an issue is not suggested."""
PRESELECTED = 85.0
"""From this on an issue is offered as chosen; where its title has words enough to tell anything."""
_TELLING_WORDS = 4
_MOST_COMPARED = 5_000
_SAME_PROJECT = 8.0
# A shared word counts where at most so many of the issues have it; alone it is enough where it is as long as that.
_RARE_SHARE, _RARE_COUNT, _DISTINCTIVE = 0.1, 3, 12
# How much of the title's words the failure has weighs more than how much of the failure the title tells.
_OF_TITLE, _OF_FAILURE, _OF_TEXT = 0.7, 0.3, 0.8

_WORD = re.compile(r"[a-z0-9_]*[a-z][a-z0-9_]*")
_MARK = re.compile(r"<\w{1,8}>")
# What stands in issues and logs of any failure.
_SAYS_NOTHING = frozenset({
    "the", "and", "for", "with", "from", "not", "was", "were", "has", "have", "had", "but", "are", "its", "this",
    "that", "when", "after", "before", "into", "than", "then", "more", "less", "some", "any", "all", "does", "did",
    "can", "could", "cannot", "unable", "should", "must", "will", "again", "still", "new", "old", "see", "too",
    "fail", "fails", "failed", "failing", "failure", "failures", "error", "errors", "fatal", "exception", "broken",
    "wrong", "missing", "invalid", "unexpected", "expected", "actual", "found", "unknown", "none", "null", "true",
    "false", "job", "jobs", "pipeline", "pipelines", "runner", "runners", "test", "tests", "testing", "build", "builds",
    "building", "run", "runs", "running", "ran", "step", "stage", "task", "command", "commands", "script", "exit",
    "code", "status", "line", "lines", "file", "files", "path", "directory", "name", "value", "values", "type",
    "longer", "took", "execution", "seconds", "minutes", "hours", "timeout", "timed", "time", "out", "nightly",
    "night", "nightlies", "main", "master", "branch", "commit", "project", "repository", "server", "service", "host",
    "http", "https", "com", "org", "www", "bin", "usr", "src", "lib", "java", "python", "node", "npm", "make",
    "docker", "image", "issue", "bug", "fix", "flaky", "log", "logs", "output", "update", "version", "system",
    *(word for category in CATEGORIES for word in category.split("_")),
})  # fmt: skip

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
    reader: duckdb.DuckDBPyConnection, words: str, project_id: int, search: str = "", most: int = 5
) -> tuple[list[Suggestion], list[Suggestion]]:
    """Open issues and closed ones, each the most alike first.

    ``words`` is the reason and what else tells of the failure. An issue is suggested for words that few issues have:
    two of them, or a long one. With ``search`` those whose title, path or number has it, however alike.
    """
    rows = reader.execute(_ISSUES, {"most": _MOST_COMPARED}).fetchall()
    titles, texts = [telling(row[2]) for row in rows], [telling(row[3]) for row in rows]
    spread = Counter(word for title, text in zip(titles, texts, strict=True) for word in title | text)
    failure, wanted = telling(words), search.strip().lower()
    ranked: list[Suggestion] = []
    for row, title, text in zip(rows, titles, texts, strict=True):
        score = likeness(failure, title, text, spread, len(rows))
        found = wanted in f"{row[5]}#{row[1]} {row[2]}".lower() if wanted else score >= LIKELY
        if found:
            score = round(min(100.0, score + _SAME_PROJECT * (row[0] == project_id)), 1)
            ranked.append(Suggestion(Issue(row[0], row[1]), row[2], row[4], row[5], row[6], score))
    ranked.sort(key=lambda one: (-one.score, one.issue.project_id, -one.issue.iid))
    opened, closed = ([one for one in ranked if one.closed is which][:most] for which in (False, True))
    return opened, closed


def telling(text: str) -> frozenset[str]:
    """The words of a text that may tell one failure from another, in lower case."""
    found = _WORD.findall(_MARK.sub(" ", text).lower())
    return frozenset(word for word in found if len(word) >= 3) - _SAYS_NOTHING


def likeness(
    failure: Collection[str], title: Collection[str], text: Collection[str], spread: Mapping[str, int], issues: int
) -> float:
    """How alike a failure's words and an issue's are (0 to 100); words of few issues weigh more.

    ``spread`` counts in how many of the ``issues`` a word stands. Title and text are compared apart: a long text holds
    the words of any failure somewhere. 0 where only words are shared that many issues have, or a single short one.
    """
    best = 0.0
    for words, is_title in ((title, True), (text, False)):
        shared = {word for word in failure if word in words}
        rare = {word for word in shared if spread[word] <= max(_RARE_COUNT, _RARE_SHARE * issues)}
        if len(rare) < 2 and not any(len(word) >= _DISTINCTIVE for word in rare):
            continue
        weight, of_failure = _weight(shared, spread, issues), _weight(failure, spread, issues)
        told = weight / of_failure
        if is_title:
            told = _OF_TITLE * weight / _weight(words, spread, issues) + _OF_FAILURE * told
        else:
            told *= _OF_TEXT
        best = max(best, 100 * told)
    return best


def _weight(words: Collection[str], spread: Mapping[str, int], issues: int) -> float:
    return sum(math.log(2 + issues / (spread.get(word, 0) + 1)) for word in words)
