"""The page of commits in process: its parts, what adds up, what a click narrows."""

from __future__ import annotations

import time
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.charts.commit_tables import overlap_told
from dashlib.queries import commits_held
from dashlib.widgets.commits import VIEWS, _last_of
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("view", VIEWS)
def test_every_part_is_drawn(filled: Open, view: str) -> None:
    app = filled("commits", view=view)
    assert [title.value for title in app.title] == ["Commits"]
    assert not app.exception


def test_chart_and_table_agree(filled: Open) -> None:
    app = filled("commits", merges="with", bots="with")
    ranking = app.dataframe[0].value
    assert numbers(app)["Commits"] == "12"
    assert ranking["commits"].sum() == 12
    assert list(ranking["place"]) == [1, 2, 3]
    app = filled("commits", view="hours", merges="with", bots="with")
    assert len(app.get("vega_lite_chart")) == 1


def test_the_line_names_its_differences_and_lists_their_commits(filled: Open) -> None:
    app = filled("commits", view="pushed")
    assert "10 authored" in app.header[0].value
    app = filled("commits", view="pushed", term="untold")
    listed = app.dataframe[0].value
    assert len(listed) == 10
    assert set(listed["title"]) <= {HOSTILE, "Change d0", *(f"Change d{n}" for n in range(5))}


def test_the_second_line_lists_its_commits(filled: Open) -> None:
    app = filled("commits", view="pushed", committed="unnamed")
    assert [heading.value.split()[1] for heading in app.header] == ["authored", "authored"]
    assert len(app.dataframe[0].value) == 10


@pytest.mark.parametrize(("measure", "title"), [("active_days", "Active days"), ("additions", "Lines added")])
def test_other_measures_over_time(filled: Open, measure: str, title: str) -> None:
    app = filled("commits", measure=measure, per="day")
    headings = [heading.value for heading in app.header]
    assert f"{title} per day, by person" in headings and f"{title} by repository" in headings


SHARED = "Co-authors share commits: 10 commits are counted 15 times."


@pytest.mark.parametrize("by", ["person", "repository", "group"])
def test_co_authors_are_told_as_overlap_wherever_persons_are_counted(filled: Open, by: str) -> None:
    app = filled("commits", role="both", by=by)
    assert [caption.value for caption in app.caption if "share commits" in caption.value] == [SHARED]


def test_who_shares_a_commit_is_named() -> None:
    assert overlap_told("team", 1, 2, co_authors=False) == (
        "People in several teams share commits: 1 commit is counted 2 times."
    )
    assert overlap_told("team", 2263, 2447, co_authors=True) == (
        "Co-authors, and people in several teams, share commits: 2,263 commits are counted 2,447 times."
    )


def test_a_person_and_days_in_the_address_narrow_the_list(filled: Open) -> None:
    day = YESTERDAY.date().isoformat()
    app = filled("commits", view="list", person="Ada Lovelace", period="custom", **{"from": day, "to": day})
    assert list(app.dataframe[0].value["commit_id"]) == ["c0"]


@pytest.mark.parametrize(
    ("first", "grain", "last"),
    [
        ("2026-03-10", "day", "2026-03-10"),
        ("2026-03-09", "week", "2026-03-15"),
        ("2026-02-01", "month", "2026-02-28"),
        ("2026-12-01", "month", "2026-12-31"),
        ("2026-01-01", "quarter", "2026-03-31"),
        ("2026-10-01", "quarter", "2026-12-31"),
    ],
)
def test_the_last_day_of_a_bar(first: str, grain: str, last: str) -> None:
    assert _last_of(date.fromisoformat(first), grain) == date.fromisoformat(last)


def test_a_page_over_an_older_copy_asks_again(filled: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that takes long is made behind the page's back: the browser waits for it, not for more data."""
    app = filled("commits")
    assert not app.session_state["live_run"].behind
    here = runtime.runtime()
    monkeypatch.setattr(commits_held, "_QUICK", 0.0)
    monkeypatch.setattr(commits_held, "_REST", 1e9)
    Builder(here.store).commit("late")
    assert app.run().session_state["live_run"].behind
    here.commits.hurry()
    deadline = time.monotonic() + 60
    while not here.commits.renewals and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not app.run().session_state["live_run"].behind


def test_the_line_below_the_numbers_leads_to_the_commits_of_each_difference(filled: Open) -> None:
    app = filled("commits", role="both")
    [line] = [one.value for one in app.caption if " authored = " in one.value]
    assert "whoever they are counted for above" in line
    app.button(key="to_reconciliation").click().run()
    assert not app.exception
    assert app.session_state["view"] == "pushed"
