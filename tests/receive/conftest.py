"""The receiver over real HTTP on loopback, and deliveries straight into its row functions."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from dashlib import runtime
from dashlib.routes import MIDDLEWARE, ROUTES
from tests.receive.payloads import raw

SECRETS = {
    "DASH_GITLAB_WEBHOOK_TOKEN": "canary-gitlab-secret",
    "DASH_GITHUB_WEBHOOK_SECRET": "canary-github-secret",
    "DASH_HOOK_TOKEN": "canary-bearer-secret",
}
PATHS = {
    "gitlab": "/gitlab/events",
    "github": "/github/events",
    "alertmanager": "/alerts/events",
    "cloudevents": "/cloud/events",
    "kubernetes": "/k8s/events",
}

_PATIENCE = 60.0
"""Seconds after which deliveries that wait for their rows are a failure of the test, not of the machine."""


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until another thread has come to what ``holds`` says."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def signed(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRETS["DASH_GITHUB_WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()


def proof(source: str, body: bytes) -> dict[str, str]:
    """The headers that let a delivery in."""
    if source == "gitlab":
        return {"X-Gitlab-Token": SECRETS["DASH_GITLAB_WEBHOOK_TOKEN"]}
    if source == "github":
        return {"X-Hub-Signature-256": signed(body)}
    return {"Authorization": f"Bearer {SECRETS['DASH_HOOK_TOKEN']}"}


@dataclass
class Dashboard:
    """A running receiver."""

    url: str
    port: int

    def post(self, source: str, body: bytes, *, secret: bool = True, **headers: str) -> requests.Response:
        """One delivery; header names are written with underscores."""
        told = {"Content-Type": "application/json"} | (proof(source, body) if secret else {})
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(self.url + PATHS[source], data=body, headers=told, timeout=60)

    def send(self, source: str, name: str, **headers: str) -> requests.Response:
        """A recorded payload."""
        return self.post(source, raw(source, name), secret=True, **headers)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with runtime.runtime().store.reader() as reader:
            found = reader.execute(sql, list(values))
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def settled(self, count: int | None = None) -> list[dict[str, Any]]:
        """All deliveries, once ``count`` of them (or whatever there is) have got their rows."""
        inbox, deadline = runtime.runtime().store.inbox, time.monotonic() + _PATIENCE
        while True:
            moved = inbox.is_idle()
            found = self.rows("select * exclude (body) from deliveries order by id")
            if moved and (count is None or len(found) >= count) and all(one["status"] != "received" for one in found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    def forget(self) -> None:
        """Every table empty, for the next test."""
        store = runtime.runtime().store

        def empty(connection: Any) -> None:
            for name in ("deliveries", "events", "projects", "pipelines", "jobs", "commits", "issues", "users"):
                connection.execute(f"delete from {name}")
            for name in ("merge_requests", "members", "signals"):
                connection.execute(f"delete from {name}")

        self.settled()
        store._writer.run(empty).result()
        store.inbox._known.forget()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One server for a module's tests."""
    folder = tmp_path_factory.mktemp("receive")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {**SECRETS, "DASH_DATABASE": str(folder / "x.duckdb"), "DASH_SYNC_MINUTES": "0"}.items():
            patch.setenv(name, value)
        runtime.close()
        port = free_port()
        app = Starlette(routes=ROUTES, middleware=MIDDLEWARE, lifespan=runtime.lifespan(f"http://127.0.0.1:{port}"))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield Dashboard(f"http://127.0.0.1:{port}", port)
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def dashboard(serving: Dashboard) -> Iterator[Dashboard]:
    """An empty receiver."""
    serving.forget()
    yield serving


def stored(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a database holds, read by DuckDB alone."""
    import duckdb

    with duckdb.connect(str(folder), read_only=True) as reader:
        return reader.execute(sql).fetchall()


def as_json(response: requests.Response) -> Any:
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.content)
