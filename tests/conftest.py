"""Every test starts from an environment without settings of ours; one worker more than there are cores."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GITLAB_", "DASH_")):
            monkeypatch.delenv(name)


def pytest_xdist_auto_num_workers() -> int:
    """A third of the time a worker waits for a browser, a server or the disk: another one uses it."""
    return (os.cpu_count() or 1) + 1
