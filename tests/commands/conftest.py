"""A folder with a shell in it, and a GitLab small enough to know by heart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashlib.__main__ import main
from tests.commands.shell import CANARY, Said, Shell
from tests.sync.unit.small_server import Answer, Asked, Small, small_server

USER = {"id": 1, "username": "ida.lund", "name": "Ida Lund", "state": "active"}
PROJECT = {
    "id": 7, "path_with_namespace": "fjordlys/beacon", "name": "beacon", "created_at": "2026-01-01T00:00:00Z",
    "default_branch": "main", "last_activity_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "/api/v4/user": USER,
    "/api/v4/version": {"version": "18.5.0-ee"},
    "/api/v4/personal_access_tokens/self": {"scopes": ["read_api"], "expires_at": "2099-01-01"},
    "/api/v4/projects": [PROJECT],
    "/api/v4/projects/fjordlys%2Fbeacon": PROJECT,
}


def answer(asked: Asked) -> Answer:
    """401 without the token, else what is known, else nothing."""
    if asked.headers.get("PRIVATE-TOKEN") != CANARY:
        return Answer({"message": "401 Unauthorized"}, 401)
    return Answer(ANSWERS.get(asked.path, []))


@pytest.fixture
def gitlab() -> Iterator[Small]:
    with small_server(answer) as server:
        yield server


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Nothing is set but the address of nobody."""
    return Shell(tmp_path, {"GITLAB_URL": "http://127.0.0.1:9", "DASH_TIMEOUT_SECONDS": "2"})


@pytest.fixture
def connected(tmp_path: Path, gitlab: Small) -> Shell:
    """The small GitLab and its token are set."""
    return Shell(tmp_path, {"GITLAB_URL": gitlab.url, "GITLAB_ACCESS_TOKEN": CANARY, "DASH_TIMEOUT_SECONDS": "2"})


@pytest.fixture
def inside(
    connected: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """The same as ``connected`` in this process: for the many answers of one command."""
    monkeypatch.chdir(connected.folder)
    for name, value in connected.environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Said:
        code = main(list(words))
        captured = capsys.readouterr()
        assert CANARY not in captured.out + captured.err
        return Said(code, captured.out, captured.err)

    return run
