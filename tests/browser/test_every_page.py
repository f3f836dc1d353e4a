"""Every page over the demo's company: by navigation or by an address, light and dark, wide and on a telephone.

Without errors, for people who cannot see or point as well, and with names that would like to run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Dialog, Page, TimeoutError

from tests.browser.conftest import Demo, Tab, fresh
from tests.browser.demo import HOSTILE_PROJECT

pytestmark = pytest.mark.browser

WIDE, TELEPHONE = 1600, 390
HARMFUL = "onerror=alert(1)"
LIGHT_GROUND, DARK_GROUND = "rgb(255, 255, 255)", "rgb(18, 23, 29)"
VIEWS = {
    "nightlies": ("schedule", "job", "reason"),
    "failures": ("jobs", "repositories", "nearly the same", "search logs"),
    "flaky": ("failures one by one",),
    "pipelines": ("success rate", "author", "jobs", "one pipeline"),
    "runners": ("repository", "waited for a runner"),
    "commits": ("Hours of the week", "The commits", "Authored, pushed, committed", "Builds by author"),
    "people": ("proposals", "teams", "decisions"),
    "activity": ("Stream", "The events"),
    "signals": ("namespace",),
    "failure": ("Changes",),
}
"""What is pressed on each page, one after the other, in a window as narrow as a telephone."""
ADDRESSES = {
    "nightlies": "?show=all&grouped=group&opened=ostrelune/platform/tide-store",
    "sql": f"?sql=select+title+from+commits+where+project_id={HOSTILE_PROJECT}",
}

SERIOUS = ("serious", "critical")
NOT_OURS = (
    # White on the primary colour is fixed, and that colour is the ink of what is chosen as well, on a dark ground. None
    # can be both; it is right for the ink, which every page has: https://github.com/streamlit/streamlit/issues/12801
    ("color-contrast", "[data-testid^='stBaseButton-primary'] *", "dark"),
)
EMPTY_GROUPS = ("[data-testid=stVegaLiteChart] g.role-mark:empty", "[class*='brush_brush']")
"""Vega names a mark by what is in it: where nothing is drawn, and where a zoom could be, there is nothing to name."""
OURS: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS: dict[str, Any] = OURS | {"runOnly": ["color-contrast"]}
"""What else axe looks at is the same in the dark."""

_TEXT = """() => {
    const read = node => node.nodeType === 3 ? node.data
        : [...node.childNodes, ...(node.shadowRoot ? node.shadowRoot.childNodes : [])]
            .filter(part => !['STYLE', 'SCRIPT'].includes(part.nodeName)).map(read).join(' ')
    return read(document.body)
}"""
_DRAWN = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
    .every(chart => chart.querySelector('svg, canvas'))
    && document.querySelectorAll('[data-testid=stSkeleton]').length === 0
    && document.getAnimations().every(each => each.playState !== 'running')"""
_STICKING_OUT = """width => [
    ...(document.documentElement.scrollWidth > width ? ['the page'] : []),
    ...[...document.querySelectorAll('[data-testid=stMainBlockContainer] [data-testid=stElementContainer]')]
        .filter(part => part.getBoundingClientRect().right > width + 1).map(part => part.innerText.slice(0, 80))
]"""


def contents() -> dict[str, str]:
    """The pages by name, with their titles: what ``pages/navigation.py`` says, which is a script."""
    script = ast.parse((Path(__file__).parents[2] / "pages" / "navigation.py").read_text("utf-8"))
    [found] = [
        ast.literal_eval(node.value)
        for node in script.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    ]
    return {name: title for name, title, _ in found}


PAGES = contents()


@pytest.fixture(scope="module")
def opened(window: BrowserContext, demo: Demo) -> Iterator[Tab]:
    """One tab for all pages, each one click from the one before: to load Streamlit's client costs more than a page."""
    with fresh(window, demo.address, WIDE) as tab:
        tab.open("/")
        yield tab


@pytest.fixture
def tab(opened: Tab) -> Tab:
    """The same tab, wide and light, that has forgotten what went wrong in the test before."""
    opened.wrong.clear()
    opened.page.emulate_media(color_scheme="light")
    opened.page.set_viewport_size({"width": WIDE, "height": 1200})
    return opened


@pytest.fixture
def shouted(tab: Tab) -> Iterator[list[str]]:
    """What a script of a name would have said."""
    said = list[str]()

    def heard(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    tab.page.on("dialog", heard)
    yield said
    tab.page.remove_listener("dialog", heard)


def went(tab: Tab, title: str) -> None:
    """By the link in the sidebar, to the page with this heading, until all of it is drawn."""
    tab.page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    tab.page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
    tab.settled()


def violations(page: Page, scheme: str, options: dict[str, Any]) -> list[str]:
    """What axe finds serious (or out of order) and is ours, each with its element and what is wrong with it."""
    context = {"exclude": [[selector] for selector in EMPTY_GROUPS]}
    found = Axe().run(page, context, options).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:200]} {[why['message'] for why in node['any']]}"
        for each in found
        if each["impact"] in SERIOUS or each["id"] == "heading-order"
        for node in each["nodes"]
        if not is_not_ours(page, each["id"], node["target"], scheme)
    ]


def is_not_ours(page: Page, rule: str, target: list[str], scheme: str) -> bool:
    return any(
        (rule, scheme) == (excused, where)
        and page.evaluate("([at, like]) => document.querySelector(at).matches(like)", [target[0], selector])
        for excused, selector, where in NOT_OURS
    )


def fits(page: Page, width: int) -> None:
    """Charts and tables follow a window's new width a little later."""
    try:
        page.wait_for_function(f"width => ({_STICKING_OUT})(width).length === 0", arg=width, timeout=30_000)
    except TimeoutError:
        pytest.fail(f"{page.url} at {width}: {page.evaluate(_STICKING_OUT, width)}")


def drawn(tab: Tab) -> str:
    """The text of the page once all of it is there, and nothing that a name brought along."""
    tab.page.wait_for_function(_DRAWN)
    assert tab.page.locator("[data-testid=stException], .st-key-broke_off").count() == 0
    assert tab.page.locator("img[src=x]").count() == 0
    assert tab.page.locator("a[href^='javascript:']").count() == 0
    return str(tab.page.evaluate(_TEXT))


def ground(page: Page, colour: str) -> None:
    page.wait_for_function(
        "colour => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === colour",
        arg=colour,
    )


@pytest.mark.parametrize("name", [*PAGES, "failure"])
def test_a_page(tab: Tab, shouted: list[str], demo: Demo, name: str) -> None:
    page = tab.page
    address = ADDRESSES.get(name, f"?failure={HOSTILE_PROJECT}-{demo.hostile_job}" if name == "failure" else "")
    if address:
        tab.open(f"/{name}{address}")
    else:
        went(tab, PAGES[name])
    if name in PAGES:
        assert page.locator("h1").first.inner_text() == PAGES[name]
    if name == "sql":
        page.get_by_text("2 rows in").wait_for()
    text = drawn(tab)
    ground(page, LIGHT_GROUND)
    fits(page, WIDE)
    assert violations(page, "light", OURS) == []
    page.emulate_media(color_scheme="dark")
    ground(page, DARK_GROUND)
    drawn(tab)
    assert violations(page, "dark", COLOURS) == []
    page.set_viewport_size({"width": TELEPHONE, "height": 844})
    fits(page, TELEPHONE)
    for view in VIEWS.get(name, ()):
        page.get_by_role("radio", name=view, exact=True).last.click()
        tab.settled()
        text += drawn(tab)
        fits(page, TELEPHONE)
    # Else nothing of this would show that hostile names are harmless here. Tables are drawn a little later.
    if HARMFUL not in text:
        page.wait_for_function(f"harmful => ({_TEXT})().includes(harmful)", arg=HARMFUL)
    assert shouted == [] and tab.wrong == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ADDRESSES])
def test_by_its_address(tab: Tab, name: str) -> None:
    tab.open(f"/{name}")
    assert tab.page.locator("h1").first.inner_text() == PAGES[name]
    drawn(tab)
    assert tab.wrong == []


def test_back(tab: Tab) -> None:
    [first, second] = [*PAGES.values()][:2]
    went(tab, first)
    went(tab, second)
    tab.page.go_back()
    tab.page.get_by_role("heading", name=first, exact=True, level=1).wait_for()
    assert tab.wrong == []
