"""The grid of nights in a real Chromium: from a cell to its failure to the job on GitLab and back, shared addresses."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import Tab
from tests.pages.conftest import YESTERDAY

pytestmark = pytest.mark.browser

EARLIER = YESTERDAY - timedelta(days=1)


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def cell(page: Page, row: str) -> Locator:
    """The framed cell of a row."""
    return page.locator("tbody tr", has=page.get_by_role("button", name=f" {row}")).locator("td.framed .cell")


def test_from_a_failed_cell_to_its_failure_to_the_job_and_back(tab: Tab) -> None:
    tab.page.context.route("https://gitlab.example/**", lambda route: route.fulfill(body="the job"))
    page = tab.open("/nightlies?sort=name")
    failed = cell(page, "acme/core/engine")
    failure = str(failed.get_attribute("href")).partition("failure=")[2]
    failed.click()
    page.wait_for_url(re.compile(rf"/failure\?.*failure={failure}"))
    tab.settled()
    assert page.locator("h1").inner_text() == "lint"
    link = page.get_by_role("link", name="Job on GitLab").get_attribute("href")
    assert link == f"https://gitlab.example/p/1/-/jobs/{failure.partition('-')[2]}"
    page.go_back()
    page.wait_for_url(re.compile(r"/nightlies\?sort=name"))
    tab.settled()
    cell(page, "acme/core/engine").wait_for()
    with page.expect_popup() as opened:
        cell(page, "acme/core/engine").click(modifiers=["Alt"])
    assert opened.value.url == link
    assert tab.wrong == []


def test_a_shared_address_shows_the_same_view_in_a_fresh_browser(tab: Tab, chromium: Browser) -> None:
    page = tab.open("/nightlies?sort=name&grouped=group")
    page.get_by_role("button", name="Open acme/web/site").click()
    page.wait_for_url(re.compile("opened="))
    page.get_by_title(f"{EARLIER:%a %d %b %Y}: frame it", exact=False).click()
    page.wait_for_url(re.compile("night="))
    tab.settled()
    page.get_by_role("button", name="Close acme/web/site").wait_for()
    shown = page.locator(".grid").inner_text()
    assert query(page) == {
        "sort": ["name"], "grouped": ["group"], "opened": ["acme/web/site"], "night": [f"{EARLIER:%Y-%m-%d}"]
    }  # fmt: skip
    other = Tab(chromium.new_context(viewport={"width": 1600, "height": 1200}).new_page(), tab.server)
    seen = other.open(page.url.removeprefix(tab.server))
    seen.get_by_role("button", name="Close acme/web/site").wait_for()
    assert seen.locator(".grid").inner_text() == shown
    seen.context.close()
    page.go_back()
    tab.settled()
    assert query(page)["night"] == [f"{YESTERDAY:%Y-%m-%d}"], (
        "what is chosen names its night: it shall show it tomorrow"
    )
    assert query(page)["opened"] == ["acme/web/site"]
    assert page.locator("thead .framed .day").inner_text() == f"{YESTERDAY:%d}"
    page.go_back()
    page.wait_for_url(lambda url: "opened" not in url)
    assert query(page) == {"sort": ["name"], "grouped": ["group"]}, "an address as it was opened"
    assert tab.wrong == other.wrong == []


def test_the_keyboard_reaches_every_cell(tab: Tab) -> None:
    page = tab.open("/nightlies?sort=name")
    failed = cell(page, "acme/core/engine")
    failed.focus()
    card = page.locator(".card")
    card.wait_for()
    assert "Failed jobs" in card.inner_text() and "lint" in card.inner_text()
    page.keyboard.press("ArrowLeft")
    focused = page.evaluate(
        "() => { let it = document.activeElement; while (it.shadowRoot) it = it.shadowRoot.activeElement;"
        " return it.getAttribute('aria-label') }"
    )
    assert f"{EARLIER:%a %d %b %Y}" in focused and "acme/core/engine" in focused
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/failure\?"))
    assert tab.wrong == []


def test_the_links_in_a_cells_box_are_reached_by_keyboard(tab: Tab) -> None:
    page = tab.open("/nightlies?sort=name")
    cell(page, "acme/core/engine").focus()
    card = page.locator(".card")
    card.wait_for()
    page.keyboard.press("Tab")
    assert focused(page).startswith("the job (Alt + click")
    assert card.is_visible()
    page.keyboard.press("Shift+Tab")
    assert "acme/core/engine" in focused(page) and card.is_visible()
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    card.wait_for()
    for _ in range(card.locator("a").count() + 1):
        page.keyboard.press("Tab")
    card.wait_for(state="hidden")
    assert "acme/core/engine" not in focused(page)
    assert tab.wrong == []


def focused(page: Page) -> str:
    """What has the focus, behind all shadow roots: its label, else its text."""
    return str(
        page.evaluate(
            "() => { let it = document.activeElement; while (it.shadowRoot) it = it.shadowRoot.activeElement;"
            " return it.getAttribute('aria-label') || it.textContent }"
        )
    )


def test_the_morning_note(tab: Tab) -> None:
    page = tab.open("/report")
    assert page.locator("h1").first.inner_text() == "Morning note"
    page.get_by_role("heading", name="Still red (1)").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as .html").click()
    assert "<img" not in download.value.path().read_text("utf-8")
    assert tab.wrong == []
