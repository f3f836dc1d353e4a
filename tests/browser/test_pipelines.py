"""Pipelines in a real Chromium: from a row of the table to its time line and to GitLab's own page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from dashlib.store import open_store
from tests.browser.conftest import Tab, fresh, serving
from tests.pages.test_pipelines import NEWEST, fill
from tests.queries.build import Builder

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database: Path = tmp_path_factory.mktemp("pipelines") / "dashboard.duckdb"
    with open_store(database) as store:
        fill(Builder(store))
    with serving(database) as address:
        yield address


@pytest.fixture
def tab(window: BrowserContext, served: str) -> Iterator[Tab]:
    with fresh(window, served, 1440, 1000) as opened:
        yield opened


def test_a_picked_pipeline_shows_its_time_line_and_leads_to_gitlab(tab: Tab) -> None:
    page = tab.open("/pipelines?repo=acme/core/engine&pipelines_view=one+pipeline&pipelines_first=newest")
    grid = page.get_by_test_id("stDataFrame").locator("canvas").first
    grid.wait_for()
    box = grid.bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 17)
    page.get_by_role("heading", name=f"Pipeline {NEWEST}").wait_for()
    page.get_by_label("Time line of the jobs").first.wait_for()
    page.wait_for_url(f"**pipeline_id=1-{NEWEST}**")
    link = page.get_by_role("link", name="Open on GitLab")
    assert link.get_attribute("href") == f"https://gitlab.example/p/1/-/pipelines/{NEWEST}"
    page.reload()
    tab.settled()
    page.get_by_label("Time line of the jobs").first.wait_for()
    assert tab.wrong == []
