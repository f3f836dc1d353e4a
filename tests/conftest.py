"""Every test starts from an environment without settings of ours."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GITLAB_", "DASH_")):
            monkeypatch.delenv(name)
