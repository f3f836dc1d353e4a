"""The page of SQL in a real browser, over the real server, which answers everybody else meanwhile."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Tab, serving
from tests.explore.hostile import BOMBS, ENDLESS
from tests.pages.conftest import filled_database

pytestmark = pytest.mark.browser
__all__ = ["filled_database"]
TOKEN = "hook-token-of-this-test"


@pytest.fixture(scope="module")
def address(filled_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose webhooks are open, over a copy."""
    database = tmp_path_factory.mktemp("sql") / "dashboard.duckdb"
    shutil.copyfile(filled_database, database)
    with serving(database, DASH_GITLAB_WEBHOOK_TOKEN=TOKEN) as url:
        yield url


@pytest.fixture
def here(window: BrowserContext, address: str) -> Iterator[Tab]:
    tab = Tab(window.new_page(), address)
    yield tab
    tab.page.close()


def answered(url: str) -> float:
    """Seconds that the server took to say that it is well."""
    began = time.monotonic()
    with urllib.request.urlopen(f"{url}/healthz", timeout=60) as answer:
        assert json.load(answer)["status"] == "ok"
    return time.monotonic() - began


def posted(url: str, number: int) -> int:
    body = {"object_kind": "issue", "project": {"id": 1}, "object_attributes": {"id": number, "iid": number}}
    request = urllib.request.Request(
        f"{url}/gitlab/events", json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Gitlab-Token": TOKEN, "X-Gitlab-Event": "Issue Hook"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def asks(page: Page, query: str) -> None:
    page.get_by_role("textbox", name="Query").fill(query)
    page.get_by_role("textbox", name="Query").press("Control+Enter")


def test_pages_and_webhooks_are_answered_while_queries_never_end(here: Tab, window: BrowserContext) -> None:
    page = here.open("/sql")
    other, third = (Tab(window.new_page(), here.server) for _ in range(2))
    other.open("/sql")
    third.open("/people")
    # A query may take 30 seconds, in which a slow machine does not load three pages: nothing slow stands between one
    # that never ends and what is said of it.
    asks(page, ENDLESS[0])
    expect(page.get_by_text("Running for")).to_be_visible()
    asks(other.page, BOMBS[0])
    for number in range(3):
        assert posted(here.server, number) == 200
        answered(here.server)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped after")).to_be_visible()
    asks(page, ENDLESS[0])
    expect(page.get_by_text("Running for")).to_be_visible()
    third.page.get_by_test_id("stSidebar").get_by_role("link", name="Commits", exact=True).click()
    expect(third.page.get_by_role("heading", name="Commits", exact=True)).to_be_visible()
    expect(other.page.get_by_text("needs more memory than 1 GB")).to_be_visible()
    asks(page, "select count(*) as n from commits")
    expect(page.get_by_text("1 row in")).to_be_visible()
    assert [*here.wrong, *other.wrong, *third.wrong] == []
    for tab in (other, third):
        tab.page.close()


def test_a_shared_address_shows_the_same(here: Tab, window: BrowserContext) -> None:
    page = here.open("/sql")
    asks(page, "select ref, count(*) as runs from pipelines group by all")
    expect(page.get_by_text(re.compile(r"rows? in \d"))).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="chart").click()
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_be_visible(timeout=60_000)
    here.settled()
    assert "sql=select+ref" in page.url and "sql_as=chart" in page.url
    other = Tab(window.new_page(), here.server)
    other.page.goto(page.url)
    expect(other.page.locator("[data-testid=stVegaLiteChart]")).to_be_visible(timeout=60_000)
    assert other.page.get_by_role("textbox", name="Query").input_value().startswith("select ref")
    other.page.close()
    assert here.wrong == []


def test_how_a_chart_is_computed_opens_here(here: Tab) -> None:
    page = here.open("/commits")
    page.get_by_role("button", name="How this is computed").first.click()
    page.get_by_role("link", name="Open in SQL").first.click()
    page.wait_for_url("**/sql?*")
    here.settled()
    expect(page.get_by_text(re.compile(r"rows in \d"))).to_be_visible(timeout=60_000)
    assert "commit_credits" in page.get_by_role("textbox", name="Query").input_value()
    page.go_back()
    expect(page.get_by_role("heading", name="Commits", exact=True)).to_be_visible(timeout=60_000)
    assert here.wrong == []


def test_files_come_down(here: Tab) -> None:
    page = here.open("/sql?sql=" + quote("select 1 as a, 'ø' as b"))
    for name, ending in (("CSV", "csv"), ("Parquet", "parquet"), ("JSON", "json"), ("Excel", "xlsx")):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name, exact=True).click()
        assert re.fullmatch(rf"answer-\d{{4}}-\d\d-\d\d-\d{{6}}\.{ending}", coming.value.suggested_filename)
        content = coming.value.path().read_bytes()
        assert content and (ending != "csv" or content.decode() == "a,b\n1,ø\n")
    assert here.wrong == []
