"""The page Activity: its filters, its calendar, its streams, and nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.people.refresh import refresh
from dashlib.store import open_store
from dashlib.widgets import activity as widgets
from tests.pages.conftest import HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    return "\n".join(part.value for part in [*app.caption, *app.info, *app.header])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The days of sentences that were handed to the browser."""
    seen: list[Any] = []
    monkeypatch.setattr(widgets, "_draw", lambda days: seen.append(json.loads(json.dumps(days))))
    return seen


@pytest.mark.parametrize("by", ["action", "target", "person", "repository", "source"])
def test_overview(filled: Open, by: str) -> None:
    app = filled("activity", of=by)
    assert numbers(app) == {
        "Events": "10", "People": "1", "Repositories": "2", "Pushes": "5", "Merges": "0", "Comments": "0",
    }  # fmt: skip
    assert len(app.get("vega_lite_chart")) == 2
    people, repositories = (table.value for table in app.dataframe)
    assert people[["label", "events", "commits_pushed", "others"]].values.tolist() == [["Ada Lovelace", 10, 5, 2]]
    assert repositories[["label", "events"]].values.tolist() == [["acme/core/engine", 5], ["acme/web/site", 5]]


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ({"action": "opened"}, "5"),
        ({"target": ["branch", "issue"]}, "10"),
        ({"event_source": "gitlab"}, "10"),
        ({"find_event": "AN ISSUE"}, "5"),
        ({"find_event": "onerror"}, "5"),
        ({"person": "Ada Lovelace", "repo": "acme/web/site"}, "5"),
    ],
)
def test_each_filter(filled: Open, query: dict[str, Any], events: str) -> None:
    app = filled("activity", activity_view="list", **query)
    assert numbers(app)["Events"] == events == str(len(app.dataframe[0].value))
    assert not app.warning


def test_oldest_first(filled: Open) -> None:
    times = list(filled("activity", activity_view="list", event_sort="oldest first").dataframe[0].value["happened"])
    assert times == sorted(times) != sorted(times, reverse=True)


def test_none_of_this_kind_can_be_undone(filled: Open) -> None:
    app = filled("activity", robots="only")
    assert "none of this kind" in app.info[0].value
    app.button(key="clear_filters").click().run()
    assert numbers(app)["Events"] == "10"


def test_a_stream_in_sentences(filled: Open, drawn: list[Any]) -> None:
    app = filled("activity", activity_view="stream", repo="acme/web/site")
    assert "Stream of acme/web/site" in words(app)
    assert [(day["day"], len(day["items"])) for day in drawn[-1]] == [
        (f"{YESTERDAY - timedelta(days=back):%A, %d %B %Y}", 1) for back in range(5)
    ]
    item = drawn[-1][0]["items"][0]
    home = "https://gitlab.example/acme/web/site"
    assert (item["who"], item["at"]) == ("Ada Lovelace", f"{YESTERDAY:%Y-%m-%d %H:%M} UTC")
    assert item["parts"] == [
        {"text": " opened "},
        {"text": "issue #4 An issue", "href": f"{home}/-/issues/4"},
        {"text": " in "},
        {"text": "acme/web/site", "href": home},
    ]


def test_a_stream_has_pages_and_says_so(
    opener: Callable[[Path], Open], tmp_path: Path, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widgets, "_A_PAGE", 4)
    path = tmp_path / "pages.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        for number in range(10):
            built.event("opened", YESTERDAY + timedelta(minutes=number), target_type="Issue", target_iid=number)
        refresh(store)
    visit = opener(path)
    seen = []
    for page in ("1", "2", "3"):
        app = visit("activity", activity_view="stream", stream_page=page)
        first = 4 * int(page) - 3
        assert f"Events {first} to {min(first + 3, 10)} of 10, newest first." in words(app)
        seen += [item["parts"][1]["text"] for day in drawn[-1] for item in day["items"]]
    assert seen == [f"issue #{number}" for number in range(9, -1, -1)]
    app = visit("activity", activity_view="stream", stream_page="9")
    assert "Page “9”" in app.warning[0].value


def test_one_day_can_be_let_go(filled: Open) -> None:
    day = f"{YESTERDAY:%Y-%m-%d}"
    app = filled("activity", period="custom", **{"from": day, "to": day})
    assert numbers(app)["Events"] == "2"
    assert f"Narrowed to {YESTERDAY:%A, %d %B %Y}." in words(app)
    app.button(key="all_days").click().run()
    assert numbers(app)["Events"] == "10" and "period" not in app.query_params


@pytest.mark.parametrize("span", ["year", "period"])
def test_the_calendar_has_every_day(filled: Open, span: str) -> None:
    app = filled("activity", calendar=span, period="90 days")
    [sql] = [
        code.value for code in app.code if "count(distinct person) as people" in code.value and "days d" in code.value
    ]
    with runtime.runtime().store.reader() as reader:
        days = reader.execute(sql).df()
    assert (len(days) == 90) if span == "period" else (365 <= len(days) <= 371)
    assert days["events"].sum() == 10


def test_days_in_the_address_alone_are_a_period_of_ones_own(filled: Open) -> None:
    app = filled("activity", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert app.selectbox(key="period").value == "custom"
    assert "No events for these filters. The newest are of" in app.info[0].value


def test_nothing_in_a_period(filled: Open) -> None:
    app = filled("activity", period="custom", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert "No events for these filters. The newest are of" in app.info[0].value
    assert not app.get("vega_lite_chart")


def test_hostile_titles_are_text(filled: Open, drawn: list[Any]) -> None:
    app = filled("activity", activity_view="stream")
    texts = [part for day in drawn[-1] for item in day["items"] for part in item["parts"] if HOSTILE in part["text"]]
    assert len(texts) == 5
    for element in [*app.markdown, *app.caption, *app.header]:
        assert HOSTILE not in element.value
