"""A push of many branches names no commits: only what nothing else can have brought counts to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from dashlib.lineage.draw import refresh as walk
from dashlib.model import Filters, Put
from dashlib.people.refresh import refresh
from dashlib.queries import reconciliation
from dashlib.queries.commits_held import held
from dashlib.store import bookkeeping, open_store
from tests.commits.test_reconciliation import ADA, DAY
from tests.queries.build import MIDNIGHT, Builder

TODAY = MIDNIGHT
LATELY = Filters(since=(TODAY - 25 * DAY).date(), until=TODAY.date())
THEN = Filters(since=(TODAY - 25 * DAY).date(), until=(TODAY - 15 * DAY).date())


@pytest.fixture
def repository(built: Builder) -> Iterator[Builder]:
    """A repository whose events are read over two months; ``d`` on ``c`` on ``b`` on ``a``, 20 days old."""
    read = {"source": "gitlab", "project_id": 1, "resource": "events", "variant": "project"}
    read |= {"since": TODAY - 60 * DAY, "watermark": TODAY, "completed_at": TODAY, "activity": None, "position": None}
    built.store.write(Put(bookkeeping.PASSES, [read]))
    built.user(2, "bob", "Bob")
    made = TODAY - 20 * DAY
    for place, sha in enumerate("abcd"):
        built.commit(sha, ADA, made + timedelta(minutes=place), parent_ids=["zabc"[place]])
    yield built


def pushed(built: Builder, days: float, before: str, after: str, count: int, ref: str = "topic") -> None:
    built.event(
        "pushed to", TODAY - days * DAY, push_action="pushed", ref_type="branch", ref=ref, commit_from=before,
        commit_to=after, commit_count=count,
    )  # fmt: skip


def pushed_in_bulk(built: Builder, days: float) -> None:
    built.event(
        "pushed new", TODAY - days * DAY, push_action="created", ref_type="branch", ref_count=5, commit_count=0,
        author_id=2, author_username="bob", author_name="Bob",
    )  # fmt: skip


def amounts(built: Builder, filters: Filters = LATELY) -> dict[str, int]:
    walk(built.store)
    refresh(built.store)
    with built.store.reader() as reader, held(reader) as copy:
        found = reconciliation.line(reader, filters)
        assert reconciliation.line(copy, filters).equals(found)
    told = dict(zip(found["term"], map(int, found["amount"]), strict=True))
    assert told["authored"] == sum(told[term] for term in reconciliation.TERMS)
    return {term: amount for term, amount in told.items() if amount}


@pytest.mark.parametrize("filters", [LATELY, THEN], ids=["in the period", "after it"])
def test_unrelated_branches_of_somebody_else_are_no_evidence(repository: Builder, filters: Filters) -> None:
    pushed_in_bulk(repository, 0)
    assert amounts(repository, filters) == {"authored": 4, "untold": 4}


def test_what_a_later_push_began_on_top_of_came_before_it(repository: Builder) -> None:
    pushed_in_bulk(repository, 18)
    pushed(repository, 10, "c", "d", 1)
    assert amounts(repository) == {"authored": 4, "pushed": 1, "bulk": 3}
    assert amounts(repository, THEN) == {"authored": 4, "earlier": 1, "bulk": 3}
    assert walk(repository.store) == 0


def test_what_was_there_before_did_not_come_then(repository: Builder) -> None:
    pushed(repository, 19, "b", "c", 1)
    pushed_in_bulk(repository, 18)
    pushed(repository, 10, "c", "d", 1)
    assert amounts(repository) == {"authored": 4, "pushed": 2, "untold": 2}


def test_where_another_one_outside_the_period_can_have_brought_it_nothing_is_said(repository: Builder) -> None:
    pushed_in_bulk(repository, 18)
    pushed_in_bulk(repository, 12)
    pushed(repository, 10, "c", "d", 1)
    assert amounts(repository)["bulk"] == 3
    assert amounts(repository, THEN) == {"authored": 4, "earlier": 1, "untold": 3}


def test_a_push_of_which_not_all_is_known_can_have_brought_it(repository: Builder) -> None:
    pushed_in_bulk(repository, 18)
    pushed(repository, 17, "x", "y", 5, ref="other")
    pushed(repository, 10, "c", "d", 1)
    assert amounts(repository) == {"authored": 4, "pushed": 6, "unknown": -5, "untold": 3}


@pytest.mark.parametrize(
    "change",
    ["delete from bookkeeping.passes", "update bookkeeping.passes set since = '2026-03-09'",
     "update bookkeeping.passes set variant = 'project?action=pushed'"],
    ids=["events are not read", "only later ones", "only some"],
)  # fmt: skip
def test_where_pushes_may_not_be_told_there_is_no_evidence(repository: Builder, tmp_path: Path, change: str) -> None:
    test_what_a_later_push_began_on_top_of_came_before_it(repository)
    repository.store.close()
    with duckdb.connect(str(repository.store.path)) as connection:
        connection.execute(change)
        connection.execute("delete from bookkeeping.walked")
    with open_store(repository.store.path) as store:
        assert amounts(Builder(store)) == {"authored": 4, "pushed": 1, "untold": 3}


def test_a_database_of_before_learns_it(repository: Builder) -> None:
    test_what_a_later_push_began_on_top_of_came_before_it(repository)
    repository.store.close()
    with duckdb.connect(str(repository.store.path)) as connection:
        for gone in ("drop table bulk_commits", "drop table push_lists", "update bookkeeping.walked set pushes = 1"):
            connection.execute(gone)
    with open_store(repository.store.path) as store:
        assert amounts(Builder(store)) == {"authored": 4, "pushed": 1, "bulk": 3}
