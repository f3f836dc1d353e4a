"""Activity: laws over any filters (sums agree, pages make up the whole, a search is a search), then whole rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashlib.model import Filters, Put, Upsert
from dashlib.people.refresh import refresh
from dashlib.queries import activity
from dashlib.queries.activity import ALL, Narrowed
from dashlib.sources import tables
from dashlib.store import bookkeeping, open_store
from tests.queries.build import MIDNIGHT, Builder, row

DAY = timedelta(days=1)
PATHS = {1: "acme/core/engine", 2: "acme/web/site", 3: "other/50% off_the'cuff"}
TITLES = ("Fix the gauge", "fix THE site", "100 % _done_", "Übergang", "it's $1")
PEOPLE = ((1, "ada", "Ada Lovelace"), (2, "bob", "Bob"), (3, "renovate-bot", "renovate[bot]"))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Two hundred events of six weeks, of three people in three repositories; tests read it only."""
    chance = random.Random(5)
    with open_store(tmp_path_factory.mktemp("activity") / "d.duckdb") as store:
        built = Builder(store)
        built.zone("Europe/Berlin")
        for project, path in PATHS.items():
            built.project(project, path)
        added = []
        for number in range(200):
            who, username, name = chance.choice(PEOPLE)
            known = {"project_id": chance.choice(list(PATHS)), "author_id": who, "author_username": username} | {
                "author_name": name,
                "created_at": MIDNIGHT + timedelta(hours=chance.randrange(24 * 42)),
            }
            kind = chance.choice(["push", "issue", "merge request", "comment"])
            if kind == "push":
                known |= {"action_name": "pushed to", "ref": "main", "ref_type": "branch", "commit_count": 2}
            else:
                target = {"issue": "Issue", "merge request": "MergeRequest", "comment": "Note"}[kind]
                known |= {"action_name": chance.choice(["opened", "closed"]), "target_type": target}
                known |= {"action_name": "commented on"} if kind == "comment" else {}
            known["commit_title" if kind == "push" else "target_title"] = chance.choice(TITLES)
            added.append(row(tables.EVENTS, ["event"], source="gitlab", id=number, **known))
        store.write(Upsert(tables.EVENTS, added))
        refresh(store)
        yield built


def some(words: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=2).map(tuple)


SINCE = st.integers(-3, 44).map(lambda days: MIDNIGHT.date() + days * DAY)
FILTERS = st.builds(
    lambda projects, groups, since, days: Filters(groups, projects, (), since, since + days * DAY),
    some(list(PATHS.values())), some(["acme", "acme/web", "other"]), SINCE, st.integers(0, 50),
)  # fmt: skip
NARROWED = st.builds(
    Narrowed,
    some(["pushed", "opened", "closed", "commented", "no such"]),
    some(["branch", "issue", "merge request", "comment"]),
    some(["gitlab", "github"]),
    st.sampled_from(["", "", "FIX", "%", "_", "'", "übergang", "main", "engine", "no such"]),
    st.sampled_from(activity.CHOICES),
)


@settings(max_examples=15, deadline=None)
@given(filters=FILTERS, which=NARROWED)
def test_all_sums_are_one_number(company: Builder, filters: Filters, which: Narrowed) -> None:
    """Calendar, days by series, rankings and rows tell of the same events."""
    assert filters.since is not None and filters.until is not None
    with company.store.reader() as reader:
        events = int(activity.totals(reader, filters, which=which)["events"].iloc[0])
        days = activity.calendar(reader, filters, which=which)
        rows = activity.listing(reader, filters, which=which)
        unsearched = activity.listing(reader, filters, which=replace(which, search=""))
        split = [
            frame
            for by in activity.BY
            for frame in (
                activity.over_time(reader, filters, by=by, which=which, top=2),
                activity.ranking(reader, filters, by=by, which=which),
            )
        ]
    assert len(rows) == days["events"].sum() == events
    assert [frame["events"].sum() for frame in split] == [events] * len(split)
    assert list(days["day"].dt.date) == [
        filters.since + n * DAY for n in range((filters.until - filters.since).days + 1)
    ]
    told = Counter(rows["happened"].dt.date)
    assert {day: count for day, count in zip(days["day"].dt.date, days["events"], strict=True) if count} == told
    unsearched["ref"] = unsearched["ref"].fillna("")
    text = (unsearched["title"] + " " + unsearched["ref"] + " " + unsearched["path_with_namespace"]).astype(str)
    assert list(rows["id"]) == list(unsearched.loc[[which.search.lower() in one.lower() for one in text], "id"])


@settings(max_examples=12, deadline=None)
@given(filters=FILTERS, which=NARROWED, size=st.integers(1, 70))
def test_pages_make_up_the_whole_and_sorting_turns_it_round(
    company: Builder, filters: Filters, which: Narrowed, size: int
) -> None:
    with company.store.reader() as reader:
        whole = list(activity.listing(reader, filters, which=which)["id"])
        back = list(activity.listing(reader, filters, which=which, sort="oldest first")["id"])
        pages = [
            activity.listing(reader, filters, which=which, rows=size, skip=skip)["id"]
            for skip in range(0, len(whole), size)
        ]
    assert [ident for page in pages for ident in page] == whole == back[::-1]
    assert len(set(whole)) == len(whole)


def test_a_choice_splits_what_there_is(company: Builder) -> None:
    """What one word leaves and what the others leave is all there is; nothing chosen is everything."""
    with company.store.reader() as reader:
        words = activity.words(reader, Filters(), bots="with")
        whole = activity.totals(reader, Filters(), which=ALL)["events"].iloc[0]
        for kind, field in (("action", "actions"), ("target", "targets"), ("source", "sources")):
            offered = words.loc[words["kind"] == kind, ["word", "events"]]
            assert offered["events"].sum() == whole == 200
            for word, events in offered.itertuples(index=False):
                chosen: dict[str, Any] = {field: (word,)}
                which = Narrowed(bots="with", **chosen)
                assert activity.totals(reader, Filters(), which=which)["events"].iloc[0] == events


def test_a_day_is_the_teams(built: Builder) -> None:
    built.zone("Europe/Berlin")
    built.event("opened", datetime(2026, 3, 9, 23, 30), target_type="Issue")
    refresh(built.store)
    days = Filters(since=MIDNIGHT.date() - DAY, until=MIDNIGHT.date())
    with built.store.reader() as reader:
        found = activity.calendar(reader, days)
    assert found.values.tolist() == [
        [pd.Timestamp("2026-03-09"), 0, 0, False], [pd.Timestamp("2026-03-10"), 1, 1, True],
    ]  # fmt: skip


def test_the_calendar_knows_which_days_were_read(built: Builder) -> None:
    """From where the sync began to where it last was, and whatever was told before or after."""
    built.event("opened", MIDNIGHT - 3 * DAY, target_type="Issue")
    passed = {"source": "gitlab", "project_id": 1, "resource": "events", "variant": "project", "watermark": None,
              "activity": None, "position": None}  # fmt: skip
    read = passed | {"since": MIDNIGHT - 5 * DAY, "completed_at": MIDNIGHT - 1 * DAY}
    begun = passed | {"project_id": 2, "since": MIDNIGHT - 99 * DAY, "completed_at": None}
    built.store.write(Put(bookkeeping.PASSES, [read, begun]))
    days = Filters(since=(MIDNIGHT - 7 * DAY).date(), until=MIDNIGHT.date())
    with built.store.reader() as reader:
        assert activity.calendar(reader, days)["is_read"].tolist() == [False] * 2 + [True] * 5 + [False]
        elsewhere = replace(days, projects=("no/such",))
        assert activity.calendar(reader, elsewhere)["is_read"].tolist() == [False] * 4 + [True] + [False] * 3


def test_whole_rows_of_each_forge(built: Builder) -> None:
    built.project(2, "octo/site", source="github", web_url="https://github.example/octo/site")
    built.project(3, "ware/app", source="codearts", web_url=None)
    push: dict[str, Any] = {"ref": "main", "ref_type": "branch", "commit_from": "a" * 40, "commit_to": "b" * 40}
    built.event("pushed to", commit_count=3, commit_title="Fix", **push)
    built.event("pushed new", ref="v1", ref_type="tag", commit_count=0, push_action="created")
    built.event("commented on", target_type="DiffNote", target_title="Fix", noteable_type="MergeRequest",
                noteable_iid=12, note_id=5, target_iid=5)  # fmt: skip
    for source, project, count in (("github", 2, 2), ("github", 2, 1), ("codearts", 3, 1)):
        added = row(tables.EVENTS, ["event"], source=source, id=count, project_id=project, action_name="pushed to",
                    created_at=MIDNIGHT, commit_count=count, **push)  # fmt: skip
        built.store.write(Upsert(tables.EVENTS, [added]))
    columns = "source, action, target, title, on_what, number, is_new_ref, project_url, web_url"
    found = built.rows(f"select {columns} from activity_events order by source desc, id")
    home, hub = "https://gitlab.example/acme/core/engine", "https://github.example/octo/site"
    span = f"{'a' * 40}...{'b' * 40}"
    assert [tuple(each.values()) for each in found] == [
        ("gitlab", "pushed", "branch", "Fix", None, None, False, home, f"{home}/-/compare/{span}"),
        ("gitlab", "pushed", "tag", "v1", None, None, True, home, home),
        ("gitlab", "commented", "comment", "Fix", "merge request", 12, False, home,
         f"{home}/-/merge_requests/12#note_5"),
        ("github", "pushed", "branch", "main", None, None, False, hub, f"{hub}/commit/{'b' * 40}"),
        ("github", "pushed", "branch", "main", None, None, False, hub, f"{hub}/compare/{span}"),
        ("codearts", "pushed", "branch", "main", None, None, False, None, None),
    ]  # fmt: skip
