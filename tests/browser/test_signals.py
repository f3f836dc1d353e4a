"""Signals in a real Chromium: a zoom drawn with the mouse, its address, the way to a failure and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from dashlib.charts.signals import zoom_word, zoomed
from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.pages.conftest import YESTERDAY
from tests.pages.test_signals import fill
from tests.queries.build import Builder

pytestmark = pytest.mark.browser
HOUR = timedelta(hours=1)
AROUND = zoom_word(YESTERDAY - 2 * HOUR, YESTERDAY + 2 * HOUR)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    database: Path = tmp_path_factory.mktemp("signals") / "dashboard.duckdb"
    with open_store(database) as store:
        jobs = fill(Builder(store))
    with serving(database) as address:
        yield address, jobs


@pytest.fixture
def tab(window: BrowserContext, company: tuple[str, dict[str, int]]) -> Iterator[Tab]:
    with fresh(window, company[0], 1440, 1400) as opened:
        yield opened


def zoom_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("zoom", [""])[0]


def number(page: Page, label: str) -> str:
    tile = page.locator("[data-testid=stMetric]").filter(has_text=label).first
    return tile.locator("[data-testid=stMetricValue]").inner_text()


def draw(page: Page, first: float, last: float) -> None:
    """A brush over a part of the time line, from one share of its width to another."""
    chart = page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas").first
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = chart.bounding_box()
    assert box is not None
    # The lanes' names stand left of the drawing; its middle is below the lane of failures.
    left, width = box["x"] + box["width"] * 0.2, box["width"] * 0.75
    y = box["y"] + 40
    page.mouse.move(left + first * width, y)
    page.mouse.down()
    page.mouse.move(left + (first + last) / 2 * width, y, steps=4)
    page.mouse.move(left + last * width, y, steps=4)
    page.mouse.up()


def test_a_drawn_zoom_narrows_the_page_and_stands_in_the_address(tab: Tab) -> None:
    page = tab.open("/signals?period=7+days")
    assert number(page, "Signals") == "4"
    draw(page, 0.02, 0.75)
    page.wait_for_url(re.compile("zoom="), timeout=60_000)
    tab.settled()
    first, last = zoomed(zoom_of(page)) or (YESTERDAY, YESTERDAY)
    assert timedelta(days=1) < last - first < timedelta(days=6)
    assert page.get_by_role("button", name="The whole period").count() == 1
    shown = zoom_of(page)

    draw(page, 0.3, 0.6)
    page.wait_for_function(f"!location.search.includes({shown.replace(':', '%3A')!r})", timeout=60_000)
    tab.settled()
    inner = zoomed(zoom_of(page)) or (YESTERDAY, YESTERDAY)
    assert first <= inner[0] < inner[1] <= last and inner[1] - inner[0] < (last - first) / 2
    page.go_back()
    page.wait_for_function(f"decodeURIComponent(location.search).includes({shown!r})")
    tab.settled()
    assert zoom_of(page) == shown

    other = Tab(page.context.new_page(), tab.server)
    seen = other.open(f"/signals?zoom={AROUND}")
    assert number(seen, "Signals") == "2"
    assert number(seen, "Failed jobs") == "1"
    seen.get_by_role("button", name="The whole period").click()
    seen.wait_for_function("!location.search.includes('zoom')")
    other.settled()
    assert number(seen, "Signals") == "4"
    seen.close()
    assert tab.wrong == [] and other.wrong == []


def test_from_a_failure_beside_to_its_page_and_back_to_its_time(tab: Tab, company: tuple[str, dict[str, int]]) -> None:
    page = tab.open(f"/signals?zoom={AROUND}")
    page.get_by_text("Failed jobs of nightlies in this time").scroll_into_view_if_needed()
    grid = page.locator("[data-testid=stDataFrame]").nth(1).locator("canvas").first
    grid.wait_for()
    grid.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = grid.bounding_box()
    assert box is not None
    # Columns: Failed 135, Repository (medium, 200), Job 140, then the link; one row below the header.
    link = box["x"] + 135 + 200 + 140 + 30, box["y"] + 35 + 17
    page.mouse.move(*link, steps=5)
    with page.context.expect_page() as opened:
        page.mouse.click(*link)
    failure = Tab(opened.value, tab.server)
    failure.settled()
    assert f"failure=1-{company[1]['beside']}" in failure.page.url
    assert failure.page.locator("h1").inner_text() == "unit"
    failure.page.get_by_text("2 signals from 15 minutes before it started").wait_for()
    failure.page.get_by_role("link", name="This time on the page Signals").click()
    failure.page.wait_for_url(re.compile(r"/signals\?.*zoom="))
    failure.settled()
    assert number(failure.page, "Signals") == "2"
    assert tab.wrong == [] and failure.wrong == []
