"""A failure's life in a real Chromium: an issue made by a click, linked the next night, closed, back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLong

from dashlib.demo.gitlab import WRITE_TOKEN
from dashlib.failures.decisions import Issue
from dashlib.store import open_store
from tests.act.test_flow import close, failed_job, night, read
from tests.browser.conftest import PATIENCE, Tab, fresh, serving
from tests.sync.world import GitLab, running_gitlab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def gitlab() -> Iterator[GitLab]:
    with running_gitlab(repos=4, days=5) as running:
        yield running


@pytest.fixture(scope="module")
def first(gitlab: GitLab) -> tuple[int, int]:
    """The project and the failed job of a night that came after the world's end."""
    pipeline = night(gitlab, timedelta(hours=1), "its")
    return pipeline.project.id, failed_job(pipeline)


@pytest.fixture(scope="module")
def address(gitlab: GitLab, first: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("act") / "dashboard.duckdb"
    with open_store(database) as store:
        read(gitlab, store)
    with serving(database, GITLAB_URL=gitlab.url, GITLAB_ACCESS_TOKEN=WRITE_TOKEN, DASH_PROJECTS="*") as running:
        yield running


@pytest.fixture
def tab(window: BrowserContext, address: str) -> Iterator[Tab]:
    with fresh(window, address, 1440) as opened:
        yield opened


def synced(tab: Tab) -> None:
    """Press Sync now and wait until its end."""
    page = tab.open("/sources")
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("Sync under way").first.wait_for(timeout=60_000)
    page.get_by_text("No sync is running").or_(page.get_by_text("The timer is off")).first.wait_for(timeout=60_000)
    tab.settled()


def opened(tab: Tab, path: str) -> Page:
    """A failure's page: what can be done is seen without a name."""
    page = tab.open(path)
    form(page, "Assign").wait_for()
    assert page.get_by_label("Your name", exact=True).count() == 0
    return page


def say_who(tab: Tab) -> None:
    """The first change asks for the name, and is made then.

    Enter counts once the form's button is drawn: a person whose first one came too soon presses it again. What came of
    the change stands for ten seconds: on a busy machine it may be gone before the page is at rest.
    """
    asked = tab.page.get_by_label("Your name", exact=True)
    asked.wait_for()
    for wait in (PATIENCE / 12, PATIENCE / 6, PATIENCE / 3, PATIENCE / 2):
        with suppress(TooLong):
            asked.fill("Grace Hopper", timeout=PATIENCE / 12)
            asked.press("Enter", timeout=PATIENCE / 12)
            # Longer each time: pressed again too soon it would begin the page anew, which a busy machine never ends.
            asked.wait_for(state="hidden", timeout=wait)
        if not asked.is_visible():
            return
    pytest.fail("the question for the name stays")


def form(page: Page, name: str, key: str = "act") -> Locator:
    """What opens one of the forms."""
    return page.locator(f".st-key-{key}").get_by_text(name, exact=True)


def picture(page: Page, name: str, folder: Path) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)


def test_issue_linked_by_itself_closed_and_back_again(
    tab: Tab, gitlab: GitLab, first: tuple[int, int], tmp_path: Path
) -> None:
    project, job = first
    page = opened(tab, f"/failure?failure={project}-{job}")
    form(page, "New issue").click()
    page.get_by_role("button", name="Create the issue").wait_for()
    picture(page, "new-issue", tmp_path)
    page.get_by_role("button", name="Create the issue").click()
    say_who(tab)
    page.get_by_text("linked to every failure like this one").wait_for()
    issue = gitlab.world.project_by_id[project].issues[-1]
    assert "Fingerprint: dash" in issue.description
    card = page.locator("[data-testid=stMainBlockContainer]")
    expect(card).to_contain_text(f"#{issue.iid} ")
    form(page, "Changes").click()
    page.get_by_text(re.compile("Grace Hopper linked this signature to")).wait_for()
    picture(page, "changes", tmp_path)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone: it is as it was before.").wait_for()
    expect(card).to_contain_text("No issue is linked to this failure")
    tab.settled()
    page.get_by_role("button", name="Undo").first.click()
    expect(card).to_contain_text(re.compile(rf"#{issue.iid} .*\(opened\); nobody has it"))

    # The cookie tells who it is in a new session of this browser, and in no other.
    again = Tab(tab.page.context.new_page(), tab.server)
    opened(again, f"/failure?failure={project}-{job}")

    second = failed_job(night(gitlab, timedelta(days=1), "its"))
    synced(tab)
    page = opened(tab, f"/failure?failure={project}-{second}")
    expect(card).to_contain_text(f"#{issue.iid} ")
    expect(card).to_contain_text("(opened)")

    close(gitlab, Issue(project, issue.iid))
    third = failed_job(night(gitlab, datetime.now(UTC) - gitlab.world.end + timedelta(days=2), "its"))
    synced(tab)
    page = opened(tab, f"/failure?failure={project}-{third}")
    page.get_by_text(re.compile("Its issue was closed on .* it failed again on")).wait_for()
    picture(page, "back", tmp_path)
    assert tab.wrong == [] and again.wrong == []


def test_picked_jobs_get_a_person(tab: Tab, first: tuple[int, int], tmp_path: Path) -> None:
    opened(tab, f"/failure?failure={first[0]}-{first[1]}")
    page = tab.open("/failures?view=jobs")
    box = page.locator(".st-key-table_failed_jobs canvas").first.bounding_box()
    assert box is not None
    for line in (1, 2):
        page.mouse.click(box["x"] + 16, box["y"] + 35 * line + 17)
        tab.settled()
    page.get_by_text("2 picked").wait_for()
    form(page, "Assign", "act_many").click()
    tab.settled()
    tab.offered(page.get_by_placeholder("name or user name")).first.click()
    tab.settled()
    picture(page, "picked", tmp_path)
    page.locator(".st-key-assign_act_many button").click()
    say_who(tab)
    page.get_by_text("has it now.").wait_for()
    assert tab.wrong == []
