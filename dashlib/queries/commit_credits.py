"""Which commits a question is about: the filter bar and the choices of the page as conditions on commit_credits.

All fragments are fixed text with bound values; a condition that filters nothing is left out, so that the SQL shown is
short and nothing is joined in vain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashlib.model import Filters

ROLES = ("author", "co_author", "both", "committer", "merger", "pusher")
"""``both`` is author or co-author."""
GRAINS = ("day", "week", "month", "quarter")
CHOICES = ("without", "with", "only")
"""What to do with merges and with robots."""
BRANCHES = ("all", "default")
FORKS = ("each", "once")
"""A commit that stands in several repositories counts in each of them, or once."""
OVERLAPPING = ("co_author", "both")
"""Roles in which one commit can be credited to several people."""


def of(choices: tuple[str, ...], word: Any) -> str:
    """The word, if it is one of these; ValueError otherwise."""
    if word not in choices:
        raise ValueError(f"{word!r} is none of {', '.join(choices)}")
    return str(word)


@dataclass(frozen=True)
class Narrowed:
    """Which commits count, and for whom, beside the filter bar; ValueError for a word that is no choice."""

    role: str = "author"
    merges: str = "without"
    bots: str = "without"
    branches: str = "all"
    forks: str = "each"

    def __post_init__(self) -> None:
        of(ROLES, self.role)
        of(CHOICES, self.merges)
        of(CHOICES, self.bots)
        of(BRANCHES, self.branches)
        of(FORKS, self.forks)


AUTHORED_BY_PEOPLE = Narrowed()
"""Each commit once per repository and for its author; no merge commits, no robots."""


@dataclass(frozen=True)
class Key:
    """What commits are split by, as SQL: the key of a credit ``c``, and the name of each key ``k.key``.

    Keys are grouped before they are named: a number is grouped in a fraction of a text's time.
    """

    key: str
    name: str
    label: str
    joined: str = ""
    named: str = ""


BY: Mapping[str, Key] = {
    "person": Key(
        "c.person",
        name="k.key::varchar",
        label="coalesce(n.label, k.key::varchar)",
        named="left join persons n on n.id = k.key",
    ),
    "repository": Key(
        "c.project_id",
        name="n.path_with_namespace::varchar",
        label="n.path_with_namespace::varchar",
        named="join projects n on n.id = k.key",
    ),
    "group": Key(
        "g.namespace",
        name="k.key::varchar",
        label="k.key::varchar",
        joined="join projects g on g.id = c.project_id",
    ),
    "team": Key(
        "t.team",
        name="coalesce(k.key::varchar, '(no team)')",
        label="coalesce(k.key::varchar, '(no team)')",
        joined="left join (select distinct person, team from person_teams) t on t.person = c.person",
    ),
}
"""By the word in the widget and the URL."""


def counted(filters: Filters, which: Narrowed, period: str, name: str = "counted") -> str:
    """The CTEs that end in ``name``: one row per credit of the commits that are asked for.

    ``period`` is the condition on ``c.committed_at``.
    """
    conditions = [_ROLE[which.role], period]
    if filters.groups or filters.projects:
        conditions.append(
            "c.project_id in (\n        select id from projects\n"
            "        where within(namespace, $groups) and chosen(path_with_namespace, $projects))"
        )
    if filters.persons:
        conditions.append("c.person in (select id from persons where chosen(id::varchar, $persons))")
    conditions += [_MERGES[which.merges], _BOTS[which.bots]]
    if which.branches == "default":
        conditions.append("c.on_default")
    chosen = "\n      and ".join(condition for condition in conditions if condition)
    if which.forks == "each":
        return f"{name} as not materialized (\n    select c.* from commit_credits c\n    where {chosen}\n)"
    return f"all_{name} as (\n    select c.* from commit_credits c\n    where {chosen}\n), {_ONCE.format(name=name)}"


def keyed(by: str, role: str) -> str:
    """The CTE ``keyed`` after ``counted``: each credit with the key it counts for (``BY``).

    ``once`` is true for one of the credits that a commit has with one key: who sums over those counts commits.
    """
    key = BY[by]
    once = "true"
    if by != "person" and role in OVERLAPPING:
        once = f"row_number() over (partition by {key.key}, c.project_id, c.commit_id order by c.role, c.person) = 1"
    joined = f"\n    {key.joined}" if key.joined else ""
    # Asked twice it is read twice: to set millions of rows aside takes longer.
    return (
        f"keyed as not materialized (\n    select c.*, {key.key} as key, {once} as once\n    from counted c{joined}\n)"
    )


def within_period(filters: Filters, column: str = "c.committed_at") -> str:
    """The condition for the days of the filter bar on a time of the database; empty where they are not limited."""
    parts = []
    if filters.since is not None:
        parts.append(f"{column} >= team_day_start($since::date)")
    if filters.until is not None:
        parts.append(f"{column} < team_day_start($until::date + 1)")
    return " and ".join(parts)


def on_days(filters: Filters) -> str:
    """The same of a credit's ``day``, which the copy in memory holds worked out: the quicker condition there."""
    parts = []
    if filters.since is not None:
        parts.append("c.day >= $since::date")
    if filters.until is not None:
        parts.append("c.day <= $until::date")
    return " and ".join(parts)


_ROLE = {
    "both": "c.role in ('author', 'co_author')",
    **{role: f"c.role = '{role}'" for role in ROLES if role != "both"},
}
_MERGES = {"without": "not c.is_merge", "with": "", "only": "c.is_merge"}
_ROBOTS = "(select id from persons where is_bot)"
_BOTS = {"without": f"c.person not in {_ROBOTS}", "with": "", "only": f"c.person in {_ROBOTS}"}
# Of a commit in several repositories the one with the smallest id counts: the oldest of those that are asked about.
_ONCE = """{name} as (
    select * from all_{name} where commit_id not in (select commit_id from shared_commits)
    union all
    select * from all_{name} where commit_id in (select commit_id from shared_commits)
    qualify project_id = min(project_id) over (partition by commit_id)
)"""
