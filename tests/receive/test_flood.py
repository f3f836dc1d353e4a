"""When rows wait for the route: what comes faster than rows are made is answered first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashlib.receive import receiver as module
from dashlib.receive.receiver import Receiver
from dashlib.settings import Settings
from dashlib.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "dashboard.duckdb") as opened:
        yield opened


@pytest.mark.parametrize(
    ("shaped", "meanwhile", "waits"),
    [(400, 200, True), (400, 199, False), (200, 100, True), (199, 199, False), (1, 0, False)],
)
def test_a_flood_is_many_at_a_time_and_half_as_many_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, shaped: int, meanwhile: int, waits: bool
) -> None:
    receiver = Receiver(Settings(), store)
    batches: list[list[Any]] = [[SimpleNamespace(id=n) for n in range(shaped)], []]
    waited: list[float] = []

    def write(_: object) -> list[Any]:
        receiver._told(meanwhile)
        return []

    monkeypatch.setattr(module, "stored", lambda *_, **__: batches.pop(0))
    monkeypatch.setattr(receiver._shaper, "write", write)
    monkeypatch.setattr(receiver._stop, "wait", waited.append)
    receiver._shape_waiting()
    assert bool(waited) is waits
    assert all(0 < seconds <= 5 for seconds in waited)
