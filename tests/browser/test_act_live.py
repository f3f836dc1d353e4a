"""Acting while new failures come in: rows stay picked, the form stays open, what is typed stays there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.live import company, last_passed
from dashlib.failures.analyse import analyse
from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.browser.demo import last_morning
from tests.browser.test_live import SECRET, Gitlab

pytestmark = pytest.mark.browser
FAILED_JOBS = "[data-testid=stMetricValue]"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitlab]:
    database: Path = tmp_path_factory.mktemp("moving") / "dashboard.duckdb"
    world = company(database, repos=10, days=5, end=last_morning())
    with open_store(database) as store:
        analyse(store)
    with serving(database, DASH_GITLAB_WEBHOOK_TOKEN=SECRET) as address:
        made = Gitlab(address, last_passed(world))
        yield made
        made.close()


@pytest.fixture
def tab(window: BrowserContext, moving: Gitlab) -> Iterator[Tab]:
    with fresh(window, moving.address, 1440, 1100) as opened:
        yield opened


def another_fails(tab: Tab, moving: Gitlab) -> None:
    """One more failure, and the page shows it."""
    page = tab.page
    before = page.locator(FAILED_JOBS).first.inner_text()
    moving.fail()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]').innerText !== before", arg=before
    )
    tab.settled()


def two_picked(tab: Tab) -> Page:
    page = tab.open("/failures?view=jobs")
    box = page.locator(".st-key-table_failed_jobs canvas").first.bounding_box()
    assert box is not None
    for line in (1, 2):
        page.mouse.click(box["x"] + 16, box["y"] + 35 * line + 17)
        tab.settled()
    page.get_by_text("2 picked").wait_for()
    return page


def test_the_form_of_picked_jobs_stays_as_it_is(tab: Tab, moving: Gitlab, tmp_path: Path) -> None:
    page = two_picked(tab)
    page.locator(".st-key-act_many").get_by_text("Link to an issue", exact=True).click()
    search = page.get_by_label("Search, or paste the address of an issue")
    search.click()
    search.press_sequentially("the tide is out")
    for _ in range(2):
        another_fails(tab, moving)
        page.get_by_text("2 picked").wait_for()
        expect(search).to_have_value("the tide is out")
        expect(search).to_be_focused()
    search.press("Enter")
    tab.settled()
    another_fails(tab, moving)
    expect(search).to_have_value("the tide is out")
    page.screenshot(path=tmp_path / "moving.png", full_page=True)
    page.locator(".st-key-act_many").get_by_text("Assign", exact=True).click()
    tab.settled()
    tab.offered(page.get_by_placeholder("name or user name")).first.click()
    tab.settled()
    page.locator(".st-key-assign_act_many button").click()
    name = page.get_by_label("Your name", exact=True)
    name.click()
    name.press_sequentially("Grace Hop")
    another_fails(tab, moving)
    expect(name).to_have_value("Grace Hop")
    name.press_sequentially("per")
    name.press("Enter")
    page.get_by_text("has it now.").wait_for()
    assert tab.wrong == []
