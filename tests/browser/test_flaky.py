"""Flaky jobs and Runners in a real Chromium: on a telephone, in the dark, and by their links."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashlib.store import open_store
from tests.browser.conftest import Tab, serving
from tests.pages.test_flaky import fill
from tests.queries.build import Builder

pytestmark = pytest.mark.browser


def test_narrow_and_dark(chromium: Browser, tmp_path: Path) -> None:
    database = tmp_path / "dashboard.duckdb"
    with open_store(database) as store:
        fill(Builder(store))
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    with serving(database) as address:
        tab = Tab(context.new_page(), address)
        for path, charts in (("/flaky", 1), ("/runners", 3)):
            page = tab.open(path)
            drawn = page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas")
            drawn.nth(charts - 1).wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            widest = page.locator("[data-testid=stMainBlockContainer]").evaluate(
                "element => Math.max(...[...element.querySelectorAll('[data-testid=stElementContainer]')]"
                ".map(part => part.getBoundingClientRect().right))"
            )
            assert widest <= 391, path
            assert page.locator("img[src=x]").count() == 0
        page.get_by_text("Outage").first.wait_for()
        assert tab.wrong == []
    context.close()
