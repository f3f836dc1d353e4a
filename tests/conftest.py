"""Every test starts from an environment without settings of ours; a new database costs next to nothing; one worker
more than there are cores."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, settings
from streamlit.components.v2 import manifest_scanner
from xdist.scheduler import LoadFileScheduling

from dashlib.failures.rulebook import rulebook
from dashlib.store import database, open_store

if TYPE_CHECKING:
    from xdist.remote import Producer


# How long an example takes is the machine's affair, in CI (where hypothesis looks for itself) and elsewhere.
settings.register_profile("any machine", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GITLAB_", "DASH_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a new database holds (tables and fifty views, half a second) is made once and copied for every test.

    ``tests/store`` looks at the making itself and goes without. DuckDB answers in the thread that asks: tables of tests
    are too small to share, and what its others do before they notice is a third of all processor time.
    """
    template = tmp_path_factory.mktemp("template") / "empty.duckdb"
    open_store(template).close()
    connect = database._connect

    def connected(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if not read_only and not (path.exists() and path.stat().st_size):
            shutil.copyfile(template, path)
        connection = connect(path, read_only=read_only)
        connection.execute("set threads = 1")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_connect", connected)
        yield template


@pytest.fixture(scope="session", autouse=True)
def _rules_read() -> None:
    """A few logs are explained in the test's own process, whatever ran before it."""
    rulebook()


@pytest.fixture(scope="session", autouse=True)
def _no_packaged_components() -> Iterator[None]:
    """Each AppTest looks through all installed packages for Streamlit components; those of ours are in no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", list)
        yield


_BROWSER = "tests/browser/"
_LONG = ("browser", "hostile", "sync", "act", "pages", "nightlies", "receive", "commands", "failures")
"""Folders of tests that take long, the longest first: what ends a run is short, and no worker waits for another."""


_ONCE_MORE = pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError", "expected to"])
"""What a browser was waited for in vain for a minute is tried once more, and counted in the last line: a shared machine
may stand still for as long. A test that fails twice fails; what is wrong on a page is not tried again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first; within a folder files and tests keep their order."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return _LONG.index(folder) if folder in _LONG else len(_LONG)

    items.sort(key=place)
    for item in items:
        if place(item) == 0:
            item.add_marker(_ONCE_MORE)


class _OneBrowser(LoadFileScheduling):  # type: ignore[misc]
    """A file is one worker's, and all that drive a browser are the same one's.

    Chromium draws as long as it waits: beside a second one both take more than twice as long.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _BROWSER if nodeid.startswith(_BROWSER) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _OneBrowser(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """A third of the time a worker waits for a browser, a server or the disk: another one uses it. With one more the
    browser's choices come too late.
    """
    return (os.cpu_count() or 1) + 1
