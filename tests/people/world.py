"""Small worlds of commits over a real database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dashlib.model import Filters, Put
from dashlib.people.tables import MAILMAPS
from dashlib.queries import commits
from dashlib.queries.commits_held import held
from tests.queries.build import Builder

FIGURES = """
select (select list((person, person_label, commits) order by person) from (
            select person, person_label, count(*) as commits from commits_by_author group by all)) as credited,
       (select list((id, name, label, commits, is_bot) order by id) from persons) as persons,
       (select list((handle, person, because) order by handle, because) from identities) as identities,
       (select list((id, person, is_bot) order by id) from account_persons) as accounts,
       (select list((project_id, id, person) order by project_id, id) from identities_here) as here,
       (select list((person, team, origin) order by person, team) from person_teams) as teams,
       (select list((person, other, evidence) order by person, other) from person_proposals) as proposals
"""


def figures(built: Builder) -> dict[str, Any]:
    """Every figure that depends on who is who: of the views, and what the page of commits asks of its copy."""
    [found] = built.rows(FIGURES)
    with built.store.reader() as reader, held(reader) as copy:
        for by in ("person", "team"):
            ranking = commits.ranking(copy, Filters(), by=by, which=commits.EVERY)
            found[f"by {by}"] = ranking[["label", "key", "is_bot", "commits", "people"]].to_dict("records")
    return found


def mailmap(built: Builder, text: str, project: int = 1) -> None:
    """A repository's .mailmap, as a sync reads it."""
    row = {"origin": "project", "project_id": project, "name": "", "text": text, "commit_id": "x"}
    built.store.write(Put(MAILMAPS, [row | {"read_at": datetime(2026, 3, 10, tzinfo=UTC).replace(tzinfo=None)}]))


def company(built: Builder) -> Builder:
    built.user(1, "ada", "Ada Lovelace")
    for number, author in enumerate(
        [
            ("Ada Lovelace", "ada.lovelace@one.example"),
            ("Ada Lovelace", "ada.lovelace@two.example"),
            ("Ada", "ada.lovelace@one.example"),
            ("Bob", "bob@one.example"),
            ("Pair", "bob@one.example"),
            ("Ada Lovelace", "noreply@localhost"),
            ("Bob", "noreply@localhost"),
            ("Bob", "bobby@elsewhere.example"),
        ]
    ):
        built.commit(f"c{number}", author, co_authors=[("Bob", "bob@one.example")] if number == 0 else [])
    return built
