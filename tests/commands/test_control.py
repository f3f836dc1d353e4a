"""How a command finds the running app: a private file, a token of this run, and nobody else let in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashlib import control, runtime
from dashlib.control import App, AppError
from dashlib.routes import ROUTES
from tests.sync.unit.small_server import Answer, Asked, in_turn, small_server


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "dashboard.duckdb"


def test_the_file_is_private_and_goes_with_the_app(database: Path) -> None:
    app = control.announce(database, "http://127.0.0.1:1")
    file = control.file_of(database)
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"address": "http://127.0.0.1:1", "token": app.token, "pid": os.getpid()}
    assert app.token not in repr(app)
    again = control.announce(database, "http://127.0.0.1:2")
    assert (again.token != app.token, file.stat().st_mode & 0o777) == (True, 0o600)
    control.withdraw(database)
    assert list(database.parent.iterdir()) == []


def test_another_process_s_file_stays(database: Path) -> None:
    control.file_of(database).write_text(
        json.dumps({"address": "http://127.0.0.1:1", "token": "t", "pid": os.getpid() + 1})
    )
    control.withdraw(database)
    assert control.file_of(database).exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "5",
        '"x"',
        "{}",
        '{"address": "x"}',
        '{"address": "http://127.0.0.1:9", "token": "t", "pid": "x"}',
    ],
)
def test_a_file_of_another_shape_is_no_app(database: Path, content: str) -> None:
    control.file_of(database).write_text(content)
    assert control.running(database) is None


def test_no_file_no_app(database: Path) -> None:
    assert control.running(database) is None


def test_a_file_left_behind_is_no_app(database: Path) -> None:
    with small_server(in_turn(Answer({}))) as gone:
        control.announce(database, gone.url)
    assert control.running(database) is None


@pytest.mark.parametrize(
    "stranger",
    [
        Answer({"error": "no"}, 401),
        Answer(b"", 404),
        Answer(b"<html>another app</html>", 200),
        Answer({"hello": 1}),
        Answer(b"", 500),
    ],
    ids=["401", "404", "a page", "some JSON", "500"],
)
def test_somebody_else_at_that_address_is_no_app(database: Path, stranger: Answer) -> None:
    """After a crash, the port may belong to anybody, who answers whatever he likes."""
    with small_server(in_turn(stranger)) as other:
        control.announce(database, other.url)
        assert control.running(database) is None


@pytest.mark.parametrize(("lives", "found"), [(True, True), (False, False)])
def test_an_app_that_takes_its_time_is_there_while_its_process_lives(
    database: Path, monkeypatch: pytest.MonkeyPatch, lives: bool, found: bool
) -> None:
    """Else a command would open the database that a busy app owns."""
    with socket.create_server(("127.0.0.1", 0)) as silent, subprocess.Popen(["true"]) as ended:
        ended.wait()
        monkeypatch.setattr(control, "_PING", (0.2, 0.2))
        address, pid = f"http://127.0.0.1:{silent.getsockname()[1]}", os.getpid() if lives else ended.pid
        control.file_of(database).write_text(json.dumps({"address": address, "token": "t", "pid": pid}))
        assert (control.running(database) is not None) is found


def test_a_running_app(database: Path) -> None:
    def respond(asked: Asked) -> Answer:
        good = asked.headers.get("Authorization") == f"Bearer {running.token}"
        return Answer(b'{"pong": true}\n') if good else Answer({}, 401)

    with small_server(respond) as server:
        running = control.announce(database, server.url)
        assert control.running(database) == running
        assert list(running.call("ping")) == [{"pong": True}]
        with pytest.raises(AppError, match="answered 401"):
            list(App(server.url, "wrong", 1).call("ping"))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(b'{"progress": 1}\n{"failed": "a sync is running already"}\n'), "a sync is running already"),
        (Answer(b"not json\n"), "stopped answering"),
        (Answer(b'{"progress": 1}\n', cut=True), "stopped answering"),
        (Answer(reset=True), "stopped answering"),
        (Answer({}, 500), "answered 500"),
    ],
)
def test_an_app_that_fails(answer: Answer, told: str) -> None:
    with small_server(in_turn(answer)) as server, pytest.raises(AppError, match=told):
        list(App(server.url, "t", 1).call("sync"))


# The other end: the routes of the running app


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASH_SYNC_MINUTES", "0")
    with TestClient(Starlette(routes=ROUTES, lifespan=runtime.lifespan("http://127.0.0.1:9"))) as client:
        yield client
    assert not control.file_of(tmp_path / "data" / "dashboard.duckdb").exists()


def ours() -> dict[str, str]:
    announced = runtime.announced()
    assert announced is not None
    return {"Authorization": f"Bearer {announced.token}"}


def said(response: Any) -> list[Any]:
    return [json.loads(line) for line in response.text.splitlines()]


def test_health_is_open(app: TestClient) -> None:
    answer = app.get("/healthz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "data_version": 0, "syncing": False, "sources": {}},
    )


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": ""}, {"Authorization": "Bearer x"}, {"Authorization": b"Bearer \xff\xe9"}]
)
def test_nobody_else_is_let_in(app: TestClient, headers: dict[str, Any]) -> None:
    for name in ("ping", "sync", "snapshot", "status", "other"):
        assert app.post(f"{control.PREFIX}/{name}", headers=headers).status_code == 401


def test_not_even_with_the_token_from_elsewhere(app: TestClient) -> None:
    away = TestClient(app.app, client=("192.0.2.9", 1234))
    assert away.post(f"{control.PREFIX}/ping", headers=ours()).status_code == 403


def test_commands(app: TestClient) -> None:
    assert said(app.post(f"{control.PREFIX}/ping", headers=ours())) == [{"pong": True}]
    (status,) = said(app.post(f"{control.PREFIX}/status", headers=ours()))
    assert set(status["status"]) == {"sources", "tables", "disk_bytes"}
    (snapshot,) = said(app.post(f"{control.PREFIX}/snapshot", headers=ours()))
    assert Path(snapshot["snapshot"]).stat().st_mode & 0o777 == 0o600
    (refused,) = said(app.post(f"{control.PREFIX}/sync", headers=ours(), json={}))
    assert "was started without GITLAB_ACCESS_TOKEN" in refused["failed"]
    (refused,) = said(app.post(f"{control.PREFIX}/sync", headers=ours(), json={"since": "yesterday"}))
    assert "yesterday" in refused["failed"]


def test_commands_that_are_none(app: TestClient) -> None:
    assert app.post(f"{control.PREFIX}/other", headers=ours()).status_code == 404
    assert app.post(f"{control.PREFIX}/ping", headers=ours(), content=b"{").status_code == 400
    assert app.get(f"{control.PREFIX}/ping", headers=ours()).status_code == 405


def test_what_the_store_says_reaches_the_person(app: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that cannot be taken (a full disk) is told in its own words, not as "stopped answering"."""
    from dashlib.store import StoreError

    def fails() -> Path:
        raise StoreError("the snapshot could not be taken")

    monkeypatch.setattr(runtime.runtime().store, "snapshot", fails)
    assert said(app.post(f"{control.PREFIX}/snapshot", headers=ours())) == [
        {"failed": "the snapshot could not be taken"}
    ]
