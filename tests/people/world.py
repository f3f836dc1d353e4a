"""Small worlds of commits over a real database."""

from __future__ import annotations

from typing import Any

from tests.queries.build import Builder

FIGURES = """
select (select list((person, person_label, commits) order by person) from (
            select person, person_label, count(*) as commits from commits_by_author group by all)) as credited,
       (select list((id, name, label, commits, is_bot) order by id) from persons) as persons,
       (select list((handle, person) order by handle) from identities) as identities
"""


def figures(built: Builder) -> list[dict[str, Any]]:
    """Every figure that depends on who is who."""
    return built.rows(FIGURES)


def company(built: Builder) -> Builder:
    built.user(1, "ada", "Ada Lovelace")
    for number, author in enumerate(
        [
            ("Ada Lovelace", "ada.lovelace@one.example"),
            ("Ada Lovelace", "ada.lovelace@two.example"),
            ("Ada", "ada.lovelace@one.example"),
            ("Bob", "bob@one.example"),
            ("Pair", "bob@one.example"),
            ("Ada Lovelace", "root@localhost"),
            ("Bob", "root@localhost"),
            ("Bob", "bobby@elsewhere.example"),
        ]
    ):
        built.commit(f"c{number}", author, co_authors=[("Bob", "bob@one.example")] if number == 0 else [])
    return built
