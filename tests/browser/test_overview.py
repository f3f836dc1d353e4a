"""Overview and Activity in a real Chromium: clicking through with the same numbers, a day of the calendar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dashlib.failures.analyse import analyse
from dashlib.people.refresh import refresh
from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.browser.test_browser import choose, heading, tile
from tests.pages.conftest import YESTERDAY, fill
from tests.queries.build import Builder

pytestmark = pytest.mark.browser
DAY = timedelta(days=1)
EARLIER = YESTERDAY - DAY


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The filled database, and a failure that was never seen before."""
    database = tmp_path_factory.mktemp("overview") / "dashboard.duckdb"
    with open_store(database) as store:
        built = Builder(store)
        fill(built)
        for back, log in ((5, "the reactor went boom"), (0, "fresh paint fell off")):
            at = YESTERDAY - back * DAY
            built.trace(built.job(built.pipeline(at, "failed"), "unit", "failed", at), log)
        analyse(store)
        refresh(store)
    with serving(database) as url:
        yield url


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def link(page: Page, words: str | re.Pattern[str]) -> Locator:
    return page.get_by_test_id("stMainBlockContainer").get_by_role("link", name=words)


def on_overview(page: Page, label: str) -> str:
    """The number below the link ``label`` of last night."""
    cell = (
        page.get_by_test_id("stVerticalBlock").filter(has=page.get_by_role("link", name=re.compile(f"^{label}"))).last
    )
    return cell.get_by_test_id("stMetricValue").inner_text().strip()


@pytest.fixture
def tab(window: BrowserContext, address: str) -> Iterator[Tab]:
    with fresh(window, address, 1440, 900) as opened:
        yield opened


def test_clicking_through_keeps_filters_and_shows_the_same_numbers(tab: Tab) -> None:
    page = tab.open("/nightlies?job=lint&find=no+such&night=" + f"{YESTERDAY - DAY:%Y-%m-%d}")
    page.get_by_role("link", name="Overview", exact=True).click()
    heading(page, "Overview")
    choose(page, "Group", "acme/core")
    expect(page).to_have_url(re.compile("group="))
    tab.settled()
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    box = page.get_by_test_id("stMainBlockContainer").bounding_box()
    assert box is not None and box["height"] <= 930, "one screen"

    failed, commits = on_overview(page, "Failed"), tile(page, "Commits")
    link(page, re.compile("^Failed")).click()
    heading(page, "Nightlies")
    tab.settled()
    assert tile(page, "Failed") == failed == "1"
    assert query(page) == {"group": ["acme/core"], "rows": ["schedule"], "show": ["all"], "state": ["failed"]}

    page.go_back()
    heading(page, "Overview")
    tab.settled()
    signatures = link(page, re.compile("new signatures? without an issue"))
    told = signatures.locator("p").inner_text().split()[0]
    signatures.click()
    heading(page, "Failures")
    tab.settled()
    assert tile(page, "No issue") == told == "1"
    assert query(page) == {"group": ["acme/core"], "new": ["true"], "issue": ["without"], "nightly": ["true"]}

    page.go_back()
    heading(page, "Overview")
    tab.settled()
    link(page, "Who wrote what in these days").click()
    heading(page, "Commits")
    tab.settled()
    assert tile(page, "Commits") == commits == "5"
    assert query(page) == {"group": ["acme/core"], "period": ["7 days"]}

    page = tab.open("/?search=lint&show=all")
    heading(page, "Nightlies")
    tab.settled()
    assert query(page) == {"search": ["lint"], "show": ["all"]}
    assert tab.wrong == []


def test_a_day_of_the_calendar_narrows_the_page(tab: Tab) -> None:
    page = tab.open("/activity?calendar=period&period=7+days")
    assert tile(page, "Events") == "10"
    square = page.locator(f"[data-testid=stVegaLiteChart] [aria-label*='{EARLIER:%A, %d %B %Y}']")
    square.click()
    expect(page).to_have_url(re.compile("period=custom"))
    tab.settled()
    day = f"{EARLIER:%Y-%m-%d}"
    assert query(page) == {"calendar": ["period"], "period": ["custom"], "from": [day], "to": [day]}
    assert tile(page, "Events") == "2"
    page.get_by_text("Stream", exact=True).click()
    expect(page).to_have_url(re.compile("activity_view=stream"))
    tab.settled()
    told = page.get_by_text("opened issue #4 An issue in acme/web/site")
    told.wait_for()
    thing = page.get_by_role("link", name="issue #4 An issue")
    assert thing.get_attribute("href") == "https://gitlab.example/acme/web/site/-/issues/4"
    assert page.locator("time").first.get_attribute("title") == f"{EARLIER:%Y-%m-%d %H:%M} UTC"
    page.get_by_role("button", name="Show the last 30 days again").click()
    page.wait_for_function("!location.search.includes('period=custom')")
    tab.settled()
    assert tile(page, "Events") == "10"
    assert tab.wrong == []
