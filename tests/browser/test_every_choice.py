"""Every choice of every page, made in Chromium as a person makes it: page and address follow, Back takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as TooLong

from dashlib.widgets.address_keys import BAR_KEYS, PAGE_KEYS
from tests.browser.conftest import PATIENCE, Demo, Tab, fresh

pytestmark = pytest.mark.browser

FIELDS = ("stSelectbox", "stMultiSelect", "stButtonGroup", "stCheckbox", "stTextInput")
PAGES = "stream_page"
"""The choice whose field is the numbers of pages."""
TYPED, ALL = "zzz", "Select all"
SELECT = "select+source,+count(*)+as+pipelines,+max(id)+as+newest+from+pipelines+group+by+all"


class Visit(NamedTuple):
    """An address of a page, and the choices made there, each from that address."""

    address: str
    keys: str


VISITS = (
    Visit("/overview", "period group repo person"),
    Visit("/nightlies", "night rows show find fresh noissue search new allowed split"),
    Visit("/nightlies", "schedule state job category whose sort grouped column times figures"),
    Visit("/report", "night"),
    Visit("/failures", "view search nightly allowed category new_days new issue split"),
    Visit("/failures?view=jobs", "analysis"),
    Visit("/failures?view=search+logs", "log"),
    Visit("/failures?view=search+logs&log=err.r", "regex"),
    Visit("/failures?view=search+logs&log=ERROR", "case"),
    Visit("/flaky", "flaky_search flaky_view now flaky_by"),
    Visit("/pipelines", "pipelines_view times_of times_tell times_ended times_source times_per times_by"),
    Visit("/pipelines?pipelines_view=jobs", "jobs_first"),
    Visit("/pipelines?pipelines_view=one+pipeline", "pipelines_first"),
    Visit("/runners", "runner runners_by cells"),
    Visit("/commits", "view branches merges bots role forks by per measure top"),
    Visit("/commits?view=pushed", "term committed"),
    Visit("/people", "people_view find_person people_kind people_team"),
    Visit("/activity", "find_event action target event_source robots calendar activity_view of"),
    Visit("/activity?activity_view=stream", "event_sort stream_page"),
    Visit(
        "/signals", "find_signal signal_source signal_kind severity signal_status namespace node lanes signal_sender"
    ),
    Visit(f"/sql?sql={SELECT}", "relation sql_as"),
    Visit(f"/sql?sql={SELECT}&sql_as=chart", "sql_type sql_x sql_y sql_colour"),
    Visit("/sources", "sender hook_of hook_projects"),
    Visit("/sources?hook_of=a+group", "hook_groups"),
)
CLICKED = {
    "from": "a period of one's own, in test_browser",
    "to": "a period of one's own, in test_browser",
    "opened": "a row of the grid, in test_nightlies",
    "failure": "a failure's page, in test_failures",
    "signature": "a row of the reasons, in test_failures",
    "pipeline_id": "a row of the pipelines, in test_pipelines",
    "who": "a row of the people, in test_people",
    "decisions_page": "the company decides less than a page, in tests/pages",
    "zoom": "a stretch of the time line, in test_signals",
    "sql": "a query, in test_sql",
}
"""What is no field: where it is clicked."""
ALIKE = {
    "show": "no more repositories than are shown at first",
    "event_source": "all its events are GitLab's",
    "forks": "no forks",
    "hook_of": "asks for groups instead",
    "hook_projects": "a button more to press",
}
"""What changes nothing that is told of the company."""
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning] h1"


@pytest.fixture(scope="module")
def tab(window: BrowserContext, demo: Demo) -> Iterator[Tab]:
    with fresh(window, demo.address) as tab:
        yield tab


SHOWN = """key => {
    const main = document.querySelector('[data-testid=stMain]').cloneNode(true)
    main.querySelectorAll(`.st-key-${key}, style, script`).forEach(field => field.remove())
    const drawn = [...main.querySelectorAll('svg path')].map(path => path.getAttribute('d'))
    const grids = [...document.querySelectorAll('[data-testid=stMain] *')].map(each => each.shadowRoot?.textContent)
    const tables = [...document.querySelectorAll('[data-testid=stMain] canvas')].map(each => each.toDataURL())
    return [main.textContent, ...drawn, ...grids, ...tables].join(' ').replace(/\\s+/g, ' ')
}"""
"""What the page says and draws, the field of a choice aside."""


def said(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def reached(page: Page, key: str) -> Locator:
    """The field of a choice; what it is folded into is opened."""
    field = page.locator(f".st-key-{key}").first
    field.wait_for(state="attached")
    if not field.is_visible():
        page.locator("[data-testid=stExpander]").filter(has=field).locator("summary").click()
    field.wait_for()
    return field


def test_no_choice_is_left_out() -> None:
    made = {key for visit in VISITS for key in visit.keys.split()}
    known = BAR_KEYS.union(*PAGE_KEYS.values())
    assert made | CLICKED.keys() == known and not made & CLICKED.keys()
    assert ALIKE.keys() <= made


def choose(tab: Tab, key: str) -> None:
    """Something else than what is chosen."""
    field = reached(tab.page, key)
    if key == PAGES:
        field.get_by_role("button", name="Page 2", exact=True).click()
        return
    kind = next(kind for kind in FIELDS if field.get_by_test_id(kind).count())
    if kind == "stTextInput":
        field.locator("input").fill(TYPED)
        field.locator("input").press("Enter")
    elif kind == "stCheckbox":
        field.locator("label").first.click()
    elif kind == "stButtonGroup":
        field.locator("button[aria-checked=false], button[aria-pressed=false]").last.click()
    else:
        options = tab.offered(field.locator("input"))
        others = options.and_(tab.page.locator("[aria-selected=false]")).filter(has_not_text=ALL)
        (others.last if kind == "stMultiSelect" else others.first).click()
        # Not by Escape: one that follows within milliseconds takes the choice back.
        tab.page.locator("h1").first.click()


def chosen(tab: Tab, key: str) -> None:
    """A choice is made, and the address says so; again, as a person does, where a page drawn anew swallowed it."""
    for _ in range(3):
        choose(tab, key)
        with suppress(TooLong):
            told = "key => new URLSearchParams(location.search).has(key)"
            tab.page.wait_for_function(told, arg=key, timeout=PATIENCE / 3)
            return
    pytest.fail(f"{key}: the address does not follow")


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: f"{visit.address}-{visit.keys.split()[0]}")
def test_each_choice_of_a_page(tab: Tab, visit: Visit) -> None:
    tab.wrong.clear()
    page = tab.open(visit.address)
    before = said(page)
    for key in visit.keys.split():
        reached(page, key)
        was = page.evaluate(SHOWN, key)
        chosen(tab, key)
        if key not in ALIKE:
            page.wait_for_function(f"([key, was]) => ({SHOWN})(key) !== was", arg=[key, was], polling=100)
        page.wait_for_selector(AT_REST)
        assert page.locator("[data-testid=stException], .st-key-broke_off").count() == 0, key
        page.go_back()
        page.wait_for_function("key => !new URLSearchParams(location.search).has(key)", arg=key)
        tab.settled()
        assert said(page) == before, key
    assert tab.wrong == []
