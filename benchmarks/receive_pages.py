"""How long a person waits for pages of the dashboard that ``benchmarks.receive`` serves: Chromium, a real socket.

The pages are opened one after the other, each in a context of its own (nothing of the visit before helps), until the
time is over. The clock runs from the address to the drawn heading of a run that ended.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Mapping, Sequence

from playwright.sync_api import sync_playwright

PAGES = ("nightlies", "commits", "sources")
_DRAWN = "[data-testid=stApp][data-test-script-state=notRunning] h1"
_PATIENCE_MS = 60_000


def opened(url: str, seconds: float) -> dict[str, list[float]]:
    """Seconds that each opening of each page took, all pages in turn for so long."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    took: dict[str, list[float]] = {name: [] for name in PAGES}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for name in PAGES:
                page = browser.new_page()
                began = time.perf_counter()
                page.goto(f"{url}/{name}")
                page.wait_for_selector(_DRAWN, timeout=_PATIENCE_MS)
                took[name].append(time.perf_counter() - began)
                page.close()
        browser.close()
    return took


def told(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """A table: each page in each state of the server, openings, median and slowest in seconds."""
    lines = ["| page | server | openings | p50, s | slowest, s |", "|---|---|---:|---:|---:|"]
    for name in PAGES:
        for state, took in measured.items():
            seconds = took[name]
            lines.append(
                f"| {name} | {state} | {len(seconds)} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |"
            )
    return "\n".join(lines)
