"""Pushes that only webhooks tell of: their commits are known, each once, also when the API tells of them later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dashlib.lineage.draw import refresh as walk
from dashlib.model import Filters, Upsert
from dashlib.people.refresh import refresh
from dashlib.queries import committed, reconciliation
from dashlib.queries.commits_held import held
from dashlib.sources.gitlab.commits import commit_row
from dashlib.sources.gitlab.events import event_row
from dashlib.sources.tables import COMMITS, EVENTS
from tests.queries.build import Builder
from tests.receive.payloads import RECEIVED, payload, shaped

WEEK = Filters(since=RECEIVED.date() - timedelta(days=6), until=RECEIVED.date())


def sha(number: int) -> str:
    return f"{0xA0000 + number:040x}"


def heard(
    built: Builder, source: str, first: int, last: int, shown: int | None = None, **told: Any
) -> list[dict[str, Any]]:
    """A webhook of a push of the commits ``first`` to ``last``, of which it lists the newest ``shown``; the list.

    ``told`` are fields of each commit.
    """
    body = payload(source, "push")
    like = body["commits"][-1]
    listed = [like | told | {"id": sha(number)} for number in range(first, last + 1)][-(shown or last) :]
    body |= {"before": sha(first - 1), "after": sha(last), "commits": listed}
    if source == "gitlab":
        body["total_commits_count"] = last - first + 1
    built.store.write(*shaped(source, "push", payload=body).changes)
    return listed


def line(built: Builder) -> dict[str, int]:
    walk(built.store)
    refresh(built.store)
    with built.store.reader() as reader, held(reader) as copy:
        found = reconciliation.line(reader, WEEK)
        assert reconciliation.line(copy, WEEK).equals(found)
        amounts = dict(zip(found["term"], map(int, found["amount"]), strict=True))
    assert amounts["authored"] == sum(amounts[term] for term in reconciliation.TERMS)
    return {term: amount for term, amount in amounts.items() if amount}


@pytest.mark.parametrize(("source", "commits"), [("github", 33), ("gitlab", 13)])
def test_all_commits_of_two_pushes_are_in_them(built: Builder, source: str, commits: int) -> None:
    heard(built, source, 1, 3)
    heard(built, source, 4, commits)
    assert line(built) == {"authored": commits, "pushed": commits}
    assert built.rows("select count(*) as n from commit_people where pusher is null") == [{"n": 0}]
    assert {row["is_cut"] for row in built.rows("from branch_pushes")} == {False}


@pytest.mark.parametrize("email", ["", None])
def test_commits_without_an_email_are_known(built: Builder, email: str | None) -> None:
    heard(built, "gitlab", 1, 3, author={"name": "Ada", "email": email})
    assert line(built) == {"authored": 3, "pushed": 3}
    assert built.rows("select distinct person_name from commits_by_author") == [{"person_name": "Ada"}]


def test_the_committers_that_github_names_are_known(built: Builder) -> None:
    heard(built, "github", 1, 3)
    line(built)
    with built.store.reader() as reader:
        amounts = committed.line(reader, WEEK).set_index("term")["amount"]
    assert (amounts[committed.AUTHORED], amounts["unnamed"]) == (3, 0)


def test_a_list_that_gitlab_cut_is_told_and_completed_by_the_graph(built: Builder) -> None:
    heard(built, "gitlab", 1, 25, shown=20)
    assert line(built) == {"authored": 20, "pushed": 25, "cut": -5}
    like = {"author_name": "Ada", "author_email": "ada@example.com", "committed_date": RECEIVED.isoformat()}
    read = [commit_row(15, like | {"id": sha(n), "parent_ids": [sha(n - 1)]}) for n in range(1, 26)]
    built.store.write(Upsert(COMMITS, read))
    assert line(built) == {"authored": 25, "pushed": 25}


@pytest.mark.parametrize("is_first", [True, False], ids=["the webhook first", "the API first"])
def test_the_list_outlives_what_only_the_webhook_told(built: Builder, is_first: bool) -> None:
    push = {"action": "pushed", "ref_type": "branch", "ref": "feature/spring-tide", "commit_count": 3}
    push |= {"commit_from": sha(0), "commit_to": sha(3), "commit_title": "x"}
    said = {"id": 7, "action_name": "pushed to", "created_at": RECEIVED.isoformat() + "Z", "push_data": push}
    told = Upsert(EVENTS, [event_row(said, 15)])
    if not is_first:
        built.store.write(told)
    heard(built, "gitlab", 1, 3)
    if is_first:
        assert line(built) == {"authored": 3, "pushed": 3}
        built.store.write(told)
    assert line(built) == {"authored": 3, "pushed": 3}
    assert built.rows("select id, by_hook from events") == [{"id": 7, "by_hook": False}]


def test_a_push_that_is_told_again_counts_its_commits_once(built: Builder) -> None:
    for _ in range(2):
        heard(built, "github", 1, 3)
        assert line(built) == {"authored": 3, "pushed": 3}
    assert walk(built.store) == 0


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("github", "push_new_branch"),
        ("github", "push_deleted_tag"),
        ("gitlab", "push_of_a_new_branch"),
        ("gitlab", "tag_push"),
    ],
)
def test_what_lists_no_commits_of_a_branch_is_no_list(source: str, name: str) -> None:
    assert "push_lists" not in {change.table.name for change in shaped(source, name).changes}
