"""The grid of nights in a real Chromium: from a cell to its failure to the job on GitLab and back, shared addresses."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import Demo, Tab, fresh
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
    expect(page).to_have_url(re.compile(rf"/failure\?.*failure={failure}"))
    tab.settled()
    assert page.locator("h1").inner_text() == "lint"
    link = page.get_by_role("link", name="Job on GitLab").get_attribute("href")
    assert link == f"https://gitlab.example/p/1/-/jobs/{failure.partition('-')[2]}"
    page.go_back()
    expect(page).to_have_url(re.compile(r"/nightlies\?sort=name"))
    tab.settled()
    cell(page, "acme/core/engine").wait_for()
    with page.expect_popup() as opened:
        cell(page, "acme/core/engine").click(modifiers=["Alt"])
    assert opened.value.url == link
    cell(page, "acme/core/engine").focus()
    with page.expect_popup() as opened:
        page.keyboard.press("Alt+Enter")
    assert opened.value.url == link
    assert tab.wrong == []


def test_a_shared_address_shows_the_same_view_in_a_fresh_browser(tab: Tab, chromium: Browser) -> None:
    page = tab.open("/nightlies?sort=name&grouped=group")
    page.get_by_role("button", name="Open acme/web/site").click()
    expect(page).to_have_url(re.compile("opened="))
    page.get_by_title(f"{EARLIER:%a %d %b %Y}: frame it", exact=False).click()
    expect(page).to_have_url(re.compile("night="))
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
    expect(page).to_have_url(re.compile(r"/failure\?"))
    assert tab.wrong == []


def test_tab_stops_once_at_the_nights_and_once_at_the_rows(tab: Tab) -> None:
    """Arrows lead from night to night, from the first cell of a row to its name, and open and close it there."""
    page = tab.open("/nightlies?sort=name")
    cell(page, "acme/core/engine").wait_for()
    press = page.keyboard.press
    page.locator("thead .framed .day").focus()
    press("ArrowLeft")
    assert focused(page) == f"{EARLIER:%d}"
    press("Shift+Tab")
    press("Tab")
    assert focused(page) == f"{EARLIER:%d}"
    press("Tab")
    assert "acme/core/engine; " in focused(page)
    press("Shift+Tab")
    assert focused(page) == f"{EARLIER:%d}"
    press("Tab")
    for _ in range(page.locator("thead .day").count()):
        press("ArrowLeft")
    assert focused(page) == "Open acme/core/engine"
    press("ArrowRight")
    page.get_by_role("button", name="Close acme/core/engine").wait_for()
    tab.settled()
    assert focused(page) == "Close acme/core/engine", "what was opened by keyboard keeps the focus"
    press("ArrowRight")
    press("ArrowDown")
    assert "acme/core/engine · Nightly; " in focused(page)
    press("ArrowLeft")
    assert focused(page) == "Close acme/core/engine"
    press("ArrowLeft")
    page.get_by_role("button", name="Open acme/core/engine").wait_for()
    press("ArrowDown")
    assert focused(page) == "Open acme/web/site"
    assert tab.wrong == []


def test_an_opened_row_moves_neither_the_nights_nor_their_months(window: BrowserContext, demo: Demo) -> None:
    with fresh(window, demo.address, width=700) as tab:
        page = tab.open("/nightlies?show=all&opened=ostrelune/platform/tide-store")
        grid, newest = page.locator(".grid"), page.locator("thead .framed")
        newest.wait_for()
        assert in_sight(newest, grid)
        labels = [page.locator(f".level{level} .label").first.bounding_box() for level in (0, 1, 2)]
        lefts = [box["x"] for box in labels if box]
        assert lefts == sorted(set(lefts)) and len(lefts) == 3, "what is in a row stands further right"
        name = page.locator("thead .name").last.bounding_box()
        page.get_by_role("button", name="Close ostrelune/platform/tide-store").click()
        page.get_by_role("button", name="Open ostrelune/platform/tide-store").wait_for()
        assert page.locator("thead .name").last.bounding_box() == name and in_sight(newest, grid)
        page.locator("tbody .toggle").first.click()
        page.locator("tbody .toggle[aria-expanded=true]").wait_for()
        assert page.locator("thead .name").last.bounding_box() == name and in_sight(newest, grid)
        sizes = page.locator(".others").evaluate_all(
            "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
        )
        assert sizes and min(sizes) >= 9.5
        whole = re.compile(r"([A-Z][a-z]{2}( \d{4})?)?")
        for left in range(0, 400, 40):
            grid.evaluate("(grid, left) => { grid.scrollLeft = left }", left)
            page.wait_for_timeout(50)
            seen = page.locator(".months th").all_inner_texts()
            assert any(seen) and all(whole.fullmatch(text) for text in seen), seen
            label = next(one for one in page.locator(".month span").all() if one.inner_text())
            box, edge = label.bounding_box(), page.locator("thead .name").last.bounding_box()
            assert box and edge and box["x"] >= edge["x"] + edge["width"]
        assert tab.wrong == []


def in_sight(newest: Locator, grid: Locator) -> bool:
    """Whether the newest night ends where the grid's window ends, or before it."""
    box, edge = newest.bounding_box(), grid.bounding_box()
    return bool(box and edge and box["x"] + box["width"] <= edge["x"] + edge["width"])


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
    page.set_viewport_size({"width": 390, "height": 844})
    tab.open("/nightlies?figures=true")
    newest, first = page.locator("thead .framed"), page.locator("thead .figure").first
    first.wait_for()
    names, edge = page.locator("thead .name").last.bounding_box(), page.locator(".grid").bounding_box()
    boxes = newest.bounding_box(), first.bounding_box()
    assert names and edge and boxes[0] and boxes[1]
    assert boxes[0]["x"] >= names["x"] + names["width"] and boxes[1]["x"] < edge["x"] + edge["width"], (
        "the newest night and the first of the figures are both in sight"
    )
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
