"""How soon a page stands in a real browser, warm: the demo's company in the database, each page opened again and again.

A page is asked for in two ways: by its link in the table of contents, the way people go from page to page, and by its
address in a browser that has it in its cache. The clock runs until the script has ended and every chart and table that
is to come is drawn. Beside them, in the same run, stands the floor: a page that holds a title and nothing else.

    python -m benchmarks.pages [--repos 40] [--days 60] [--tries 10] [--pages nightlies,commits]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.live import company
from dashlib.commands import serve

TITLES = {
    "overview": "Overview",
    "nightlies": "Nightlies",
    "report": "Morning note",
    "failures": "Failures",
    "flaky": "Flaky jobs",
    "pipelines": "Pipelines",
    "runners": "Runners",
    "commits": "Commits",
    "people": "People",
    "activity": "Activity",
    "signals": "Signals",
    "sources": "Sources",
}
_FLOOR = "import streamlit as st\nst.title('Nothing else')\n"
_READY = "[data-testid=stApp][data-test-script-state=notRunning] h1"
_DRAWN = """() => {
    const app = document.querySelector('[data-testid=stApp]')
    if (app?.dataset.testScriptState !== 'notRunning' || !document.querySelector('h1')) return false
    const charts = [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
    const waiting = document.querySelectorAll('[data-testid=stSkeleton], [data-stale=true]')
    return !waiting.length && charts.every(one => one.querySelector('canvas, svg'))
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repos", type=int, default=40)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--pages", default=",".join(TITLES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, _served(Path(scratch), given.repos, given.days) as (ours, floor):
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            print(f"{given.repos} repositories × {given.days} nights, {given.tries} tries, seconds")
            print("| page | by its link: median | slowest | by its address: median | slowest | load |")
            print("|---|---:|---:|---:|---:|---:|")
            print(_line("(a title only)", [], _by_address(page, floor, given.tries)))
            for name in given.pages.split(","):
                direct = _by_address(page, f"{ours}/{name}", given.tries)
                linked = _by_link(page, name, given.tries)
                print(_line(name, linked, direct), flush=True)
            browser.close()


@contextmanager
def _served(scratch: Path, repos: int, days: int) -> Iterator[tuple[str, str]]:
    """The dashboard over a simulated company, and a page with nothing in it; their addresses."""
    database = scratch / "pages.duckdb"
    company(database, repos, days)
    empty = scratch / "floor.py"
    empty.write_text(_FLOOR)
    port = serve.free_port()
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    environment = bare | {"DASH_DATABASE": str(database), "DASH_SYNC_MINUTES": "0"}
    command = [sys.executable, "-m", "streamlit", "run", str(empty), "--server.port", str(port)]
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with (
        subprocess.Popen(command, env=bare, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as floor,
        serve.Server("127.0.0.1", serve.free_port(), environment) as server,
    ):
        try:
            server.wait_until_ready()
            yield server.url, f"http://127.0.0.1:{port}"
        finally:
            floor.terminate()


def _by_address(page: Page, address: str, tries: int) -> list[float]:
    """Seconds from the request to the drawn page; the first opening is not counted."""
    took = []
    for _ in range(tries + 1):
        page.goto("about:blank")
        started = time.monotonic()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(_READY, timeout=60_000)
        page.wait_for_function(_DRAWN, polling=10, timeout=60_000)
        took.append(time.monotonic() - started)
    return took[1:]


def _by_link(page: Page, name: str, tries: int) -> list[float]:
    """Seconds from the click on the page's link to the drawn page, coming from another page."""
    other = "sources" if name != "sources" else "report"
    took = []
    for _ in range(tries + 1):
        _follow(page, other)
        started = time.monotonic()
        _follow(page, name)
        took.append(time.monotonic() - started)
    return took[1:]


def _follow(page: Page, name: str) -> None:
    before = page.inner_text("h1")
    page.get_by_role("link", name=TITLES[name], exact=True).first.click()
    page.mouse.move(700, 5)  # what is hovered explains itself in a box that covers its neighbours
    page.wait_for_function("before => document.querySelector('h1')?.innerText !== before", arg=before, polling=10)
    page.wait_for_function(_DRAWN, polling=10, timeout=60_000)


def _line(name: str, linked: list[float], direct: list[float]) -> str:
    numbers = [f"{statistics.median(each):.2f} | {max(each):.2f}" if each else " | " for each in (linked, direct)]
    return f"| {name} | {' | '.join(numbers)} | {os.getloadavg()[0]:.1f} |"


if __name__ == "__main__":
    main()
