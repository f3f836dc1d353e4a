"""The socket of an open page: numbers as they change, for pages of this server only."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dashlib import runtime
from tests.receive.conftest import Dashboard

_PATIENCE = 30.0


def opened(dashboard: Dashboard, origin: str | None = None) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{dashboard.port}/live", origin=origin, proxy=None)  # type: ignore[arg-type]


def told(socket: ClientConnection) -> dict[str, int]:
    found: dict[str, int] = json.loads(socket.recv(_PATIENCE))
    return found


def test_it_tells_how_far_the_data_are_and_each_change(dashboard: Dashboard) -> None:
    now = runtime.runtime().store.data_version
    with opened(dashboard) as one, opened(dashboard, dashboard.url) as other:
        assert told(one) == told(other) == {"data": now, "copies": 0}
        assert dashboard.send("gitlab", "pipeline").status_code == 200
        first, second = told(one), told(other)
        assert first["data"] > now and second["data"] > now


def test_nothing_is_said_while_nothing_moves(dashboard: Dashboard) -> None:
    with opened(dashboard) as socket:
        told(socket)
        with pytest.raises(TimeoutError):
            socket.recv(0.5)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://127.0.0.1:1"])
def test_a_page_of_another_server_gets_nothing(dashboard: Dashboard, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(dashboard, origin)
    assert refused.value.response.status_code == 403


def test_who_leaves_is_forgotten(dashboard: Dashboard) -> None:
    for _ in range(20):
        with opened(dashboard) as socket:
            told(socket)
    with opened(dashboard) as socket:
        before = told(socket)["data"]
        runtime.runtime().store._moved()
        assert told(socket)["data"] == before + 1
