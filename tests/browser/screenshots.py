"""The pictures of the README: the demo's company, synced by the real loader, served, photographed.

    python -m tests.browser.screenshots [FOLDER]        (make screenshots; default: docs/screenshots)

The simulated GitLab's last night is one that has ended, whatever the hour, so that the pictures show a whole night. The
database is a temporary one; nothing of this machine gets into a picture.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from dashlib.demo.decided import decide
from dashlib.demo.gitlab import READ_TOKEN
from dashlib.store import open_store
from tests.browser.conftest import FLAGS, Tab
from tests.browser.demo import last_morning

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 400_000


@dataclass(frozen=True)
class Picture:
    """One file: which page in which window, scrolled to the heading that begins with ``scroll_to``."""

    name: str
    path: str
    height: int
    width: int = 1440
    scheme: Literal["light", "dark"] = "light"
    scale: float = 1
    scroll_to: str | None = None


PICTURES = (
    Picture("overview", "/", 900),
    Picture("nightlies", "/nightlies", 1400),
    Picture("nightlies-dark", "/nightlies", 1400, scheme="dark"),
    Picture("failed-jobs", "/nightlies?allowed=true", 760, scroll_to="Failed jobs of"),
    Picture("commits", "/commits", 1080),
    Picture("activity", "/activity", 1110),
    Picture("nightlies-narrow", "/nightlies", 1700, width=390, scale=2),
)
# A heading leaves room above itself for Streamlit's toolbar, which is not there.
_TO_THE_TOP = "it => { it.style.scrollMarginTop = '1rem'; it.scrollIntoView({block: 'start'}) }"


@contextmanager
def serving() -> Iterator[str]:
    """The dashboard over the simulated company; its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITLAB_", "DASH_"))}
    with (
        tempfile.TemporaryDirectory() as folder,
        _said("dashlib.demo", "--end", last_morning().isoformat(), env=environment) as url,
    ):
        environment |= {"GITLAB_URL": url, "GITLAB_ACCESS_TOKEN": READ_TOKEN, "DASH_WINDOW_DAYS": "60"}
        environment |= {"DASH_DATABASE": str(Path(folder) / "company.duckdb"), "DASH_PROJECTS": "ostrelune/*"}
        environment |= {"DASH_TIMEZONE": "Europe/Berlin", "DASH_SYNC_MINUTES": "0"}
        synced = subprocess.run(
            [sys.executable, "-m", "dashlib", "sync", "--json"], cwd=ROOT, env=environment, check=False
        )
        # 1: done, with errors listed; in one repository of the company CI is forbidden.
        assert synced.returncode in (0, 1)
        with open_store(Path(environment["DASH_DATABASE"])) as store:
            decide(store)
        with _said("dashlib", "serve", "--port", "0", env=environment) as address:
            yield address


@contextmanager
def _said(module: str, *arguments: str, env: dict[str, str]) -> Iterator[str]:
    """A server that runs while the block does; its first line, which is its address."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> Path:
    """Photograph one page. Raises AssertionError when the page complains or the file is too large for a README."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.scale,
        color_scheme=picture.scheme,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    tab = Tab(context.new_page(), address)
    page = tab.open(picture.path)
    if picture.scroll_to:
        page.get_by_role("heading", name=picture.scroll_to).evaluate(_TO_THE_TOP)
    page.wait_for_timeout(1500)
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file, animations="disabled")
    context.close()
    assert not tab.wrong, f"{picture.name}: {tab.wrong}"
    assert file.stat().st_size < LARGEST, f"{file.name} has {file.stat().st_size:,} bytes"
    return file


def main(words: list[str]) -> None:
    """Take every picture."""
    folder = Path(words[0]) if words else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            file = take(browser, address, picture, folder)
            print(f"{file.name}  {file.stat().st_size / 1000:,.0f} kB")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
