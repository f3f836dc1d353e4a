"""Ten questions and more of the README's list, answered by clicking only, from the front door.

The answers are the company's stories (``dashlib/demo/stories.py``), which the pages do not know.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dashlib.demo import World, story
from dashlib.demo.stories import OUTAGE_NIGHT
from dashlib.demo.truth import nightly
from tests.browser.conftest import Demo, Tab, fresh
from tests.browser.test_browser import choose, heading, query, tile
from tests.pages.conftest import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(window: BrowserContext, demo: Demo) -> Iterator[Tab]:
    """The front door."""
    with fresh(window, demo.address) as opened:
        opened.open("/")
        yield opened
        assert opened.wrong == []


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMainBlockContainer")


def follow(tab: Tab, link: str | re.Pattern[str], title: str) -> Page:
    """Click a link of the page, or of the table of contents, and be on the page it leads to."""
    tab.page.get_by_role("link", name=link).first.click()
    heading(tab.page, title)
    tab.settled()
    return tab.page


def rows(page: Page) -> Locator:
    """The rows of the first table: what a screen reader hears of the drawn cells."""
    return page.get_by_test_id("stDataFrame").first.locator("tbody [role=row]")


def day(world: World, night: int) -> date:
    return world.nights.midnight(night).date()


def failed_last_night(world: World) -> set[str]:
    runs = {project.path: nightly(world, project.path, 0) for project in world.projects}
    return {path for path, run in runs.items() if run is not None and run.status == "failed"}


def test_which_nightlies_failed_last_night(tab: Tab, demo: Demo) -> None:
    assert {"ostrelune/platform/alert-relay", "ostrelune/forecast/wave-model"} <= failed_last_night(demo.world)
    page = follow(tab, re.compile("^Failed"), "Nightlies")
    page.get_by_role("button", name="Open ostrelune/forecast/wave-model").wait_for()
    names = page.get_by_role("button", name=re.compile("^Open (ostrelune|evil)"))
    shown = {str(each.get_attribute("aria-label")) for each in names.all()}
    wanted = {f"Open {path} · Nightly" for path in failed_last_night(demo.world)}
    assert shown == wanted | {f"Open evil/{HOSTILE} · {HOSTILE}"}
    assert tile(page, "Failed") == str(len(wanted) + 1)


def test_which_never_ran_and_why(tab: Tab, demo: Demo) -> None:
    told = story("owner_left")
    page = follow(tab, re.compile("^Never ran"), "Nightlies")
    assert tile(page, "Never ran") == "1"
    page.get_by_role("heading", name="Never ran").wait_for()
    [path] = told.projects
    assert page.get_by_role("button", name=re.compile("^Open (ostrelune|evil)")).count() == 1
    page.get_by_role("button", name=f"Open {path}").wait_for()
    line = main(page).locator("p", has_text=f"{path} · Nightly").filter(has_text="its owner is blocked; missing for")
    expect(line).to_contain_text(f"{len(told.nights)} nights")
    expect(line).to_contain_text(f"since {day(demo.world, told.first_night):%a %d %b}")


def test_why_did_it_fail_since_when_and_what_does_gitlab_say(tab: Tab, demo: Demo) -> None:
    """From the front door to the failure to GitLab."""
    told = story("creeping_timeout")
    run = nightly(demo.world, told.projects[0], 0)
    assert run is not None
    [job] = [each for each in run.jobs if each.name == told.job and each.status == "failed"]
    tab.page.context.route("**/-/jobs/*", lambda route: route.fulfill(body="the job"))
    page = follow(tab, "wave-model", str(told.job))
    expect(main(page)).to_contain_text("execution took longer than 1h0m0s")
    expect(main(page)).to_contain_text(f"first seen on {day(demo.world, told.first_night):%a %d %b %Y}")
    expect(main(page)).to_contain_text(f"in this job {len(told.nights)} times in {len(told.nights)} nights")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Job on GitLab").click()
    assert opened.value.url.endswith(f"/{told.projects[0]}/-/jobs/{job.id}")
    opened.value.close()


def test_where_else_does_it_happen(tab: Tab, demo: Demo) -> None:
    told = story("regression_spreads")
    nights = {night for _, each in told.nights_by_project for night in each}
    jobs = sum(len(each) for _, each in told.nights_by_project)
    follow(tab, "alert-relay", str(told.job))
    page = follow(tab, "All its failures, and since when", "Failures")
    where = f"{jobs} failed jobs in {len(told.projects)} repositories and {len(nights)} nights"
    expect(main(page)).to_contain_text(where)
    expect(main(page)).to_contain_text(f"first seen on {day(demo.world, told.first_night):%a %d %b %Y}")
    reached = main(page).get_by_text("Reached, in this order").inner_text()
    assert all(path in reached for path in told.projects)
    assert reached.index("tide-units") < reached.index("station-api") < reached.index("alert-relay")


def test_who_has_it(tab: Tab, demo: Demo) -> None:
    told = story("fix_came_back")
    [issue] = [
        each for each in demo.world.project(told.projects[0]).issues if each.title.startswith("NullPointerException")
    ]
    page = follow(tab, "tide-store", str(told.job))
    expect(main(page)).to_contain_text(re.compile(rf"#{issue.iid} {re.escape(issue.title)} \(opened\); \w+ has it\."))
    link = page.get_by_role("link", name="Open the issue").get_attribute("href")
    assert str(link).endswith(f"/{told.projects[0]}/-/issues/{issue.iid}")


def test_which_jobs_fail_by_chance(tab: Tab) -> None:
    told = story("flaky_job")
    page = follow(tab, re.compile(r"\d+ flaky jobs"), "Flaky jobs")
    first = rows(page).first
    expect(first).to_contain_text(told.projects[0])
    expect(first).to_contain_text(str(told.job))
    expect(first).to_contain_text("proven")


def test_was_it_the_runners(tab: Tab, demo: Demo) -> None:
    page = follow(tab, "Runners", "Runners")
    outages = main(page).locator("p", has_text=re.compile("^Outage .* the infrastructure failed"))
    expect(outages).to_have_count(1)
    expect(outages).to_contain_text(f"{day(demo.world, OUTAGE_NIGHT):%a %d %b %Y}")
    expect(outages).to_contain_text("mostly runner system")


def test_who_commits_how_much(tab: Tab, chromium: Browser) -> None:
    """A filter changes tiles, table, chart and address together; a link shows the same elsewhere; the file holds it."""
    week = tile(tab.page, "Commits")
    page = follow(tab, "Who wrote what in these days", "Commits")
    assert tile(page, "Commits") == week
    chart = page.get_by_test_id("stVegaLiteChart").first
    chart.locator("svg, canvas").first.wait_for()
    tab.settled()
    whole = chart.inner_html()
    choose(page, "Repository", "ostrelune/libs/tide-units")
    expect(page).to_have_url(re.compile("repo="))
    tab.settled()
    assert query(page) == {"period": ["7 days"], "repo": ["ostrelune/libs/tide-units"]}
    assert 0 < int(tile(page, "Commits")) < int(week)
    expect(chart).to_be_visible()
    assert chart.inner_html() != whole
    with page.expect_download() as download:
        page.locator(".st-key-csv_ranking button").click()
    with download.value.path().open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))
    assert sum(int(each["commits"]) for each in people) == int(tile(page, "Commits"))
    assert rows(page).count() == len(people) == int(tile(page, "People"))
    for row, person in zip(rows(page).all(), people, strict=True):
        expect(row).to_contain_text(person["person"])

    other = Tab(chromium.new_context(viewport={"width": 1600, "height": 1200}).new_page(), tab.server)
    seen = other.open(page.url.removeprefix(tab.server))
    for label in ("Commits", "People", "Repositories"):
        assert tile(seen, label) == tile(page, label)
    assert other.wrong == []
    seen.context.close()


def test_what_was_firing_when_it_failed(tab: Tab) -> None:
    follow(tab, "wave-model", str(story("creeping_timeout").job))
    page = follow(tab, "This time on the page Signals", "Signals")
    assert "zoom" in query(page)
    signals = page.get_by_test_id("stDataFrame").first
    expect(signals).to_contain_text("CPUThrottlingHigh")
    expect(signals).not_to_contain_text("RunnerHostDown")


def test_what_did_somebody_do(tab: Tab, demo: Demo) -> None:
    page = follow(tab, "Activity", "Activity")
    everybody = int(tile(page, "Events"))
    page.locator("[data-testid=stMultiSelect]", has_text="Person").locator("input").fill("Varnsdot")
    page.get_by_role("option").filter(has_text="Ilka Varnsdot").first.click()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("person="))
    tab.settled()
    person = demo.world.user("ivarnsdot")
    done = [each for each in demo.world.events if each.author is person and each.created_at > demo.world.nights.start]
    assert 0 < int(tile(page, "Events")) < everybody
    assert int(tile(page, "Events")) <= len(done)
    page.get_by_role("radio", name="Stream", exact=True).click()
    expect(page).to_have_url(re.compile("activity_view=stream"))
    tab.settled()
    page.locator("time").first.wait_for()
    assert "Ilka Varnsdot" in main(page).inner_text() and "Tobin Mordaunce" not in main(page).inner_text()


def test_how_long_do_pipelines_and_jobs_take(tab: Tab) -> None:
    told = story("creeping_timeout")
    page = follow(tab, "Pipelines", "Pipelines")
    assert re.fullmatch(r"\d+ min \d\d s", tile(page, "Ran, half"))
    page.get_by_role("radio", name="jobs", exact=True).first.click()
    expect(page).to_have_url(re.compile("pipelines_view=jobs"))
    tab.settled()
    slowest = rows(page).first
    expect(slowest).to_contain_text(told.projects[0])
    expect(slowest).to_contain_text(str(told.job))


def test_what_shall_i_tell_the_others(tab: Tab, demo: Demo) -> None:
    page = follow(tab, "Morning note", "Morning note")
    red = failed_last_night(demo.world)
    page.get_by_role("heading", name=f"Still red ({len(red)})").wait_for()
    page.get_by_role("heading", name="Never ran (1)").wait_for()
    for path in red:
        expect(main(page)).to_contain_text(path)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Save as .md")).click()
    note = download.value.path().read_text("utf-8")
    assert all(path in note for path in red) and story("owner_left").projects[0] in note
    assert f"{day(demo.world, 0):%A, %d %B %Y}" in note
