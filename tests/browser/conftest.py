"""Real servers over filled databases, and a headless Chromium, for all browser tests.

``demo`` is the demo's company, for everything that only reads; ``server`` a small database written by hand.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from playwright.sync_api import (
    TimeoutError as TooLong,
)

from dashlib.demo import World
from dashlib.store import open_store
from tests.browser import demo as company
from tests.pages.conftest import fill
from tests.queries.build import Builder

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Streamlit's client looks for its own endpoints below the page first, gets 404, and asks again at the root.
PATIENCE = 60_000
"""Milliseconds until something that has to come is given up: a busy machine needs ten times as long as a quiet one."""
expect.set_options(timeout=PATIENCE)
_EXPECTED = ("_stcore/health", "_stcore/host-config")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard under ``streamlit run app.py``; its address."""
    database = tmp_path_factory.mktemp("browser") / "dashboard.duckdb"
    with open_store(database) as store:
        fill(Builder(store))
    with serving(database) as address:
        yield address


@dataclass(frozen=True)
class Demo:
    """The served company: its address, what is true in it, and the failed job that has nothing but hostile names."""

    address: str
    world: World
    hostile_job: int


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo's company, for tests that change nothing; made once in a worker, in three seconds."""
    database = tmp_path_factory.mktemp("demo") / "company.duckdb"
    world, hostile_job = company.make(database)
    with serving(database) as address:
        yield Demo(address, world, hostile_job)


@contextmanager
def serving(database: Path, **settings: str) -> Iterator[str]:
    """The dashboard over a database, with these settings, while the block runs; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    environment = ours | {"DASH_DATABASE": str(database), "DASH_SYNC_MINUTES": "0", "PYTHONPATH": str(ROOT)}
    environment |= settings
    log = database.with_name("server.log")
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process, log)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(900):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not answer: {log.read_text()[-2000:]}")


def program() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium on this machine: install one (apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """For tests that need a browser nobody else used."""
    browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
    yield browser
    browser.close()


class Tab:
    """A page that remembers what went wrong in it."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.wrong: list[str] = []
        page.set_default_timeout(PATIENCE)
        # Painted without a graphics card, what moves while a page loads costs a third of loading it.
        page.emulate_media(reduced_motion="reduce")
        page.on("pageerror", lambda error: self.wrong.append(f"page: {error}"))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))
        page.on(
            "response", lambda answer: self._failed(answer.url, str(answer.status)) if answer.status >= 400 else None
        )
        page.on("console", lambda said: self._said(said.type, said.text))

    def _failed(self, url: str, why: str) -> None:
        if not url.endswith(_EXPECTED) and "ERR_ABORTED" not in why:
            self.wrong.append(f"request: {url} {why}")

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.wrong.append(f"console: {text}")

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.settled()

    def settled(self) -> Page:
        """After the script ran and every chart is drawn."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning] h1", timeout=PATIENCE)
        self.page.wait_for_timeout(400)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning] h1", timeout=PATIENCE)
        return self.page

    def offered(self, field: Locator) -> Locator:
        """The list below a field, opened. Where a form was drawn anew at that moment the list is gone: a person clicks
        again, too.
        """
        options = self.page.get_by_role("option")
        for _ in range(12):
            field.click()
            with suppress(TooLong):
                options.first.wait_for(timeout=PATIENCE / 12)
                return options
        pytest.fail("no list opens")


@pytest.fixture(scope="session")
def window(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """What the tests share. With a profile on disk Chromium keeps Streamlit's megabytes of script compiled, which are
    half the work of loading a page; a context in memory compiles them anew each time.
    """
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=program(),
        args=FLAGS,
        viewport={"width": 1600, "height": 1200},
    )
    yield context
    context.close()


@contextmanager
def fresh(window: BrowserContext, address: str, width: int = 1600, height: int = 1200) -> Iterator[Tab]:
    """A page of its own, with nothing that another test left behind.

    In a context of its own its first load would cost twice the work: Streamlit's scripts are compiled once a context.
    """
    page = window.new_page()
    page.set_viewport_size({"width": width, "height": height})
    yield Tab(page, address)
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
    window.clear_cookies()
    window.unroute_all()
    # The first is the empty one that Chromium began with: without it the whole context would end.
    for left in window.pages[1:]:
        left.close()


@pytest.fixture
def tab(window: BrowserContext, server: str) -> Iterator[Tab]:
    with fresh(window, server) as opened:
        yield opened
