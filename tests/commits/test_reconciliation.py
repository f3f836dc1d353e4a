"""The line "authored = pushed + …" adds up exactly on any world, and each term holds what its name says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashlib.lineage.tables import BULK_COMMITS, COMMIT_BRANCHES, PUSHED_COMMITS
from dashlib.model import Filters, Put, Upsert
from dashlib.people.refresh import refresh
from dashlib.queries import commits, committed, differences, reconciliation
from dashlib.queries.commits import Narrowed
from dashlib.queries.commits_held import held
from dashlib.sources.tables import MERGE_REQUESTS
from dashlib.store import open_store
from tests.queries.build import MIDNIGHT, Builder, row

ADA, BOB, BOT = ("Ada", "ada@example.com"), ("Bob", "bob@example.com"), ("renovate[bot]", "renovate@example.com")
DAY = timedelta(days=1)
TODAY = MIDNIGHT.date()
WEEK = Filters(since=TODAY, until=TODAY + 6 * DAY)


def pushed(built: Builder, shas: list[str], count: int | None = None, **event: Any) -> int:
    known: dict[str, Any] = {"ref": "main", "ref_type": "branch", "push_action": "pushed", "by_hook": False} | event
    known.setdefault("commit_count", len(shas) if count is None else count)
    ident = built.event("pushed to", known.pop("at", MIDNIGHT), **known)
    key = {"project_id": known.get("project_id", 1), "source": "gitlab", "event_id": ident}
    built.store.write(Put(PUSHED_COMMITS, [key | {"commit_id": sha, "place": n} for n, sha in enumerate(shas, 1)]))
    return ident


def in_bulk(built: Builder, shas: list[str], **event: Any) -> None:
    """A push of many branches, and the commits that it can have brought."""
    ident = pushed(built, [], 0, **{"ref": None, "ref_count": 5} | event)
    key = {"project_id": event.get("project_id", 1), "source": "gitlab", "event_id": ident, "found_at": MIDNIGHT}
    built.store.write(Put(BULK_COMMITS, [key | {"commit_id": sha} for sha in shas]))


def on_default(built: Builder, **marks: bool) -> None:
    rows = [{"project_id": 1, "commit_id": sha, "on_default": is_on} for sha, is_on in marks.items()]
    built.store.write(Put(COMMIT_BRANCHES, rows))


def line(built: Builder, filters: Filters = WEEK, **choices: str) -> dict[str, int]:
    which = Narrowed(**choices)
    refresh(built.store)
    with built.store.reader() as reader:
        found, amounts = of_the(reader, filters, which)
        with held(reader) as copy:
            assert reconciliation.line(copy, filters, which=which).equals(found)
    return amounts


def of_the(asked: duckdb.DuckDBPyConnection, filters: Filters, which: Narrowed) -> tuple[pd.DataFrame, dict[str, int]]:
    """The line as the database or the copy of its commits tells it, and its amounts that are not nothing."""
    found = reconciliation.line(asked, filters, which=which)
    told = commits.totals(asked, filters, which=which)["commits"].iloc[0]
    second = committed.line(asked, filters, which=which).set_index("term")["amount"]
    assert second[committed.AUTHORED] == told == second[list(committed.TERMS)].sum()
    amounts = dict(zip(found["term"], map(int, found["amount"]), strict=True))
    assert amounts[reconciliation.AUTHORED] == told == sum(amounts[term] for term in reconciliation.TERMS)
    return found, {term: amount for term, amount in amounts.items() if amount}


def behind(
    reader: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, filters: Filters, line: str, term: str
) -> pd.DataFrame:
    """The commits of a term: the same ones, in the same order, however they are asked for and however few are shown."""
    found = differences.commits(reader, filters, line=line, term=term)
    for rows in (1, 2, 1000):
        picked = differences.listed(copy, reader, filters, line=line, term=term, rows=rows)
        pd.testing.assert_frame_equal(picked, found.head(rows), check_dtype=not found.empty)
    assert picked.attrs["sql"] == found.attrs["sql"]
    return found


@pytest.fixture
def company(built: Builder) -> Iterator[Builder]:
    built.user(1, "ada", "Ada", public_email="ada@example.com")
    built.user(2, "bob", "Bob", public_email="bob@example.com")
    yield built


def test_each_difference_has_its_name(company: Builder) -> None:
    for sha in ("plain", "twice", "old", "untold", "bulked"):
        company.commit(sha, ADA)
    company.commit("long", ADA, MIDNIGHT - 30 * DAY)
    company.commit("merge", ADA, parents=2)
    company.commit("robot", BOT)
    company.project(2, "acme/other")
    company.commit("bulked", ADA, MIDNIGHT, 2)
    pushed(company, ["plain", "twice", "merge", "robot", "long"])
    pushed(company, ["twice"], ref="other")
    pushed(company, ["old"], at=MIDNIGHT + 60 * DAY)
    pushed(company, [], 4)
    pushed(company, ["plain"], 25, by_hook=True, ref="hooked")
    in_bulk(company, ["bulked"], project_id=2)
    assert line(company) == {
        "authored": 6, "pushed": 35, "cut": -24, "unknown": -4, "again": -2, "outside": -1, "robot": -1, "merge": -1,
        "earlier": 1, "untold": 2, "bulk": 1,
    }  # fmt: skip
    assert line(company, forks="once")["forks"] == -1


def test_pushed_for_others_and_by_others_and_under_another_address(company: Builder) -> None:
    company.commit("hers", ADA)
    company.commit("his", BOB)
    company.commit("alias", ("Ada", "ada@elsewhere.example"))
    pushed(company, ["his", "alias"], author_id=1)
    pushed(company, ["hers"], author_id=2, author_username="bob", author_name="Bob")
    hers = Filters(persons=("ada@example.com",), since=TODAY, until=TODAY)
    assert line(company, hers) == {"authored": 1, "pushed": 2, "others": -1, "alias_pushed": -1, "by_others": 1}
    elsewhere = Filters(persons=("ada@elsewhere.example",), since=TODAY, until=TODAY)
    assert line(company, elsewhere) == {"authored": 1, "alias": 1}


def test_squashed_commits_are_told_from_those_that_wait(company: Builder) -> None:
    for sha in ("squash", "s1", "s2", "waits"):
        company.commit(sha, ADA)
    on_default(company, squash=True, s1=False, s2=False, waits=False)
    pushed(company, ["s1", "s2"], ref="topic")
    pushed(company, ["waits"], ref="later")
    pushed(company, ["squash"])
    merged = row(MERGE_REQUESTS, ["merge_request"], project_id=1, iid=3, source_branch="topic", state="merged")
    company.store.write(Upsert(MERGE_REQUESTS, [merged]))
    assert line(company, branches="default") == {"authored": 1, "pushed": 4, "squash": -2, "branch": -1}
    assert line(company) == {"authored": 4, "pushed": 4}


def test_authored_and_committed(company: Builder) -> None:
    def by(name: str, email: str) -> dict[str, Any]:
        return {"committer_name": name, "committer_email": email}

    company.commit("own", ADA, **by(*ADA))
    company.commit("picked", ADA, authored_at=MIDNIGHT - 3 * DAY, **by(*BOB))
    company.commit("merged", ADA, **by(*BOT))
    company.commit("told", ADA)
    company.commit("his", BOB, **by(*ADA))
    refresh(company.store)
    with company.store.reader() as reader, held(reader) as copy:
        for filters, wanted in (
            (Filters(persons=("ada@example.com",)), [4, 2, -1, 1, 1, 1, 1]),
            (Filters(persons=("bob@example.com",)), [1, 1, -1, 1, 0, 0, 0]),
            (Filters(), [5, 3, 0, 0, 1, 1, 1]),
        ):
            found = committed.line(reader, filters)
            assert list(found["term"]) == [committed.AUTHORED, *committed.TERMS, committed.REWRITTEN]
            assert list(found["amount"]) == wanted
            assert committed.line(copy, filters).equals(found)
            assert committed.line(reader, filters, which=Narrowed(forks="once")).equals(found)
            for term, amount in zip(found["term"], found["amount"], strict=True):
                if term in differences.COMMITTED_TERMS:
                    assert len(behind(reader, copy, filters, "committed", term)) == abs(amount)
        hers = Filters(persons=("ada@example.com",))
        names = ["commit_id", "person_label", "committed_by"]
        others = behind(reader, copy, hers, "committed", "for_others")
        assert others[names].to_dict("split")["data"] == [["his", "Bob", "Ada"]]
        assert list(behind(reader, copy, hers, "committed", "unnamed")["commit_id"]) == ["told"]
        assert list(behind(reader, copy, hers, "committed", "rewritten")["commit_id"]) == ["picked"]


@pytest.mark.parametrize(
    ("title", "ref", "is_named"),
    [
        ("Merge branch 'topic' into 'main'", "topic", True),
        ("Merge branch 'it''s/a \"topic\"' into 'main'", "it''s/a \"topic\"", True),
        ("Merge pull request #12 from ada/feature/topic", "feature/topic", True),
        ("Merge branch 'other' into 'main'", "topic", False),
        ("Merge remote-tracking branch 'topic'", "topic", False),
        ("Say: Merge branch 'topic' into 'main'", "topic", False),
    ],
)
def test_a_merge_commit_names_its_branch(company: Builder, title: str, ref: str, is_named: bool) -> None:
    company.commit("s1", ADA)
    company.commit("merge", ADA, parents=2, title=title)
    company.commit("not", ADA, title=f"Merge branch '{ref}x' into 'main'")
    on_default(company, s1=False, merge=True)
    pushed(company, ["s1"], ref=ref)
    term = "squash" if is_named else "branch"
    assert line(company, branches="default") == {"pushed": 1, term: -1}
    assert len(company.rows("select * from merged_branches")) == int("Merge " in title[:6] and "remote" not in title)


def test_a_terms_commits_are_as_many_as_it_says(company: Builder) -> None:
    test_each_difference_has_its_name(company)
    amounts = line(company)
    with company.store.reader() as reader, held(reader) as copy:
        for term in differences.PUSHED_TERMS:
            assert len(behind(reader, copy, WEEK, "pushed", term)) == abs(amounts.get(term, 0)), term
        for term, counts in (("unknown", [4]), ("cut", [25])):
            found = differences.pushes(reader, WEEK, term=term)
            assert list(found["commit_count"]) == counts
            pd.testing.assert_frame_equal(differences.listed_pushes(copy, reader, WEEK, term=term), found)
        with pytest.raises(ValueError, match="none of"):
            differences.commits(reader, WEEK, line="pushed", term="pushed")


people = st.sampled_from([ADA, BOB, BOT, ("Ada", "ada@elsewhere.example"), ("", "")])
shas = st.sampled_from(["s1", "s2", "s3", "s4", "s5", "s6"])
places = st.tuples(st.integers(1, 2), shas)
histories = st.lists(
    st.tuples(places, people, st.integers(-9, 9), st.integers(1, 2), st.sampled_from([True, False, None])), max_size=12
)
pushes = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(1, 3),
        st.integers(-9, 9),
        st.lists(shas, max_size=4, unique=True),
        st.integers(0, 30),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["main", "topic"]),
    ),
    max_size=8,
)
chosen = st.fixed_dictionaries(
    {
        "merges": st.sampled_from(commits.CHOICES),
        "bots": st.sampled_from(commits.CHOICES),
        "branches": st.sampled_from(commits.BRANCHES),
        "forks": st.sampled_from(commits.FORKS),
    }
)
filtered = st.builds(
    Filters,
    projects=st.sampled_from([(), ("acme/core/engine",)]),
    persons=st.sampled_from([(), ("ada@example.com",), ("ada@example.com", "bob@example.com")]),
    since=st.sampled_from([None, TODAY - 3 * DAY]),
    until=st.sampled_from([None, TODAY + 3 * DAY]),
)


@settings(
    max_examples=5, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(histories, pushes, st.lists(st.tuples(filtered, chosen), min_size=4, max_size=4))
def test_it_always_adds_up(
    tmp_path_factory: pytest.TempPathFactory, history: list[Any], told: list[Any], questions: list[Any]
) -> None:
    with open_store(tmp_path_factory.mktemp("line") / "d.duckdb") as store:
        built = Builder(store)
        built.project()
        built.project(2, "acme/fork")
        built.user(1, "ada", "Ada", public_email="ada@example.com")
        built.user(2, "bob", "Bob", public_email="bob@example.com")
        held_by: dict[int, set[str]] = {1: set(), 2: set()}
        for (project, sha), author, days, parents, is_on in history:
            built.commit(sha, author, MIDNIGHT + days * DAY, project, parents=parents)
            held_by[project].add(sha)
            if is_on is not None:
                mark = {"project_id": project, "commit_id": sha, "on_default": is_on}
                store.write(Put(COMMIT_BRANCHES, [mark]))
        for project, who, days, brought, more, by_hook, is_bulk, ref in told:
            known = [sha for sha in brought if sha in held_by[project]]
            where = {"project_id": project, "author_id": who, "at": MIDNIGHT + days * DAY, "by_hook": by_hook}
            if is_bulk:
                in_bulk(built, known, **where, ref=ref)
            else:
                pushed(built, known, len(known) + more, **where, ref=ref)
        merged = row(MERGE_REQUESTS, ["merge_request"], project_id=1, iid=1, source_branch="topic", state="merged")
        store.write(Upsert(MERGE_REQUESTS, [merged]))
        filters, choices = questions[0]
        line(built, filters, **choices)
        with store.reader() as reader, held(reader) as copy:
            for filters, choices in questions:
                of_the(copy, filters, Narrowed(**choices))
