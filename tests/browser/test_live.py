"""Open pages in a real Chromium while webhooks arrive: new data come by themselves, and what a person does stays."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import BrowserContext, Page

from benchmarks.live import company, failed_hook, last_passed, post, wait_for_red
from dashlib.demo.model import Pipeline
from tests.browser.conftest import Tab, fresh, serving
from tests.browser.demo import last_morning

pytestmark = pytest.mark.browser
SECRET = "s3cret-canary"
FOCUSED = """() => { let it = document.activeElement; while (it.shadowRoot) it = it.shadowRoot.activeElement;
    return it.getAttribute('aria-label') }"""
"""The name of what has the focus, inside components too."""


class Gitlab:
    """The simulated company's GitLab, as far as it posts webhooks: each ``fail`` is another repository's nightly."""

    def __init__(self, address: str, passed: list[Pipeline]) -> None:
        self.address, self._passed = address, passed
        self.night = f"{passed[0].created_at:%Y-%m-%d}"
        self._session = requests.Session()
        self._session.trust_env = False

    def fail(self) -> str:
        """Post the failure of a nightly that had passed; its repository. It is acknowledged when this returns."""
        pipeline = self._passed.pop()
        post(self._session, self.address, failed_hook(pipeline), SECRET)
        return pipeline.project.path

    def close(self) -> None:
        self._session.close()


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitlab]:
    database: Path = tmp_path_factory.mktemp("live") / "dashboard.duckdb"
    world = company(database, repos=16, days=6, end=last_morning())
    with serving(database, DASH_GITLAB_WEBHOOK_TOKEN=SECRET) as address:
        made = Gitlab(address, last_passed(world))
        yield made
        made.close()


@pytest.fixture
def tab(window: BrowserContext, gitlab: Gitlab) -> Iterator[Tab]:
    """A window so low that the page has to be scrolled."""
    with fresh(window, gitlab.address, 1440, 700) as opened:
        yield opened


def nightlies(tab: Tab, gitlab: Gitlab, more: str = "") -> Page:
    page = tab.open(f"/nightlies?show=all&sort=name&night={gitlab.night}{more}")
    page.evaluate("window.neverReloaded = true")
    return page


def seen_at(page: Page) -> float:
    """How far down in the window the last heading is: rows that come above it must not push it away."""
    box = page.locator("#every-night").bounding_box()
    assert box is not None
    return box["y"]


def test_an_open_page_shows_a_failure_by_itself(tab: Tab, gitlab: Gitlab) -> None:
    page = nightlies(tab, gitlab)
    for _ in range(2):
        wait_for_red(page, gitlab.fail())
    assert page.evaluate("window.neverReloaded") is True
    assert tab.wrong == []


def test_nothing_turns_grey_while_new_data_come(tab: Tab, gitlab: Gitlab) -> None:
    tab.page.clock.install()
    page = nightlies(tab, gitlab)
    page.evaluate(
        """() => {
            window.pale = new Set()
            window.looks = 0
            const look = () => {
                window.looks++
                const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState
                const parts = '[data-testid=stElementContainer], [data-testid=stMain], summary, summary > div'
                for (const part of document.querySelectorAll(parts))
                    if (part.offsetHeight && getComputedStyle(part).opacity !== '1')
                        window.pale.add(`${state}: ${part.className} ${part.innerText.slice(0, 60)}`)
                if (document.querySelector('[data-testid=stSkeleton]')) window.pale.add(`${state}: more to come`)
                requestAnimationFrame(look)
            }
            look()
        }"""
    )
    # The sidebar looks every half minute whether a sync ended; that moment is one of those looked at.
    page.clock.fast_forward(31_000)
    tab.settled()
    wait_for_red(page, gitlab.fail())
    tab.settled()
    assert page.evaluate("window.looks") > 10
    assert page.evaluate("[...window.pale]") == []


def test_what_is_scrolled_opened_typed_and_chosen_stays(tab: Tab, gitlab: Gitlab) -> None:
    page = nightlies(tab, gitlab)
    page.locator("[data-testid=stMultiSelect]", has_text="Group").locator("input").click()
    page.get_by_role("option", name="ostrelune", exact=True).click()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda address: "group=ostrelune" in address)
    tab.settled()
    # It is open where the address holds one of its choices; here a person closes it.
    opened = page.locator("[data-testid=stExpander] details[open]", has_text="Filter, sort, group, zoom")
    assert opened.count() == 1
    page.get_by_text("Filter, sort, group, zoom").click()
    page.get_by_role("heading", name="Every night", exact=True).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    # Half a word, not chosen yet: it stands in the field alone.
    field = page.locator("[data-testid=stMultiSelect]", has_text="Repository").locator("input")
    field.click()
    page.keyboard.type("tid")
    offered = page.get_by_role("option").count()
    before = seen_at(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") > 100 and offered
    wait_for_red(page, gitlab.fail())
    tab.settled()
    assert abs(seen_at(page) - before) < 2
    assert field.input_value() == "tid" and page.get_by_role("option").count() == offered
    assert "group=ostrelune" in page.url and "repo=" not in page.url
    assert opened.count() == 0
    assert page.evaluate("window.neverReloaded") is True
    assert tab.wrong == []


def test_an_open_box_stays_open(tab: Tab, gitlab: Gitlab) -> None:
    page = nightlies(tab, gitlab)
    page.get_by_role("button", name="How this is computed").first.click()
    box = page.locator("[data-testid=stPopoverBody]")
    box.wait_for()
    wait_for_red(page, gitlab.fail())
    tab.settled()
    assert box.is_visible()


def test_the_focus_stays_on_its_cell_of_the_grid(tab: Tab, gitlab: Gitlab) -> None:
    page = nightlies(tab, gitlab)
    page.locator("td.framed .cell").first.focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    row, night = page.evaluate(FOCUSED).split(";")[:2]
    wait_for_red(page, gitlab.fail())
    tab.settled()
    assert page.evaluate(FOCUSED).split(";")[:2] == [row, night]
    assert page.locator(".card").is_visible()


def picked(page: Page) -> list[str]:
    """The words of the rows that are picked in the table of failed jobs."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.st-key-table_failed_jobs [role=row][aria-selected=true]')]
            .map(row => [...row.querySelectorAll('[role=gridcell]')].map(cell => cell.textContent).join('|'))"""
    )
    return found


def test_picked_rows_stay_picked_where_they_stand_now(tab: Tab, gitlab: Gitlab) -> None:
    page = tab.open("/failures?view=jobs")
    table = page.locator(".st-key-table_failed_jobs canvas[data-testid=data-grid-canvas]").first
    table.evaluate("element => element.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(300)
    for down in (52, 122):
        # Cells are drawn, not elements: the boxes to pick rows are the first column.
        box = table.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 15, box["y"] + down)
        tab.settled()
    page.get_by_text("2 picked").wait_for()
    before = picked(page)
    assert len(before) == 2
    count = page.locator("[data-testid=stMetricValue]").first.inner_text()
    gitlab.fail()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]').innerText !== before", arg=count
    )
    tab.settled()
    assert picked(page) == before
    page.get_by_text("2 picked").wait_for()


def test_a_page_in_the_background_waits_until_it_is_looked_at(tab: Tab, gitlab: Gitlab) -> None:
    page = nightlies(tab, gitlab)
    page.evaluate(
        """() => Object.defineProperty(document, 'hidden', {configurable: true, get: () => window.away})
           && (window.away = true)"""
    )
    sent: list[str] = []
    page.on("websocket", lambda _: sent.append("opened"))
    path = gitlab.fail()
    told = _told(gitlab)
    deadline = time.monotonic() + 20
    while _told(gitlab) == told and time.monotonic() < deadline:
        time.sleep(0.1)
    page.wait_for_timeout(1500)
    assert (
        not page.locator("tbody tr", has=page.get_by_role("button", name=f"Open {path}"))
        .locator("td.framed .cell.failed")
        .count()
    )
    page.evaluate("() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')) }")
    wait_for_red(page, path)


def _told(gitlab: Gitlab) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return int(json.loads(session.get(f"{gitlab.address}/healthz", timeout=30).text)["data_version"])
