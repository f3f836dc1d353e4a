"""Merge, and undo, in a real Chromium: the figures of the commits page move with it and come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dashlib.people import decisions
from dashlib.people.refresh import refresh
from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.people.world import company
from tests.queries.build import Builder

pytestmark = pytest.mark.browser
COMMITS = "/commits?period=custom&from=2026-03-01&to=2026-03-31&person=ada.lovelace%40one.example"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("people") / "dashboard.duckdb"
    with open_store(database) as store:
        built = Builder(store)
        built.project()
        company(built)
        refresh(store)
        for number in range(30):
            decisions.put_into_team(store, "Kim", "bob@one.example", f"Team {number}")
    with serving(database) as running:
        yield running


@pytest.fixture
def tab(window: BrowserContext, address: str) -> Iterator[Tab]:
    with fresh(window, address, 1440) as opened:
        # This browser has given a name before.
        window.add_cookies([{"name": "dash_name", "value": "Grace%20Hopper", "url": address}])
        yield opened


def commits_of(tab: Tab) -> str:
    """The number of commits that the commits page shows of Ada."""
    tile = tab.open(COMMITS).get_by_test_id("stMetric").filter(has_text="Commits").first
    return tile.get_by_test_id("stMetricValue").inner_text().strip()


def becomes(tab: Tab, wanted: int) -> None:
    """The page asks a copy in memory, which is made anew behind its back where that takes long."""
    for _ in range(15):
        if int(commits_of(tab)) == wanted:
            return
        tab.page.wait_for_timeout(1_000)
    assert int(commits_of(tab)) == wanted


def said(page: Page, words: str) -> Locator:
    """What came of a change, at the head of the page."""
    return page.get_by_test_id("stAlert").filter(has_text=words)


def test_a_merge_moves_the_figures_and_its_undo_restores_them(tab: Tab, tmp_path: Path) -> None:
    before = int(commits_of(tab))
    page = tab.open("/people?people_view=proposals")
    card = page.get_by_test_id("stVerticalBlock").filter(has_text="differ in the domain alone").last
    card.get_by_role("button", name="One person").click()
    expect(said(page, "They are one person now")).to_be_visible()
    tab.settled()
    becomes(tab, before + 1)
    page = tab.open("/people?people_view=decisions")
    page.get_by_role("button", name="Undo").first.click()
    expect(said(page, "Undone: it is as it was before.")).to_be_visible()
    tab.settled()
    becomes(tab, before)
    assert tab.wrong == []


@pytest.mark.parametrize("width", [1440, 390])
def test_who_is_asked_and_answered_where_one_looks(window: BrowserContext, address: str, width: int) -> None:
    """Far below the head of the page, in a browser that has given no name: which change waits, Enter, and Escape."""
    with fresh(window, address, width, 800) as tab:
        page = tab.open("/people?people_view=decisions")
        last = page.get_by_role("button", name="Undo", exact=True).last
        last.click()
        asked = page.get_by_role("dialog")
        waits = asked.get_by_text("Undo: put Bob (bob@one.example) into the team Team ")
        expect(waits).to_be_in_viewport()
        name = asked.get_by_label("Your name", exact=True)
        name.press("Enter")
        expect(asked.get_by_text("A name is needed")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(asked).to_have_count(0)
        tab.settled()
        page.get_by_text("proposals", exact=True).first.click()
        tab.settled()
        assert asked.count() == 0, "it waits no more"
        page.get_by_text("decisions", exact=True).first.click()
        tab.settled()
        last.click()
        expect(waits).to_be_in_viewport()
        name.fill("Grace Hopper")
        name.press("Enter")
        toast = page.get_by_test_id("stToast")
        expect(toast).to_contain_text("Undone: it is as it was before.")
        expect(toast).to_be_in_viewport()
        expect(asked).to_have_count(0)
        expect(said(page, "Undone")).not_to_be_in_viewport()
        assert tab.wrong == []
