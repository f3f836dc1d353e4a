"""Failures and one failure in a real Chromium: the log, its folds and marks, shared addresses, the search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.pages.conftest import HOSTILE
from tests.pages.test_failures import LOG, fill
from tests.queries.build import Builder
from tests.recognise.logs import TELLING

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    database = tmp_path_factory.mktemp("failures") / "dashboard.duckdb"
    with open_store(database) as store:
        jobs = fill(Builder(store))
    with serving(database) as address:
        yield address, jobs


@pytest.fixture
def jobs(company: tuple[str, dict[str, int]]) -> dict[str, int]:
    return company[1]


@pytest.fixture
def tab(window: BrowserContext, company: tuple[str, dict[str, int]]) -> Iterator[Tab]:
    with fresh(window, company[0], 1440) as opened:
        yield opened


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def lines(page: Page) -> Locator:
    return page.locator("[aria-label='Job log'] .line")


def test_the_log_marks_its_telling_lines_and_folds_the_rest(tab: Tab, jobs: dict[str, int]) -> None:
    page = tab.open(f"/failure?failure=1-{jobs['unit 1 1']}")
    assert page.locator("h1").inner_text() == "unit"
    lines(page).first.wait_for()
    marked = page.locator(".line.mark .text").all_inner_texts()
    assert any(TELLING in text for text in marked)
    assert 10 < lines(page).count() < 40
    page.get_by_role("button", name=re.compile(r"⋯ \d+ lines")).first.click()
    assert lines(page).count() > 60
    page.get_by_role("button", name="Unfold all").click()
    shown = lines(page).locator(".text").all_inner_texts()
    assert [text.rstrip() for text in shown] == [line.rstrip() for line in LOG.rstrip("\n").split("\n")]
    numbers = lines(page).locator(".number").all_inner_texts()
    assert numbers == [str(number) for number in range(1, len(shown) + 1)]
    page.get_by_role("button", name="Fold again").click()
    assert lines(page).count() < 40
    assert tab.wrong == []


def test_the_whole_log_can_be_downloaded(tab: Tab, jobs: dict[str, int]) -> None:
    page = tab.open(f"/failure?failure=1-{jobs['unit 1 1']}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the log").click()
    assert download.value.path().read_text("utf-8") == LOG


def test_from_a_search_to_a_failure_to_its_signature_and_back(tab: Tab, jobs: dict[str, int]) -> None:
    page = tab.open("/failures")
    page.get_by_text("search logs", exact=True).click()
    tab.settled()
    field = page.get_by_placeholder("words as they stand in the log")
    field.wait_for()
    field.press_sequentially("assertionerror: ASSERT", delay=30)
    expect(page).to_have_url(re.compile("log="))
    page.get_by_text("4 logs have such a line, the newest first.").wait_for()
    tab.settled()
    searched = page.url
    page.get_by_role("link", name="why it failed").first.click()
    expect(page).to_have_url(re.compile(r"/failure\?.*failure="))
    tab.settled()
    assert query(page)["failure"] == [f"1-{jobs['unit 0 1']}"]
    page.get_by_role("link", name="All its failures, and since when").click()
    expect(page).to_have_url(re.compile(r"/failures\?.*signature="))
    tab.settled()
    page.get_by_text("The chosen signature").wait_for()
    told = page.get_by_text("4 failed jobs in 2 repositories and 3 nights")
    assert told.count() == 1

    other = Tab(tab.page.context.new_page(), tab.server)
    seen = other.open(page.url.removeprefix(tab.server))
    assert seen.get_by_text("4 failed jobs in 2 repositories and 3 nights").count() == 1
    seen.close()

    page.go_back()
    page.wait_for_url(re.compile(r"/failure\?"), timeout=60_000)
    tab.settled()
    assert page.locator("h1").inner_text() == "unit"
    page.go_back()
    expect(page).to_have_url(re.compile("log="))
    tab.settled()
    assert page.url == searched
    assert page.get_by_placeholder("words as they stand in the log").input_value() == "assertionerror: ASSERT"
    assert tab.wrong == []


def test_a_picked_row_chooses_its_signature(tab: Tab) -> None:
    page = tab.open("/failures")
    grid = page.locator(".st-key-table_signatures canvas").first
    box = grid.bounding_box()
    assert box is not None
    # The first column holds the boxes to pick a row; the second row is below the header and the first.
    page.mouse.click(box["x"] + 16, box["y"] + 35 * 2 + 17)
    expect(page).to_have_url(re.compile("signature="))
    tab.settled()
    page.get_by_text("4 failed jobs in 2 repositories and 3 nights").wait_for()
    page.get_by_role("button", name="Close the signature").click()
    page.wait_for_function("!location.search.includes('signature')")
    tab.settled()
    assert page.get_by_text("The chosen signature").count() == 0
    assert tab.wrong == []


def test_hostile_text_of_a_log_is_text(tab: Tab, jobs: dict[str, int]) -> None:
    page = tab.open(f"/failure?failure=2-{jobs['hostile']}")
    assert page.locator("h1").inner_text() == HOSTILE
    page.get_by_role("button", name="Unfold all").click()
    assert HOSTILE in lines(page).locator(".text").all_inner_texts()
    assert page.locator("img[src=x], a[href^='javascript:']").count() == 0
    assert tab.wrong == []


def test_a_marked_line_is_seen_in_the_dark(tab: Tab, jobs: dict[str, int]) -> None:
    tab.page.emulate_media(color_scheme="dark")
    page = tab.open(f"/failure?failure=1-{jobs['unit 1 1']}")
    mark = page.locator(".line.mark").first
    ground, ink = mark.evaluate(
        "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]"
    )
    assert ground not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    assert ink == "rgb(228, 233, 239)"
    assert tab.wrong == []
