"""``doctor`` and ``sync --source`` for GitHub and CodeArts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.shell import CANARY, Shell
from tests.commands.test_doctor import wrong
from tests.sync.unit.small_server import Answer, Asked, Small, small_server

REPOSITORY = {"id": 5, "full_name": "fjordlys/beacon", "name": "beacon", "default_branch": "main"}
PUSHES = "/v4/repositories/{}/events"
ANSWERS: dict[str, Any] = {
    "/api/v3/user": {"login": "ida", "id": 1},
    "/api/v3/user/repos": [REPOSITORY],
    "/api/v3/repos/fjordlys/beacon": REPOSITORY,
    "/api/v3/repos/fjordlys/beacon/actions/runs": {"total_count": 0, "workflow_runs": []},
    "/api/v3/repos/fjordlys/beacon/actions/workflows": {"total_count": 0, "workflows": []},
    "/api/graphql": {"data": {"repository": {"defaultBranchRef": None}}},
    PUSHES.format(7): [],
}


def respond(asked: Asked) -> Answer:
    token = asked.headers.get("authorization", "") + asked.headers.get("Authorization", "")
    token += asked.headers.get("x-auth-token", "") + asked.headers.get("X-Auth-Token", "")
    if CANARY not in token:
        return Answer({"message": "Bad credentials", "error_code": "CH.00000001", "error_msg": "none"}, 401)
    if asked.path in ANSWERS:
        return Answer(ANSWERS[asked.path])
    return Answer({"message": "Not Found", "error_code": "CH.00402000", "error_msg": "It does not exist."}, 404)


@pytest.fixture
def forge() -> Iterator[Small]:
    with small_server(respond) as server:
        yield server


@pytest.fixture
def connected(tmp_path: Path, forge: Small) -> Shell:
    return Shell(tmp_path, {
        "DASH_GITHUB_URL": forge.url, "DASH_GITHUB_TOKEN": CANARY, "DASH_CODEARTS_URL": forge.url,
        "DASH_CODEARTS_TOKEN": CANARY, "DASH_CODEARTS_REPOSITORIES": "7", "DASH_TIMEOUT_SECONDS": "2",
    })  # fmt: skip


def test_all_is_well(connected: Shell) -> None:
    said = connected("doctor")
    assert (said.code, said.err, wrong(said.out)) == (0, "", [])
    for told in (
        "token of ida",
        "1 at /user/repos",
        "the runs of fjordlys/beacon can be read",
        "1 repositories can be",
    ):
        assert told in said.out
    assert "GITLAB_ACCESS_TOKEN" not in said.out, "a GitLab is no must"


TROUBLES: dict[str, tuple[dict[str, str], str]] = {
    "bad token": ({"DASH_GITHUB_TOKEN": "ghp_other"}, "GitHub: the token was not accepted (HTTP 401: Bad credentials)"),
    "no repository": ({"DASH_GITHUB_REPOSITORIES": "fjordlys/none"}, "GitHub: not found (HTTP 404: Not Found)"),
    "no github": ({"DASH_GITHUB_URL": "http://127.0.0.1:9"}, "GitHub: http://127.0.0.1:9 cannot be reached"),
    "token of yesterday": ({"DASH_CODEARTS_TOKEN": "of-yesterday"}, "a token of IAM lives for 24 hours"),
    "unknown number": ({"DASH_CODEARTS_REPOSITORIES": "7 8"}, "CodeArts repository 8: HTTP 404: CH.00402000"),
    "no host": ({"DASH_CODEARTS_URL": ""}, "CodeArts is not set up: set DASH_CODEARTS_URL"),
    "nobody there": ({"DASH_CODEARTS_URL": "http://127.0.0.1:9"}, "CodeArts: http://127.0.0.1:9 cannot be reached"),
}


@pytest.mark.parametrize(("changed", "told"), TROUBLES.values(), ids=TROUBLES)
def test_a_trouble(connected: Shell, changed: dict[str, str], told: str) -> None:
    said = connected("doctor", **changed)
    assert said.code == 1
    [line] = wrong(said.out)
    assert told in line


def test_a_token_without_actions(connected: Shell, forge: Small) -> None:
    refused = Answer({"message": "Resource not accessible by personal access token"}, 403)
    usual: Callable[[Asked], Answer] = forge.respond
    forge.respond = lambda asked: refused if asked.path.endswith("/actions/runs") else usual(asked)
    [line] = wrong(connected("doctor").out)
    assert "Resource not accessible" in line
    assert "read access to metadata, contents and actions" in line


def test_sync_of_one_source(connected: Shell, forge: Small) -> None:
    said = connected("sync", "--source", "codearts", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["rows"] == {"projects": 1}
    assert {asked.path for asked in forge.asked} == {PUSHES.format(7)}
    said = connected("sync", "--json")
    assert (said.code, json.loads(said.out)["rows"]) == (0, {"projects": 1})
    status = json.loads(connected("status", "--json").out)
    assert [source["source"] for source in status["sources"]] == ["codearts", "github"]
    assert connected.files_with(CANARY) == []


def test_sync_of_a_source_that_is_not_set_up(connected: Shell) -> None:
    said = connected("sync", "--source", "gitlab")
    assert said.code == 2
    assert "GITLAB_ACCESS_TOKEN is not set" in said.error()
    assert connected("sync", "--source", "bitbucket").code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DASH_CODEARTS_REPOSITORIES", "seven"), ("DASH_CODEARTS_REPOSITORIES", "-7"),
        ("DASH_CODEARTS_REPOSITORIES", "99999999999999999999"), ("DASH_CODEARTS_URL", "huawei"),
        ("DASH_GITHUB_URL", f"https://ida:{CANARY}@github.example"), ("DASH_GITHUB_URL", "github.example"),
    ],
)  # fmt: skip
def test_bad_settings(connected: Shell, name: str, value: str) -> None:
    said = connected("sync", **{name: value})
    assert said.code == 2
    assert name in said.error()
