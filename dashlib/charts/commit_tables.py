"""The tables and top-line numbers of the commits page, and its words for a person."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from dashlib.charts import palette
from dashlib.charts.tables import Column, Tile

SUMS = (
    Tile("commits", "Commits", "Each counts once per repository, unless forks are counted once."),
    Tile("people", "People", "Robots too, where they are counted."),
    Tile("new_people", "New", "People whose first commit ever stored is of this period.", kind="known"),
    Tile("returning_people", "Returning", "People who had committed before this period.", kind="known"),
    Tile("repositories", "Repositories"),
    Tile("active_days", "Active days", "Days with at least one commit."),
)
BUILD_SUMS = (
    Tile("builds", "Builds", "Pipelines that somebody set off: no schedules, no child pipelines."),
    Tile("passed", "Passed"),
    Tile("failed", "Failed"),
    Tile("success_rate", "Success", "Passed, of those that passed or failed.", kind="share"),
    Tile("people", "People"),
)
ENDS = {"failed": palette.STATES["failed"].colour, "no verdict": palette.OTHERS, "passed": palette.SERIES[2]}
"""How builds end, and the colours of that."""
_PEOPLE = Column("people", "People", "number", 75)
_RANKED = (
    Column("commits", "Commits", "number", 72),
    Column("share", "Share", "share", 84),
    Column("change", "± before", "change", 72, help="Against as many days before; empty where those were not read."),
    Column("active_days", "Active days", "number", 82, help="Days with at least one commit."),
)
_LINES = (
    Column("additions", "Lines +", "number", 62, help="Without merge commits, as git log --numstat counts."),
    Column("deletions", "Lines −", "number", 62, help="Without merge commits, as git log --numstat counts."),
    Column("first_commit", "First", "day", 92, help="The first commit of the period."),
    Column("last_commit", "Last", "day", 92, help="The last commit of the period."),
)
_PLACE = Column("place", "#", "number", 38)
RANKING = {
    "person": (
        _PLACE,
        Column("label", "Person", width=160),
        *_RANKED,
        Column("repositories", "Repos", "number", 60, help="Repositories with at least one of the commits."),
        *_LINES,
        Column("is_new", "New", "flag", 48, help="Their first commit ever stored is of this period."),
        Column("is_bot", "Robot", "flag", 58),
    ),
    **{
        by: (_PLACE, Column("label", by.title(), width="medium"), *_RANKED, _PEOPLE, *_LINES)
        for by in ("repository", "group", "team")
    },
}
CSV_HEADINGS = {
    by: {"place": "rank", "label": by, "key": "id", "is_bot": "robot"}
    | {"is_new": "new", "change": "change against before"}
    for by in RANKING
}
"""What the columns of a ranking are called in a file, by what is ranked."""
COMMITS = (
    Column("committed", "When", "moment", 135),
    Column("person_label", "Who", width=150),
    Column("title", "What", width=290),
    Column("web_url", "On GitLab", "link", 95, text="open commit"),
    Column("path_with_namespace", "Repository", width=185),
    Column("additions", "Lines +", "number", 75),
    Column("deletions", "Lines −", "number", 75),
    Column("role", "Role", width=85),
    Column("is_merge", "Merge", "flag", 65),
    Column("on_default", "On default", "flag", 85, help="On the default branch when it was last read."),
)
DIFFERING = {
    line: (
        Column("committed", "When", "moment", 135),
        Column("person_label", "Author", width=175),
        Column(f"{line}_by", heading, width=150),
        Column("title", "What", width=310),
        Column("web_url", "On GitLab", "link", 100, text="open commit"),
        Column("path_with_namespace", "Repository", width="medium"),
        Column("is_merge", "Merge", "flag", 65),
        Column("on_default", "On default", "flag", 85),
    )
    for line, heading in (("pushed", "First pushed by"), ("committed", "Committed by"))
}
"""The commits of a term, by line."""
MEASURES = {
    "commits": "Commits",
    "active_days": "Active days",
    "additions": "Lines added",
    "deletions": "Lines deleted",
}
"""What the chart over time can count."""
PUSHES = (
    Column("happened", "When", "moment", 135),
    Column("person_label", "Who", width=175),
    Column("ref", "Branch", width=170),
    Column("commit_count", "Commits", "number", 80),
    Column("resolved", "Known", "number", 75, help="How many of them are stored."),
    Column("title", "Newest", width=260),
    Column("web_url", "On GitLab", "link", 90, text="open push"),
    Column("path_with_namespace", "Repository", width="medium"),
)
BUILDS = (
    Column("place", "#", "number", 45),
    Column("label", "Person", width="medium"),
    Column("builds", "Builds", "number", 75),
    Column("share", "Share", "share", 105),
    Column("passed", "Passed", "number", 75),
    Column("failed", "Failed", "number", 75),
    Column("success_rate", "Success", "share", 105, help="Passed, of those that passed or failed."),
    Column("waited_p50", "Waited, half", "seconds", 105, help="Half of them waited at most so long for a runner."),
    Column("waited_p95", "Waited, 95 %", "seconds", 105, help="One of twenty waited longer."),
    Column("took_p50", "Took, half", "seconds", 95, help="Half of them ran at most so long."),
    Column("repositories", "Repositories", "number", 95),
    Column("last_build", "Last", "moment", 130),
    Column("is_bot", "Robot", "flag", 60),
)

TERMS: Mapping[str, str] = {
    "pushed": "pushed",
    "cut": "cut from a hook's list of 20",
    "unknown": "not known, outside the window or gone",
    "again": "pushed again, to several branches",
    "outside": "made outside the period",
    "others": "of other authors",
    "alias_pushed": "of the same name, another address",
    "robot": "of robots, or of people",
    "merge": "merge commits, or other ones",
    "squash": "squashed by their merge request",
    "branch": "on other branches only",
    "earlier": "pushed outside the period",
    "by_others": "pushed by others",
    "alias": "pushed by the same name, another account",
    "bulk": "in a push of many branches (0 commits told)",
    "untold": "in no push that was told",
    "forks": "again in forks",
}
"""The terms of the line (``queries.reconciliation``) for a person."""


def terms(line: pd.DataFrame, merges: str, bots: str) -> dict[str, str]:
    """The terms that are not nought, each with its signed number in words; the order of the line."""
    words = dict(TERMS) | {
        "merge": "commits that are no merges" if merges == "only" else "merge commits",
        "robot": "commits of people" if bots == "only" else "commits of robots",
    }
    found = {}
    for term, amount in zip(line["term"], line["amount"], strict=True):
        if term in words and (amount or term == "pushed"):
            sign = "" if term == "pushed" else "+ " if amount > 0 else "− "
            found[str(term)] = f"{sign}{abs(amount):,} {words[term]}"
    return found


COMMITTED: Mapping[str, str] = {
    "committed": "committed by them",
    "for_others": "of other authors, committed by them",
    "by_others": "committed by others",
    "by_robots": "committed by robots or the forge",
    "unnamed": "whose committer is not known",
    "rewritten": "of them amended, rebased or picked",
}
"""The terms of the second line (``queries.committed``); the last is no term, but a part of all of them."""


def committed_terms(line: pd.DataFrame) -> dict[str, str]:
    """The terms of the second line that are not nought, each with its signed number in words."""
    found = {}
    for term, amount in zip(line["term"], map(int, line["amount"]), strict=True):
        if term in COMMITTED and (amount or term == "committed"):
            sign = "" if term in ("committed", "rewritten") else "+ " if amount > 0 else "− "
            found[str(term)] = f"{sign}{abs(amount):,} {COMMITTED[term]}"
    return found


def overlap_told(by: str, commits: int, counted: int, *, co_authors: bool) -> str:
    """What several share, in a sentence; ``co_authors`` count, too."""
    whose = {
        (False, True): "Co-authors",
        (True, False): "People in several teams",
        (True, True): "Co-authors, and people in several teams,",
    }[by == "team", co_authors]
    told = "commit is" if commits == 1 else "commits are"
    return f"{whose} share commits: {commits:,} {told} counted {counted:,} times."
