"""The questions that pages ask: filters, sums that add up, and SQL that gives the same numbers when run as shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashlib.explore.literals import literal
from dashlib.lineage.tables import COMMIT_BRANCHES
from dashlib.model import Filters, Put
from dashlib.people.refresh import refresh
from dashlib.people.tables import TEAM_MEMBERS
from dashlib.queries import activity, choices, commit_listing, commits, freshness, night_failures, nightlies
from dashlib.queries.commits_held import held
from dashlib.queries.export import to_csv
from dashlib.queries.question import filled
from dashlib.store import open_store
from dashlib.store.bookkeeping import PASSES
from tests.queries.build import MIDNIGHT, Builder

DAY = timedelta(days=1)
NIGHT = MIDNIGHT.date()
WINDOW = Filters(since=NIGHT, until=NIGHT + 9 * DAY)

QUESTIONS: list[tuple[Callable[..., pd.DataFrame], dict[str, Any]]] = [
    (nightlies.nights, {}),
    (nightlies.every_night, {}),
    *((night_failures.failures_over_time, {"by": by}) for by in night_failures.TREND),
    *((question, {}) for question in (nightlies.history, nightlies.at_risk, nightlies.sent)),
    (nightlies.note, {"night": NIGHT}),
    (night_failures.failures_over_time, {"top": 1, "allowed": True}),
    (night_failures.failed_jobs, {"night": NIGHT, "search": 'it\'s "odd" $1 %'}),
    *((commits.over_time, {"by": by, "grain": grain}) for by in commits.BY for grain in commits.GRAINS),
    *((commits.ranking, {"by": by, "which": commits.Narrowed(role)}) for by in commits.BY for role in commits.ROLES),
    *((commits.over_time, {"measure": measure}) for measure in commits.MEASURES),
    (commits.totals, {"which": commits.Narrowed("both")}),
    (commit_listing.listing, {"which": commits.Narrowed(merges="only", bots="with")}),
    *((activity.over_time, {"by": by}) for by in activity.BY),
    *((activity.ranking, {"by": by, "which": activity.Narrowed(actions=("pushed",))}) for by in activity.BY),
    (activity.totals, {"which": activity.Narrowed(targets=("issue", "branch"))}),
    (activity.calendar, {"which": activity.Narrowed(search="it's $1 %", sources=("gitlab",))}),
    *((activity.listing, {"sort": sort, "skip": 1}) for sort in activity.SORTS),
    (activity.words, {}),
    *(
        (question, {})
        for question in (choices.groups, choices.projects, choices.persons, choices.held, choices.newest_night)
    ),
    *((q, {}) for q in (freshness.sources, freshness.projects, freshness.problems, freshness.loads, freshness.tables)),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Two groups, two nights, a few commits and events; tests read it only."""
    with open_store(tmp_path_factory.mktemp("company") / "d.duckdb") as store:
        yield filled_company(Builder(store))


def filled_company(built: Builder) -> Builder:
    built.project()
    built.schedule()
    built.zone("Europe/Berlin")
    built.project(2, "acme/web/site")
    built.project(3, "acme-labs/toy")
    built.schedule(8, project_id=2, description="Nightly web")
    built.user(1, "ada", "Ada Lovelace", public_email="ada@example.com")
    built.night(MIDNIGHT, failed=["lint"])
    built.night(MIDNIGHT, project_id=2, schedule_id=8)
    built.night(MIDNIGHT + DAY, failed=["lint", "unit"])
    built.night(MIDNIGHT + DAY, failed=["e2e"], project_id=2, schedule_id=8)
    built.commit("c1", co_authors=[("Bob", "bob@example.com")])
    built.commit("c2", ("Bob", "bob@example.com"), MIDNIGHT + 2 * DAY, project_id=2)
    built.commit("c2", ("Bob", "bob@example.com"), MIDNIGHT + 2 * DAY, project_id=3)
    built.commit("c3", parents=2, at=MIDNIGHT + 3 * DAY)
    built.commit("c4", ("renovate[bot]", "renovate@example.com"), MIDNIGHT)
    built.event("pushed to", ref="main", commit_count=2)
    built.event("opened", target_type="Issue", project_id=2, author_id=9, author_username="zoe", author_name="Zoë")
    refresh(built.store)
    return built


def ask(
    built: Builder, question: Callable[..., pd.DataFrame], chosen: Filters = WINDOW, **arguments: Any
) -> pd.DataFrame:
    with asked(built, question) as connection:
        return question(connection, chosen, **arguments)


def asked(built: Builder, question: Callable[..., pd.DataFrame]) -> duckdb.DuckDBPyConnection:
    """What the pages ask: of nights it is the copy (that it answers as the views do, test_night_grid sees)."""
    of_nights = question.__module__ in _OF_NIGHTS and question is not nightlies.sent
    return built.nights().cursor() if of_nights else built.store.reader()


_OF_NIGHTS = {nightlies.__name__, night_failures.__name__}

CHOSEN = (
    Filters(("acme",), ("acme/web/site", "o'neill"), ("ada@example.com",), NIGHT, NIGHT + DAY),
    WINDOW,
    Filters(),
)


@pytest.mark.parametrize(
    ("question", "arguments", "chosen"),
    [
        (question, arguments, chosen)
        for place, (question, arguments) in enumerate(QUESTIONS)
        for chosen in dict.fromkeys((CHOSEN[0], CHOSEN[place % 3]))
    ],
)
def test_the_sql_shown_gives_the_numbers(
    company: Builder, question: Callable[..., pd.DataFrame], arguments: dict[str, Any], chosen: Filters
) -> None:
    answer = ask(company, question, chosen, **arguments)
    with asked(company, question) as connection:
        shown = connection.execute(answer.attrs["sql"]).df()
    pd.testing.assert_frame_equal(shown, answer)


def test_nights(company: Builder) -> None:
    found = ask(company, nightlies.nights)
    nothing = dict.fromkeys(("still_red", "recovered", "missing", "warned", "canceled", "running", "late", "other"), 0)
    numbers = found.loc[:, "nightlies":"failed_jobs"]
    assert numbers.to_dict("records") == [
        {"nightlies": 2, "runs": 2, "failed": 1, "newly_failed": 1, "passed": 1, "failed_jobs": 1} | nothing,
        {"nightlies": 2, "runs": 2, "failed": 2, "newly_failed": 1, "passed": 0, "failed_jobs": 3}
        | nothing
        | {"still_red": 1},
    ]
    assert set(found["is_told"]) == {True} and list(found["planned"]) == list(found["ended"]) == [2, 2]


def test_failures_over_time_sum_what_is_not_shown(company: Builder) -> None:
    found = ask(company, night_failures.failures_over_time, by="job", top=1)
    assert found[["series", "failed_jobs"]].to_dict("split")["data"] == [
        ["lint", 1],
        ["2 others", 0],
        ["lint", 1],
        ["2 others", 2],
    ]


@pytest.mark.parametrize(
    ("search", "jobs"),
    [
        ("", ["e2e", "unit", "lint"]),
        ("LINT", ["lint"]),
        ("script_fail", ["e2e", "unit", "lint"]),
        ("acme/web/site", ["e2e"]),
        ("core", ["unit", "lint"]),
        ("nothing like it", []),
        ("' or 1=1 --", []),
    ],
)
def test_search_in_failed_jobs(company: Builder, search: str, jobs: list[str]) -> None:
    found = ask(company, night_failures.failed_jobs, night=NIGHT + DAY, search=search)
    assert sorted(found["job_name"]) == sorted(jobs)


def test_only_new_failed_jobs(company: Builder) -> None:
    found = ask(company, night_failures.failed_jobs, night=NIGHT + DAY, only_new=True)
    assert sorted(found["job_name"]) == ["e2e", "unit"]
    assert set(found["red_for"]) == {"new"}


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (Filters(), ["c1", "c2", "c2"]),
        (Filters(groups=("acme",)), ["c1", "c2"]),
        (Filters(groups=("acme/web",)), ["c2"]),
        (Filters(groups=("acme-labs",)), ["c2"]),
        (Filters(groups=("acm",)), []),
        (Filters(projects=("acme/core/engine",)), ["c1"]),
        (Filters(persons=("bob@example.com",)), ["c2", "c2"]),
        (Filters(since=NIGHT + DAY), ["c2", "c2"]),
        (Filters(until=NIGHT), ["c1"]),
        (Filters(since=NIGHT, until=NIGHT), ["c1"]),
    ],
)
def test_filters_narrow_commits(company: Builder, chosen: Filters, ids: list[str]) -> None:
    assert sorted(ask(company, commit_listing.listing, chosen)["commit_id"]) == ids


def test_roles_merges_and_robots(company: Builder) -> None:
    def count(**which: str) -> int:
        return int(ask(company, commits.totals, Filters(), which=commits.Narrowed(**which))["commits"].iloc[0])

    assert count() == 3
    assert count(merges="with") == 4
    assert count(merges="only") == 1
    assert count(bots="with") == 4
    assert count(bots="only") == 1
    assert count(role="co_author") == 1
    both = ask(company, commits.totals, Filters(), which=commits.Narrowed("both")).iloc[0]
    assert (both["commits"], both["credits"]) == (3, 4)


def test_a_word_that_is_no_choice_is_refused(company: Builder) -> None:
    with pytest.raises(ValueError, match="none of"):
        commits.Narrowed(role="everyone")
    with pytest.raises(KeyError):
        ask(company, commits.over_time, by="person; drop table commits")


def test_the_period_before(company: Builder) -> None:
    found = ask(company, commits.ranking, Filters(since=NIGHT + 2 * DAY, until=NIGHT + 3 * DAY))
    assert found[["label", "commits", "change"]].to_dict("split")["data"] == [["Bob", 2, 2]]


def test_who_is_new_and_who_returns(built: Builder) -> None:
    built.commit("a", ("Ada", "ada@x"), MIDNIGHT - 40 * DAY)
    for sha, who in (("b", "ada"), ("c", "bob"), ("d", "bob")):
        built.commit(sha, (who, f"{who}@x"), MIDNIGHT)
    day = MIDNIGHT.date()
    found = ask(built, commits.totals, Filters(since=day, until=day)).iloc[0]
    assert (found["people"], found["new_people"], found["returning_people"]) == (2, 1, 1)
    ranked = ask(built, commits.ranking, Filters(since=day, until=day)).set_index("key")["is_new"]
    assert ranked.to_dict() == {"ada@x": False, "bob@x": True}
    assert ask(built, commits.totals, Filters()).iloc[0][["new_people", "returning_people"]].isna().all()
    # Of those who committed the work of others nobody knows a first commit.
    applied = ask(built, commits.totals, Filters(since=day, until=day), which=commits.Narrowed("both")).iloc[0]
    assert applied[["new_people", "returning_people"]].isna().all()


def test_the_period_before_is_not_told_where_it_was_not_read(company: Builder) -> None:
    read = {"source": "gitlab", "project_id": 1, "resource": "commits", "variant": "", "completed_at": MIDNIGHT}
    company.store.write(Put(PASSES, [read | {"since": MIDNIGHT + 2 * DAY}]))
    found = ask(company, commits.ranking, Filters(since=NIGHT + 2 * DAY, until=NIGHT + 3 * DAY))
    assert found["change"].isna().all()


def test_choices(company: Builder) -> None:
    assert list(ask(company, choices.groups)["path"]) == ["acme", "acme-labs", "acme/core", "acme/web"]
    assert list(ask(company, choices.projects)["path"]) == ["acme-labs/toy", "acme/core/engine", "acme/web/site"]


names = st.sampled_from(["Ada", "Bob", "Cyd", "Ada L.", ""])
addresses = st.sampled_from(["a@x", "A@X", "b@x", "c@x", "7-z@users.noreply.g", "7-y@users.noreply.g", "", "r-bot@x"])
people = st.tuples(names, addresses)
commit = st.tuples(
    people,
    st.lists(people, max_size=3),
    st.integers(0, 80),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from(["s1", "s2", "s3", "s4", "s5", "s6"]),
)


membership = st.tuples(people.map(lambda one: one[1].lower()), st.sampled_from(["red", "blue"]))


narrowed = st.builds(
    commits.Narrowed,
    role=st.sampled_from(["author", *commits.ROLES]),
    merges=st.sampled_from(commits.CHOICES),
    bots=st.sampled_from(commits.CHOICES),
    branches=st.sampled_from(commits.BRANCHES),
    forks=st.sampled_from(commits.FORKS),
)
looked_at = st.builds(
    Filters,
    groups=st.sampled_from([(), (), ("acme",)]),
    projects=st.sampled_from([(), (), ("acme/p1",), ("acme/p1", "acme/p3")]),
    persons=st.sampled_from([(), (), (), ("a@x",), ("a@x", "b@x")]),
    since=st.sampled_from([None, NIGHT, NIGHT + 20 * DAY]),
    until=st.sampled_from([None, NIGHT + 40 * DAY, NIGHT + 80 * DAY]),
)
question = st.tuples(
    looked_at,
    narrowed,
    st.sampled_from(sorted(commits.BY)),
    st.sampled_from(commits.GRAINS),
    st.integers(1, 4),
    st.sampled_from(commits.MEASURES),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(commit, max_size=25),
    teams=st.sets(membership, max_size=5),
    questions=st.lists(question, min_size=6, max_size=6),
)
def test_persons_and_others_add_up_to_the_commits(
    tmp_path_factory: pytest.TempPathFactory, history: list[Any], teams: set[tuple[str, str]], questions: list[Any]
) -> None:
    """Where nobody shares a commit the keys add up to the commits; where they do, to what the line below them says."""
    path: Path = tmp_path_factory.mktemp("sums") / "d.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        for number in (1, 2, 3):
            built.project(number, f"acme/p{number}")
        marks, days = [], dict[str, int]()
        for author, co_authors, drawn_day, project_id, parents, sha in history:
            day = days.setdefault(sha, drawn_day)  # git hashes the date, too: wherever a commit stands, it is the same
            built.commit(sha, author, MIDNIGHT + day * DAY, project_id, co_authors, parents)
            marks.append({"project_id": project_id, "commit_id": sha, "on_default": bool(day % 3)})
        store.write(Put(COMMIT_BRANCHES, marks))
        store.write(Put(TEAM_MEMBERS, [{"person": person, "team": team, "origin": "csv"} for person, team in teams]))
        refresh(store)
        overlaps = len(teams) > len({person for person, _ in teams})
        with store.reader() as reader, held(reader) as copy:
            for turn, (chosen, which, *drawn) in enumerate(questions):
                adds_up(reader if turn == 0 else copy, chosen, which, drawn, overlaps)
            everything = commits.Narrowed(merges="with", bots="with")
            distinct = {(project_id, sha) for *_, project_id, _, sha in history}
            assert commits.totals(copy, Filters(), which=everything)["commits"].iloc[0] == len(distinct)
            once = commits.totals(copy, Filters(), which=replace(everything, forks="once"))["commits"].iloc[0]
            assert once == len({sha for _, sha in distinct})


def adds_up(
    asked: duckdb.DuckDBPyConnection, chosen: Filters, which: commits.Narrowed, drawn: list[Any], overlaps: bool
) -> None:
    """The law for one choice of the page; ``overlaps`` where somebody is in several teams."""
    by, grain, top, measure = drawn
    series = commits.over_time(asked, chosen, by=by, grain=grain, top=top, which=which)
    ranking = commits.ranking(asked, chosen, by=by, which=which)
    total = commits.totals(asked, chosen, which=which).iloc[0]
    overlap = commits.overlap(asked, chosen, by=by, which=which).iloc[0]
    assert series["commits"].sum() == ranking["commits"].sum() == overlap["counted"] >= overlap["commits"]
    assert overlap["commits"] == total["commits"] <= total["credits"]
    if which.role not in ("both", "co_author"):
        assert total["commits"] == total["credits"]
        assert overlap["counted"] == total["commits"] or (by == "team" and overlaps)
    if by == "person":
        assert overlap["counted"] == total["credits"]
    everyone = commits.over_time(asked, chosen, by=by, grain=grain, top=10**6, measure=measure, which=which)
    assert everyone["series"].nunique() == len(ranking)
    summed = commits.over_time(asked, chosen, by=by, grain=grain, top=top, measure=measure, which=which)
    told = ranking[measure].fillna(0).sum()
    assert summed[measure].sum() == everyone[measure].sum() == told


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, 1, 2.5, "it's", "\\", "$x", date(2026, 3, 1), datetime(2026, 3, 1, 4, 5), ["a'b", None]],
)
def test_literals_are_what_duckdb_reads(value: Any) -> None:
    assert duckdb.connect().execute(f"select {literal(value)}").fetchall() == [(value,)]


def test_a_filled_parameter_is_not_filled_again() -> None:
    assert filled("select $a, $b", {"a": "$b", "b": 1}) == "select '$b', 1"


def test_csv_defuses_formulas() -> None:
    frame = pd.DataFrame({"title": ["=cmd()", "+1", "-x", "@a", "ok", None], "n": [-1, 2, 3, 4, 5, 6]})
    lines = to_csv(frame).decode().splitlines()
    assert lines == ["title,n", "'=cmd(),-1", "'+1,2", "'-x,3", "'@a,4", "ok,5", ",6"]
