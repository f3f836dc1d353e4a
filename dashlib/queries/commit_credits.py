"""Which commits a question is about: the filter bar and the choices of the page as conditions on commit_credits.

All fragments are fixed text with bound values; a condition that filters nothing is left out, so that the SQL shown is
short and nothing is joined in vain.
"""

from __future__ import annotations

from collections.abc import Mapping
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

BY: Mapping[str, tuple[str, str]] = {
    "person": (
        "person",
        "select d.person as unit, d.person as key, coalesce(n.label, d.person::varchar) as label\n"
        "    from (select distinct person from counted) d left join persons n on n.id = d.person",
    ),
    "repository": (
        "project_id",
        "select id as unit, path_with_namespace as key, path_with_namespace as label from projects",
    ),
    "group": ("project_id", "select id as unit, namespace as key, namespace as label from projects"),
    "team": (
        "person",
        "select d.person as unit, coalesce(t.team, '(no team)') as key, coalesce(t.team, '(no team)') as label\n"
        "    from (select distinct person from counted) d\n"
        "    left join (select distinct person, team from person_teams) t on t.person = d.person",
    ),
}
"""What commits are split by: the word in the widget and the URL; the column that tells, and its key and label."""


def counted(filters: Filters, which: Mapping[str, str], period: str) -> str:
    """The CTEs that end in ``counted``: one row per credit of the commits that are asked for.

    ``which`` is what ``what`` gives back; ``period`` the condition on ``c.committed_at``.
    """
    conditions = [_ROLE[which["role"]], period]
    if filters.groups or filters.projects:
        conditions.append(
            "c.project_id in (\n        select id from projects\n"
            "        where within(namespace, $groups) and chosen(path_with_namespace, $projects))"
        )
    if filters.persons:
        conditions.append("c.person in (select id from persons where chosen(id::varchar, $persons))")
    conditions += [_MERGES[which["merges"]], _BOTS[which["bots"]]]
    if which["branches"] == "default":
        conditions.append("c.on_default")
    chosen = "\n      and ".join(condition for condition in conditions if condition)
    if which["forks"] == "each":
        return f"counted as (\n    select c.* from commit_credits c\n    where {chosen}\n)"
    return f"chosen_credits as (\n    select c.* from commit_credits c\n    where {chosen}\n), {_ONCE}"


def keyed(by: str, role: str) -> str:
    """The CTEs from ``counted`` to ``keyed``: each credit with the key it counts for.

    ``once`` is true for one of the credits that a commit has with one key: who sums over those counts commits.
    """
    unit, keys = BY[by]
    once = "true"
    if by != "person" and role in OVERLAPPING:
        once = "row_number() over (partition by k.key, c.project_id, c.commit_id order by c.role, c.person) = 1"
    return (
        f"keys as (\n    {keys}\n), keyed as (\n    select c.*, k.key, k.label, {once} as once\n"
        f"    from counted c join keys k on k.unit = c.{unit}\n)"
    )


def what(role: str, merges: str, bots: str, branches: str, forks: str) -> dict[str, str]:
    """The choices by name; ValueError for a word that is none."""
    return {
        "role": of(ROLES, role),
        "merges": of(CHOICES, merges),
        "bots": of(CHOICES, bots),
        "branches": of(BRANCHES, branches),
        "forks": of(FORKS, forks),
    }


def of(choices: tuple[str, ...], word: Any) -> str:
    """The word, if it is one of these; ValueError otherwise."""
    if word not in choices:
        raise ValueError(f"{word!r} is none of {', '.join(choices)}")
    return str(word)


def within_period(filters: Filters, column: str = "c.committed_at") -> str:
    """The condition for the days of the filter bar; empty where they are not limited."""
    parts = []
    if filters.since is not None:
        parts.append(f"{column} >= team_day_start($since::date)")
    if filters.until is not None:
        parts.append(f"{column} < team_day_start($until::date + 1)")
    return " and ".join(parts)


_ROLE = {
    "both": "c.role in ('author', 'co_author')",
    **{role: f"c.role = '{role}'" for role in ROLES if role != "both"},
}
_MERGES = {"without": "not c.is_merge", "with": "", "only": "c.is_merge"}
_ROBOTS = "(select 1 from persons b where b.id = c.person and b.is_bot)"
_BOTS = {"without": f"not exists {_ROBOTS}", "with": "", "only": f"exists {_ROBOTS}"}
# Of a commit in several repositories the one with the smallest id counts: the oldest of those that are asked about.
_ONCE = """counted as (
    select * from chosen_credits where commit_id not in (select commit_id from shared_commits)
    union all
    select * from chosen_credits where commit_id in (select commit_id from shared_commits)
    qualify project_id = min(project_id) over (partition by commit_id)
)"""
