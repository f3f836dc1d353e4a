"""How soon an open page shows a pipeline that failed: from the webhook's acknowledgement to the red cell in Chromium.

The simulated company is synced, the dashboard served, its page of nights opened with every repository in the grid. Then
nightlies of last night that had passed fail, one after the other: the real pipeline hook of each is posted with its
failed build, and the clock runs from the answer 200 until the cell of its repository is red.

    python -m benchmarks.live [--repos 40] [--days 60] [--tries 20] [--database F]

The load is the machine's of the last minute: beyond its number of cores, somebody else's work is measured as well.
``--busy`` posts another repository's job hook five times a second meanwhile: data that move all the time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from dashlib.commands import serve
from dashlib.demo import World
from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, create_app
from dashlib.demo.hooks import Hooks
from dashlib.demo.model import Pipeline
from dashlib.demo.sender import delivery
from dashlib.demo.serve import serving
from dashlib.failures.analyse import analyse
from dashlib.nightlies import ledger
from dashlib.settings import Settings
from dashlib.store import open_store
from dashlib.store.remember import remember
from dashlib.sync.run import Request, sync

SECRET = "benchmark"
_BASE = "https://gitlab.ostrelune.example"
_PATIENCE_MS = 60_000
_PAUSE_SECONDS = 1.5


def company(database: Path, repos: int, days: int, end: datetime | None = None) -> World:
    """A simulated company up to now, or to ``end`` (aware), synced into a new database."""
    world = World(7, end or datetime.now(UTC), repos=repos, days=days)
    with serving(create_app(world, faults=Faults())) as url, open_store(database) as store:
        settings = Settings(
            gitlab_url=url, gitlab_token=READ_TOKEN, database=database, projects=("*",), window_days=days
        )
        remember(store, settings)
        sync(settings, store, Request())
        ledger.refresh(store, settings)
        analyse(store)
    return world


def last_passed(world: World) -> list[Pipeline]:
    """The last run of a nightly of each repository that ran on the newest night, where it passed."""
    ran = [
        [each for each in project.pipelines if each.schedule is not None][-1]
        for project in world.projects
        if any(each.schedule is not None for each in project.pipelines) and not project.archived
    ]
    night = max(_night(each) for each in ran)
    return [each for each in ran if each.status == "success" and _night(each) == night]


def failed_hook(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline hook that GitLab would send if the last build of this nightly had failed just now."""
    now = datetime.now(UTC)
    build = [job for job in pipeline.jobs if job.status == "success" and not job.retried and not job.allow_failure][-1]
    build.status, build.failure_reason, build.finished_at = "failed", "script_failure", now
    pipeline.status, pipeline.finished_at, pipeline.updated_at = "failed", now, now
    return Hooks(_BASE).pipeline(pipeline)


def post(session: requests.Session, address: str, body: dict[str, Any], secret: str = SECRET) -> None:
    """Deliver a hook as GitLab does; returns when it is acknowledged."""
    made = delivery(body, secret=secret, base_url=_BASE)
    answer = session.post(f"{address}/gitlab/events", data=made.body, headers=made.headers, timeout=30)
    answer.raise_for_status()


def wait_for_red(page: Page, path: str, look_every_ms: int = 200) -> None:
    """Until the framed cell of a repository's row is a failure."""
    page.wait_for_function(
        """path => {
            for (const host of document.querySelectorAll('*')) {
                const root = host.shadowRoot
                const button = root && root.querySelector(`button[aria-label="Open ${path}"]`)
                if (button) return Boolean(button.closest('tr').querySelector('td.framed .cell.failed'))
            }
            return false
        }""",
        arg=path,
        polling=look_every_ms,
        timeout=_PATIENCE_MS,
    )


def main() -> None:
    """Print the row of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repos", type=int, default=40)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--busy", action="store_true", help="other data move all the time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "live.duckdb"
        world = company(database, given.repos, given.days)
        took = _measured(world, database, given.tries, given.busy)
    ordered = sorted(took)
    p95 = statistics.quantiles(ordered, n=20, method="inclusive")[-1] if len(ordered) > 1 else ordered[0]
    print("| repositories × nights | other data | tries | p50, s | p95, s | slowest, s | load |")
    print("|---|---|---|---|---|---|---|")
    other = "5 hooks a second" if given.busy else "still"
    numbers = f"{statistics.median(ordered):.2f} | {p95:.2f} | {ordered[-1]:.2f} | {os.getloadavg()[0]:.1f}"
    print(f"| {given.repos} × {given.days} | {other} | {len(took)} | {numbers} |")


def _measured(world: World, database: Path, tries: int, busy: bool) -> list[float]:
    chosen = last_passed(world)
    if len(chosen) < tries + busy:
        raise SystemExit(f"only {len(chosen)} nightlies passed last night: take more repositories or fewer tries")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    environment = ours | {
        "DASH_DATABASE": str(database), "DASH_SYNC_MINUTES": "0", "DASH_GITLAB_WEBHOOK_TOKEN": SECRET
    }  # fmt: skip
    took = []
    with (
        serve.Server("127.0.0.1", serve.free_port(), environment) as server,
        sync_playwright() as playwright,
        requests.Session() as session,
    ):
        session.trust_env = False
        server.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1200})
        page.goto(f"{server.url}/nightlies?show=all&sort=name&night={_night(chosen[0])}")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning] h1", timeout=_PATIENCE_MS)
        over = threading.Event()
        other = threading.Thread(target=_other_data, args=(chosen[-1], server.url, over), daemon=True)
        if busy:
            other.start()
        for pipeline in chosen[:tries]:
            time.sleep(_PAUSE_SECONDS)
            post(session, server.url, failed_hook(pipeline))
            acknowledged = time.monotonic()
            wait_for_red(page, pipeline.project.path, look_every_ms=20)
            took.append(time.monotonic() - acknowledged)
        over.set()
        if busy:
            other.join(10)
        browser.close()
    return took


def _night(pipeline: Pipeline) -> str:
    return f"{pipeline.created_at:%Y-%m-%d}"


def _other_data(pipeline: Pipeline, address: str, over: threading.Event) -> None:
    """Jobs of one pipeline start and end, again and again."""
    hooks = Hooks(_BASE)
    with requests.Session() as session:
        session.trust_env = False
        while not over.wait(0.2):
            job = pipeline.jobs[0]
            job.finished_at = datetime.now(UTC)
            post(session, address, hooks.job(job))


if __name__ == "__main__":
    main()
