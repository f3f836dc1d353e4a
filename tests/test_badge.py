"""The badge: the newest night in a few words, escaped, and silent about what exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashlib import badge, runtime
from dashlib.store import open_store
from tests.pages.conftest import HOSTILE, fill
from tests.queries.build import Builder


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    path = tmp_path / "d.duckdb"
    with open_store(path) as store:
        fill(Builder(store))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASH_DATABASE", str(path))
    runtime.close()
    yield TestClient(Starlette(routes=badge.routes()))
    runtime.close()


def says(client: TestClient, **query: str) -> str:
    answer = client.get("/badge.svg", params=query)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("image/svg+xml")
    image = ElementTree.fromstring(answer.text)
    return str(image.attrib["aria-label"]).partition(": ")[2]


def test_what_it_says(client: TestClient) -> None:
    assert says(client) == "2 failed"
    assert says(client, project="acme/core/engine") == "1 failed"
    assert says(client, project="acme/web/site") == "passed"


def test_what_is_not_there_and_what_has_no_nightly_look_alike(client: TestClient) -> None:
    assert says(client, project="no/such") == says(client, project=f"<{HOSTILE}") == "no nightlies"
    assert client.post("/badge.svg").status_code == 405


@given(st.text(), st.text())
def test_any_text_is_well_formed_and_escaped(label: str, word: str) -> None:
    clean = "".join(letter for letter in label + word if letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF)
    image = ElementTree.fromstring(badge.svg(clean.replace("\ufffe", "").replace("\uffff", ""), "<b>&\"'", "#fff"))
    assert {element.tag.rpartition("}")[2] for element in image.iter()} == {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "text",
    }


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"passed": 3}, ("passed", "passed")),
        ({"failed": 2, "missing": 1, "ended": 3, "planned": 3}, ("2 failed, 1 never ran", "failed")),
        ({"missing": 1, "running": 2, "ended": 1, "planned": 3}, ("1 never ran, running: 1 of 3 ended", "missing")),
        ({"late": 1, "planned": 1}, ("running: 0 of 1 ended", "running")),
        ({"passed": 1, "to_come": 11, "ended": 1, "planned": 12}, ("running: 1 of 12 ended", "running")),
        ({"canceled": 2}, ("2 canceled", "none")),
        ({"canceled": 1, "warned": 1, "passed": 1}, ("2 passed, 1 canceled", "none")),
        ({"passed": 1, "times_missing": 22, "passed_since": 1}, ("22 more times missed, 1 failed first", "missing")),
        ({"passed": 1, "passed_since": 1}, ("1 failed first", "warned")),
    ],
)
def test_the_worst_decides(counts: dict[str, int], told: tuple[str, str]) -> None:
    names = ("failed", "missing", "running", "late", "to_come", "canceled", "passed", "warned", "ended", "planned")
    assert badge.told(dict.fromkeys((*names, "times_missing", "passed_since"), 0) | counts) == told
