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


@pytest.mark.parametrize(("patience", "told_in_flood"), [(60.0, False), (0.0, True)])
def test_reasons_wait_until_a_flood_has_ebbed(
    store: Store, monkeypatch: pytest.MonkeyPatch, patience: float, told_in_flood: bool
) -> None:
    """A minute at most: then failed jobs are explained all the same."""
    monkeypatch.setattr(module, "_LONGEST_UNEXPLAINED", patience)
    flooded = list[bool]()
    receiver = Receiver(Settings(), store, on_failed_jobs=lambda: flooded.append(receiver._flooded.is_set()))
    looked = list[float]()

    def wait(seconds: float) -> bool:
        looked.append(seconds)
        if len(looked) == 5:
            receiver._flooded.clear()
        if flooded:
            receiver._stop.set()
        return receiver._stop.is_set()

    monkeypatch.setattr(receiver._stop, "wait", wait)
    receiver._flooded.set()
    receiver._failed_jobs.set()
    receiver._explain()
    assert flooded == [told_in_flood]
