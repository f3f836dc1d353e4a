"""The front door over an empty, a half-empty and a filled database: its numbers are those of the pages it leads to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from dashlib import runtime
from dashlib.failures.settle import settle
from dashlib.model import Put
from dashlib.people.refresh import refresh
from dashlib.store import bookkeeping, open_store
from tests.pages.conftest import CRON, HOSTILE, YESTERDAY, Open
from tests.queries.build import Builder

DAY = timedelta(days=1)
TILES = ["Failed", "New", "Still red", "Never ran", "Recovered", "Warned", "Passed", "Other"]


def links(app: AppTest) -> dict[str, tuple[str, dict[str, list[str]]]]:
    """The links of the page itself by their label: the page and the query they lead to."""
    found = [link.proto for link in app.main.get("page_link") if link.proto.label != "Open in SQL"]
    return {link.label: (link.page, parse_qs(link.query_string)) for link in found}


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    parts: list[Any] = [*app.caption, *app.info, *app.success, *app.error, *app.markdown]
    return "\n".join(part.value for part in parts)


def lines(app: AppTest) -> list[str]:
    return [label.replace("\\", "") for label in links(app) if label not in TILES]


def test_last_night_is_that_of_nightlies(filled: Open) -> None:
    app, there = filled("overview"), filled("nightlies")
    assert app.title[0].value == "Overview"
    assert {name: numbers(app)[name] for name in TILES} == numbers(there)
    changes = [metric.delta for metric in app.metric if metric.label in TILES]
    assert changes == [metric.delta for metric in there.metric]
    told = f"Arrows compare with {YESTERDAY - DAY:%a %d %b}. 3 of 3 nightlies ran; 2 jobs failed."
    assert told in words(app)


@pytest.mark.parametrize(("label", "rows"), [("Failed", 2), ("New", 1), ("Passed", 1), ("Recovered", 1)])
def test_a_number_leads_to_what_it_counts(filled: Open, label: str, rows: int) -> None:
    """The grid of Nightlies has as many rows as the number says, where a filter of it can tell."""
    app = filled("overview", period="7 days")
    page, query = links(app)[label]
    assert page == "nightlies" and query["period"] == ["7 days"]
    assert numbers(app)[label] == str(rows)
    there = filled(page, **query)
    assert numbers(there)[label] == str(rows) and not there.warning
    assert grid_rows(there) == rows


def grid_rows(app: AppTest) -> int:
    """Rows of the grid of nights: the statement below it, asked again."""
    [sql] = [code.value for code in app.code if "matching as" in code.value]
    with runtime.runtime().nights.newest().connection.cursor() as connection:
        return int(connection.execute(sql).df().query("level == 0")["top"].nunique())


def test_what_needs_attention_leads_to_where_one_acts(filled: Open) -> None:
    app = filled("overview")
    told = lines(app)
    assert "1 new failure without an issue" in told
    assert "Of 1 repository something could not be read" in told
    page, query = links(app)["1 new failure without an issue"]
    there = filled(page, **query)
    assert grid_rows(there) == 1
    assert there.toggle(key="fresh").value and there.toggle(key="noissue").value


def test_commits_of_the_week_are_those_of_commits(filled: Open) -> None:
    app = filled("overview")
    page, query = links(app)["Who wrote what in these days"]
    assert (page, query) == ("commits", {"period": ["7 days"]})
    there = filled(page, **query)
    shared = ("Commits", "People", "Repositories")
    assert {name: numbers(app)[name] for name in shared} == {name: numbers(there)[name] for name in shared}
    assert numbers(app)["Commits"] == "10"
    assert len(app.get("vega_lite_chart")) == 1


def test_the_filter_bar_applies_and_goes_along(filled: Open) -> None:
    until = YESTERDAY - DAY
    days = {"period": "custom", "from": f"{until - 3 * DAY:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}"}
    app = filled("overview", repo="acme/web/site", **days)
    there = filled("nightlies", repo="acme/web/site", **days)
    assert {name: numbers(app)[name] for name in TILES} == numbers(there)
    page, query = links(app)["Who wrote what in these days"]
    week = {"from": [f"{until - 6 * DAY:%Y-%m-%d}"], "to": [f"{until:%Y-%m-%d}"]}
    assert query == {"repo": ["acme/web/site"], "period": ["custom"]} | week
    assert numbers(filled(page, **query))["Commits"] == numbers(app)["Commits"] == "4"


def test_jobs_and_signatures_are_those_of_their_pages(opener: Callable[[Path], Open], tmp_path: Path) -> None:
    path = tmp_path / "jobs.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.schedule(cron=CRON)
        for back in (20, 2, 1, 0):
            at = YESTERDAY - back * DAY
            job = built.job(built.pipeline(at, "failed"), "unit", "failed", at)
            built.trace(job, "text")
            built.failure(job, f"boom {back}")
        settle(store)
        refresh(store)
    visit = opener(path)
    app = visit("overview")
    [signatures] = [label for label in links(app) if "signature" in label]
    page, query = links(app)[signatures]
    assert page == "failures"
    assert signatures.split(" ")[0] == numbers(visit(page, **query))["No issue"] == "3"
    [broken] = [label for label in links(app) if "broken" in label]
    page, query = links(app)[broken]
    assert page == "flaky"
    there = visit(page, **query)
    assert broken.split(" ")[0] == numbers(there)["Broken now"] == str(len(there.dataframe[0].value))
    [longest] = [label for label in links(app) if label.startswith("Longest red")]
    page, query = links(app)[longest]
    assert page == "failure" and visit(page, **query).title


def test_a_failed_sync_is_told(
    opener: Callable[[Path], Open], filled_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_ACCESS_TOKEN", "glpat-very-secret")
    visit = opener(Path(shutil.copyfile(filled_database, tmp_path / "copy.duckdb")))
    visit("overview")
    load = dict.fromkeys(bookkeeping.LOADS.columns) | {"source": "github", "error": f"HTTP 401 {HOSTILE}"}
    now = datetime.now(UTC).replace(tzinfo=None)
    runtime.runtime().store.write(Put(bookkeeping.LOADS, [load | {"started_at": now, "finished_at": now}]))
    app = visit("overview")
    [told] = [label for label in links(app) if "broke off" in label]
    assert told == "github\\: the last sync broke off"
    assert "HTTP 401 \\<img src=x" in words(app)
    assert links(app)[told][0] == "sources"
    assert "very-secret" not in str(app.main)


def test_a_night_that_has_just_begun_does_not_hide_the_last_one(opener: Callable[[Path], Open], tmp_path: Path) -> None:
    path = tmp_path / "begun.duckdb"
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.night(now - 2 * DAY, failed=["unit"])
        built.night(now - DAY, failed=["unit", "lint"])
        built.pipeline(now, "running")
        refresh(store)
    visit = opener(path)
    app = visit("overview")
    assert "is under way: 0 of 1 ended, 1 running." in words(app)
    assert app.header[0].value == f"Last night: {now - DAY:%A, %d %B}"
    page, query = links(app)["Failed"]
    assert "night" not in query, "the page Nightlies starts with the same night"
    there = visit(page, **query)
    assert numbers(there) == {name: numbers(app)[name] for name in TILES} and numbers(app)["Failed"] == "1"


def test_nothing_and_half_of_it(empty: Open, opener: Callable[[Path], Open], tmp_path: Path) -> None:
    app = empty("overview")
    assert "make demo" in [code.value for code in app.code]
    assert not app.metric and not app.get("vega_lite_chart") and not app.header[1:]
    path = tmp_path / "half.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project()
        built.commit("c1", at=YESTERDAY)
        refresh(store)
    runtime.close()
    app = opener(path)("overview")
    assert "No nightly for these filters." in words(app) and "Nothing was read yet." in words(app)
    assert "Nothing that we know of." in words(app)
    assert numbers(app)["Commits"] == "1"


def test_it_stands_at_the_root_and_old_links_to_nightlies_still_lead_there(filled: Open) -> None:
    assert filled("").title[0].value == "Overview"
    assert filled("", repo="acme/web/site").title[0].value == "Overview"
    app = filled("", search="lint", repo="acme/core/engine", night=f"{YESTERDAY:%Y-%m-%d}")
    assert app.title[0].value == "Nightlies"
    assert list(app.dataframe[0].value["job_name"]) == ["lint"]
    assert app.multiselect(key="repo").value == ["acme/core/engine"]
