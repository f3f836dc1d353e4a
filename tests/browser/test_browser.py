"""The dashboard in a real Chromium: filters and addresses, Back and Forward, links to GitLab, a telephone."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import takewhile
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashlib.charts import tables
from tests.browser.conftest import Tab
from tests.pages.conftest import YESTERDAY

pytestmark = pytest.mark.browser


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def tile(page: Page, label: str) -> str:
    found = page.locator("[data-testid=stMetric]", has=page.get_by_text(label, exact=True))
    return found.locator("[data-testid=stMetricValue]").inner_text().strip()


def ran(page: Page) -> tuple[int, int]:
    """How many nightlies of the chosen night ran, of how many that should have."""
    told = page.get_by_text(re.compile(r"\d+ of \d+ nightl(?:y|ies) ran")).inner_text()
    found = re.search(r"(\d+) of (\d+) nightl(?:y|ies) ran", told)
    assert found is not None
    return int(found[1]), int(found[2])


def heading(page: Page, title: str) -> None:
    page.get_by_role("heading", name=title, exact=True, level=1).wait_for()


def choose(page: Page, label: str, option: str) -> None:
    page.locator("[data-testid=stMultiSelect]", has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")


def test_a_filter_changes_numbers_and_address_and_a_shared_address_the_view(tab: Tab) -> None:
    page = tab.open("/nightlies")
    assert ran(page) == (3, 3)
    choose(page, "Repository", "acme/web/site")
    expect(page).to_have_url(re.compile("repo="))
    tab.settled()
    assert query(page)["repo"] == ["acme/web/site"]
    assert ran(page) == (1, 1)
    page.get_by_role("link", name="Commits", exact=True).click()
    heading(page, "Commits")
    tab.settled()
    assert query(page)["repo"] == ["acme/web/site"]
    assert tile(page, "Commits") == "5"
    other = Tab(tab.page.context.new_page(), tab.server)
    seen = other.open(page.url.removeprefix(tab.server))
    assert tile(seen, "Commits") == "5"
    assert tab.wrong == other.wrong == []
    seen.close()


def select(page: Page, label: str, option: str) -> None:
    page.locator("[data-testid=stSelectbox]", has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()


def selected(page: Page, label: str) -> str:
    return page.locator("[data-testid=stSelectbox]", has_text=label).locator("input").input_value()


def pressed(page: Page, option: str) -> bool:
    return page.get_by_role("radio", name=option, exact=True).get_attribute("aria-checked") == "true"


def go(tab: Tab, title: str) -> None:
    tab.page.get_by_role("link", name=title, exact=True).click()
    heading(tab.page, title)
    tab.settled()


def at(page: Page) -> str:
    return page.url.partition("://")[2].partition("/")[2]


FIRST, EARLIER = (YESTERDAY - timedelta(days=back) for back in (2, 1))


def test_back_and_forward_keep_what_was_chosen_on_a_page(tab: Tab) -> None:
    page = tab.open("/nightlies")
    select(page, "Night", f"{EARLIER:%a %d %b %Y}")
    expect(page).to_have_url(re.compile("night="))
    page.get_by_placeholder("repository, job, reason, runner").fill("site")
    expect(page).to_have_url(re.compile("search=site"))
    nightlies = f"nightlies?night={EARLIER:%Y-%m-%d}&search=site"
    assert at(page) == nightlies
    tab.settled()
    steps = page.evaluate("history.length")
    go(tab, "Commits")
    assert at(page) == "commits"
    page.get_by_text("month", exact=True).click()
    expect(page).to_have_url(re.compile("per=month"))
    tab.settled()
    assert page.evaluate("history.length") == steps + 2

    page.go_back()
    tab.settled()
    assert at(page) == "commits" and pressed(page, "day")
    page.go_back()
    heading(page, "Nightlies")
    tab.settled()
    assert at(page) == nightlies
    assert selected(page, "Night") == f"{EARLIER:%a %d %b %Y}"
    assert page.get_by_placeholder("repository, job, reason, runner").input_value() == "site"
    page.get_by_role("heading", name=f"Failed jobs of {EARLIER:%A, %d %B}").wait_for()
    page.go_forward()
    page.go_forward()
    heading(page, "Commits")
    expect(page).to_have_url(re.compile("per=month"))
    tab.settled()
    assert pressed(page, "month")

    go(tab, "Nightlies")
    assert at(page) == nightlies
    assert page.evaluate("history.length") == steps + 3
    assert tab.wrong == []


def test_a_link_in_a_new_tab_opens_what_was_left_there(tab: Tab) -> None:
    page = tab.open("/commits?per=month")
    go(tab, "Activity")
    for title, address in (("Nightlies", "nightlies"), ("Commits", "commits?per=month")):
        link = page.get_by_role("link", name=title, exact=True)
        assert link.evaluate("element => element.href") == f"{tab.server}/{address}"


def test_a_period_of_ones_own_survives_a_copied_address(tab: Tab) -> None:
    page = tab.open("/commits")
    select(page, "Period", "custom")
    expect(page).to_have_url(re.compile("period=custom"))
    for label, day in (("From", FIRST), ("To", EARLIER)):
        field = page.locator("[data-testid=stDateInput]", has_text=label).locator("input")
        field.fill(f"{day:%Y-%m-%d}")
        # A day counts when its calendar closes.
        field.press("Escape")
        page.locator("h1").click()
        tab.settled()
    assert query(page) == {"period": ["custom"], "from": [f"{FIRST:%Y-%m-%d}"], "to": [f"{EARLIER:%Y-%m-%d}"]}
    assert tile(page, "Commits") == "4"
    other = Tab(tab.page.context.new_page(), tab.server)
    seen = other.open(page.url.removeprefix(tab.server))
    assert tile(seen, "Commits") == "4"
    assert selected(seen, "Period") == "custom"
    fields = seen.locator("[data-testid=stDateInput] input")
    expect(fields).to_have_count(2)
    assert [field.input_value() for field in fields.all()] == [f"{FIRST:%Y-%m-%d}", f"{EARLIER:%Y-%m-%d}"]
    go(other, "Nightlies")
    assert ran(seen) == (3, 3)
    assert query(seen) == query(page)
    assert tab.wrong == other.wrong == []
    seen.close()


def test_another_night_clears_the_search_and_a_search_can_be_cleared(tab: Tab) -> None:
    page = tab.open("/nightlies?search=site")
    page.get_by_text("No failed job that matches.").wait_for()
    select(page, "Night", f"{EARLIER:%a %d %b %Y}")
    expect(page).to_have_url(re.compile("night="))
    tab.settled()
    assert query(page) == {"night": [f"{EARLIER:%Y-%m-%d}"]}
    field = page.get_by_placeholder("repository, job, reason, runner")
    assert field.input_value() == ""
    field.fill("no such thing")
    expect(page).to_have_url(re.compile("search=no"))
    # A click that meets a button which is just drawn anew goes nowhere.
    tab.settled()
    page.get_by_role("button", name="Filtered to “no such thing”: show all").click()
    page.wait_for_function("!location.search.includes('search')")
    tab.settled()
    assert field.input_value() == ""
    assert page.get_by_text("No failed job that matches.").count() == 0
    assert tab.wrong == []


def test_sources_has_no_filters_and_keeps_them_for_the_others(tab: Tab) -> None:
    page = tab.open("/commits?repo=acme/web/site")
    go(tab, "Sources")
    assert at(page) == "sources"
    assert page.locator("[data-testid=stSidebar] [data-testid=stMultiSelect]").count() == 0
    go(tab, "Nightlies")
    assert query(page) == {"repo": ["acme/web/site"]}
    assert ran(page) == (1, 1)
    assert tab.wrong == []


def test_filters_of_an_address_of_sources_count_elsewhere(tab: Tab) -> None:
    page = tab.open("/sources?repo=acme/web/site")
    go(tab, "Commits")
    assert query(page) == {"repo": ["acme/web/site"]}
    assert tile(page, "Commits") == "5"


def test_what_a_link_asks_for_in_vain_is_told_until_the_filters_change(tab: Tab) -> None:
    page = tab.open("/commits?repo=no/such&period=9+years")
    assert "no/such" in page.get_by_role("alert").inner_text()
    choose(page, "Group", "acme")
    tab.settled()
    assert page.get_by_role("alert").count() == 0


def test_the_link_of_a_failed_job_opens_the_job(tab: Tab) -> None:
    tab.page.context.route("https://gitlab.example/**", lambda route: route.fulfill(body="the job"))
    page = tab.open("/nightlies?search=lint")
    table = page.locator("[data-testid=stDataFrame] canvas[data-testid=data-grid-canvas]").first
    table.evaluate("element => element.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(300)
    box = table.bounding_box()
    assert box is not None
    # Cells are drawn, not elements: the link stands behind the columns before it, each as wide as it says.
    left = 0
    for column in takewhile(lambda column: column.name != "job_web_url", tables.FAILED_JOBS):
        assert isinstance(column.width, int)
        left += column.width
    with page.expect_popup() as opened:
        page.mouse.move(box["x"] + left + 25, box["y"] + 52)
        page.wait_for_timeout(200)
        page.mouse.down()
        page.mouse.up()
    assert re.fullmatch(r"https://gitlab\.example/p/1/-/jobs/\d+", opened.value.url)


def test_the_csv_holds_what_the_table_shows(tab: Tab) -> None:
    page = tab.open("/nightlies?search=lint")
    with page.expect_download() as download:
        page.locator(".st-key-csv_failed_jobs button").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert "lint" in lines[1] and "acme/core/engine" in lines[1]


def test_every_chart_tells_how_it_is_computed(tab: Tab) -> None:
    page = tab.open("/commits?repo=acme/web/site")
    page.get_by_role("button", name="How this is computed").first.click()
    body = page.locator("[data-testid=stPopoverBody]")
    page.wait_for_function(
        "document.querySelector('[data-testid=stPopoverBody]').innerText.includes('generate_series')"
    )
    shown = body.inner_text()
    assert "from commit_credits c" in shown and "['acme/web/site']" in shown
    assert "One row per commit, repository, role and person" in shown


def test_on_a_telephone_the_contents_stand_above_the_page(chromium: Browser, server: str) -> None:
    agent = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
    context = chromium.new_context(viewport={"width": 390, "height": 844}, user_agent=agent, has_touch=True)
    tab = Tab(context.new_page(), server)
    page = tab.open("/commits?repo=acme/web/site")
    for title in ("Activity", "Sources", "Nightlies"):
        go(tab, title)
    assert query(page) == {"repo": ["acme/web/site"]}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
