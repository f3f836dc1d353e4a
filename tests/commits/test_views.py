"""Who had which part in a commit, whole rows; builds by author; the copy in memory gives what the views give."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import product
from typing import Any

import pandas as pd
import pytest

from dashlib.lineage.draw import refresh as walk
from dashlib.model import Filters, Put
from dashlib.people.refresh import refresh
from dashlib.people.tables import MAILMAPS, TEAM_MEMBERS
from dashlib.queries import builds, commit_listing, commits, commits_held, reconciliation
from dashlib.queries.commits_held import HeldCommits, held
from tests.commits.test_reconciliation import ADA, BOB, DAY, pushed
from tests.queries.build import MIDNIGHT, Builder

HUB = ("GitHub", "noreply@github.com")


def roles(built: Builder, sha: str) -> set[tuple[str, str]]:
    found = built.rows(f"select person, role from commit_credits where commit_id = '{sha}'")
    return {(one["person"], one["role"]) for one in found}


def by(name: str, email: str) -> dict[str, Any]:
    return {"committer_name": name, "committer_email": email}


def test_author_co_author_committer_merger_and_pusher(built: Builder) -> None:
    built.user(2, "bob", "Bob", public_email="bob@example.com")
    built.commit("plain", ADA, co_authors=[BOB, ADA], **by(*BOB))
    built.commit("merge", ADA, parents=2, **by(*BOB))
    built.commit("web", ADA, parents=2, **by(*HUB))
    built.commit("hooked", ADA, parents=0)
    pushed(built, ["plain"], at=MIDNIGHT + DAY, author_id=9, author_username="late", author_name="Late")
    pushed(built, ["plain"], author_id=2)
    ada, bob = "ada@example.com", "bob@example.com"
    assert roles(built, "plain") == {(ada, "author"), (bob, "co_author"), (bob, "committer"), (bob, "pusher")}
    assert roles(built, "merge") == {(ada, "author"), (bob, "committer"), (bob, "merger")}
    assert {(ada, "author"), (ada, "merger")} < roles(built, "web")
    assert roles(built, "hooked") == {(ada, "author")}


def test_the_hour_is_the_authors_own(built: Builder) -> None:
    built.commit("c", at=MIDNIGHT, author_utc_offset=-120)
    assert built.rows("select author_hour, day from commit_people") == [{"author_hour": 23, "day": MIDNIGHT.date()}]
    with built.store.reader() as reader:
        found = commits.hours(reader, Filters())
    assert found[found["commits"] > 0].to_dict("records") == [{"weekday": 1, "hour": 23, "commits": 1}]
    assert len(found) == 168


def test_the_copy_gives_what_the_views_give_and_is_kept_until_something_moved(
    built: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine: each copy is made here, not behind the test's back.
    monkeypatch.setattr(commits_held, "_QUICK", float("inf"))
    built.commit("a", ADA, co_authors=[BOB])
    built.commit("b", BOB, MIDNIGHT + 3 * DAY, author_utc_offset=60)
    built.project(2, "acme/fork")
    built.commit("a", ADA, MIDNIGHT, 2)
    built.commit("undated", ADA, None)
    refresh(built.store)
    kept = HeldCommits(built.store)
    first = kept.newest()
    assert kept.newest() is first
    built.pipeline()
    same = kept.newest()
    assert same.connection is first.connection and first.version < same.version == built.store.data_version
    day = MIDNIGHT.date()
    windows = (Filters(), Filters(("acme",), ("acme/fork",), ("ada@example.com",), day, day + DAY))
    with built.store.reader() as reader, held(reader) as copy:
        # Not every key with everything else, but each key with either window and either way to count forks.
        keys = list(commits.BY)
        for turn, (role, forks, filters) in enumerate(product(commits.ROLES, commits.FORKS, windows)):
            key, which = keys[(turn + turn // len(keys)) % len(keys)], commits.Narrowed(role, forks=forks)
            for question in (commits.totals, commits.hours):
                pd.testing.assert_frame_equal(
                    question(reader, filters, which=which), question(copy, filters, which=which)
                )
            for ask in (commits.over_time, commits.ranking, commits.overlap):
                ours, theirs = ask(copy, filters, by=key, which=which), ask(reader, filters, by=key, which=which)
                pd.testing.assert_frame_equal(ours, theirs)
                assert ours.attrs["sql"] == theirs.attrs["sql"]
            # The newest that stand in the list are as old as others, which their names tell apart.
            for rows in (1, 2, 5000):
                ours = commit_listing.listed(copy, reader, filters, rows=rows, which=which)
                theirs = commit_listing.listing(reader, filters, rows=rows, which=which)
                pd.testing.assert_frame_equal(ours, theirs)
                assert ours.attrs["sql"] == theirs.attrs["sql"]
        pd.testing.assert_frame_equal(reconciliation.line(reader, Filters()), reconciliation.line(copy, Filters()))
    built.commit("c", BOB)
    with kept.newest().connection.cursor() as cursor:
        assert commits.totals(cursor, Filters())["commits"].iloc[0] == 5


def test_a_copy_that_takes_long_stands_for_a_while_and_is_made_behind_the_page(
    built: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted() -> int:
        with kept.newest().connection.cursor() as cursor:
            return int(commits.totals(cursor, Filters())["commits"].iloc[0])

    def behind() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "commits-held"]

    monkeypatch.setattr(commits_held, "_QUICK", 0.0)
    monkeypatch.setattr(commits_held, "_REST", 1e9)
    built.commit("a", ADA)
    kept = HeldCommits(built.store)
    assert counted() == 1
    built.commit("b", BOB)
    assert (counted(), kept.renewals, kept.is_awaited) == (1, 0, False)
    # It waits for its time, until somebody decides who is who.
    assert len(behind()) == 1
    assert counted() == 1 and len(behind()) == 1
    kept.hurry()
    for thread in behind():
        thread.join(20)
    assert (counted(), kept.renewals, kept.is_awaited) == (2, 1, False)
    monkeypatch.setattr(commits_held, "_REST", 0)
    built.commit("c", BOB)
    assert counted() == 2
    for thread in behind():
        thread.join(20)
    # The page is told, and asks again.
    assert (counted(), kept.renewals) == (3, 2)
    # A decision begins the work itself, before anybody looks.
    monkeypatch.setattr(commits_held, "_REST", 1e9)
    built.commit("d", BOB)
    kept.hurry()
    assert len(behind()) == 1
    for thread in behind():
        thread.join(20)
    assert (kept.renewals, kept.is_awaited, counted(), behind()) == (3, False, 4, [])


def test_teams_share_commits_and_nobody_is_left_out(built: Builder) -> None:
    built.commit("a", ADA, co_authors=[BOB])
    built.commit("b", BOB)
    refresh(built.store)
    teams = [("ada@example.com", "red"), ("ada@example.com", "blue"), ("bob@example.com", "blue")]
    built.store.write(Put(TEAM_MEMBERS, [{"person": who, "team": team, "origin": "csv"} for who, team in teams]))
    with built.store.reader() as reader:
        found = commits.ranking(reader, Filters(), by="team")
        assert dict(zip(found["key"], found["commits"], strict=True)) == {"blue": 2, "red": 1}
        assert commits.overlap(reader, Filters(), by="team").to_dict("records") == [{"commits": 2, "counted": 3}]
        both = commits.ranking(reader, Filters(), by="team", which=commits.Narrowed(role="both"))
        assert dict(zip(both["key"], both["commits"], strict=True)) == {"blue": 2, "red": 1}
        assert both.set_index("key").loc["blue", "additions"] == 6


@pytest.mark.parametrize(
    ("status", "source", "counts", "verdict"),
    [
        ("success", "push", 1, "passed"),
        ("failed", "merge_request_event", 1, "failed"),
        ("canceled", "web", 1, None),
        ("success", "schedule", 0, None),
        ("success", "parent_pipeline", 0, None),
    ],
)
def test_builds_that_somebody_set_off(built: Builder, status: str, source: str, counts: int, verdict: str) -> None:
    built.user(1, "ada", "Ada", public_email="ada@example.com")
    run = built.pipeline(status=status, source=source, schedule_id=None)
    built.job(run, status="success", started_at=MIDNIGHT + timedelta(seconds=40), user_id=1, username="ada")
    found = built.rows("select person, verdict, waited from builds_by_author")
    assert found == [{"person": "gitlab:1", "verdict": verdict, "waited": 40.0}] * counts


def test_a_build_that_never_ran_has_not_waited(built: Builder) -> None:
    built.user(1, "ada", "Ada", public_email="ada@example.com")
    run = built.pipeline(status="canceled", source="push", started_at=None)
    built.job(run, status="canceled", started_at=None, user_id=1, username="ada")
    assert built.rows("select person, waited from builds_by_author") == [{"person": "gitlab:1", "waited": None}]


def test_builds_by_author(built: Builder) -> None:
    built.user(1, "ada", "Ada", public_email="ada@example.com")
    for wait, status in ((10, "success"), (20, "failed"), (30, "canceled"), (1000, "success")):
        run = built.pipeline(status=status, source="push")
        built.job(run, started_at=MIDNIGHT + timedelta(seconds=wait), user_id=1, username="ada")
    refresh(built.store)
    with built.store.reader() as reader:
        [row] = builds.ranking(reader, Filters()).to_dict("records")
        series = builds.over_time(reader, Filters(), grain="day")
        total = builds.totals(reader, Filters()).iloc[0]
    assert (row["label"], row["builds"], row["passed"], row["failed"]) == ("Ada", 4, 2, 1)
    assert row["success_rate"] == pytest.approx(2 / 3)
    assert (row["waited_p50"], row["waited_p95"]) == (25.0, pytest.approx(854.5))
    assert dict(zip(series["series"], series["builds"], strict=True)) == {"failed": 1, "no verdict": 1, "passed": 2}
    assert (total["builds"], total["people"]) == (4, 1)


def test_a_walk_is_made_once(built: Builder) -> None:
    built.commit("a")
    assert walk(built.store) == 1
    assert walk(built.store) == 0
    built.event("pushed to", ref="main", ref_type="branch", push_action="pushed", commit_to="a", commit_count=1)
    assert walk(built.store) == 1
    assert built.rows("select commit_id, place from pushed_commits") == [{"commit_id": "a", "place": 1}]


def test_a_mailmap_moves_the_copy(built: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is who stands in bookkeeping, and is data all the same: what is shown follows it."""
    monkeypatch.setattr(commits_held, "_QUICK", float("inf"))
    built.commit("a", ADA)
    built.commit("b", ("Ada", "ada@home.example"))
    refresh(built.store)
    kept = HeldCommits(built.store)

    def people() -> int:
        with kept.newest().connection.cursor() as cursor:
            return int(commits.totals(cursor, Filters())["people"].iloc[0])

    assert people() == 2
    text = f"Ada Lovelace <{ADA[1]}> <ada@home.example>\n"
    read = {"origin": "project", "project_id": 1, "name": "", "text": text, "commit_id": "b", "read_at": MIDNIGHT}
    built.store.write(Put(MAILMAPS, [read]))
    refresh(built.store)
    assert people() == 1
