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
    assert says(client, project="acme/core/engine") == says(client, project="Acme/core/ENGINE") == "1 failed"
    assert says(client, project="acme/web/site") == "passed"


def test_it_names_its_repository(client: TestClient) -> None:
    def label(**query: str) -> str:
        image = ElementTree.fromstring(client.get("/badge.svg", params=query).text)
        return str(image.attrib["aria-label"]).partition(": ")[0]

    day = label().removeprefix("nightly ")
    assert label(project="acme/core/engine") == f"engine {day}" and label(project="acme/web/site") == f"site {day}"
    assert label(project="no/such") == "such" and label(project="a/\x00\ufffe") == "nightly"
    assert label(project=f"a/{'long' * 30}") == f"{'long' * 9}lon…"


def test_a_parameter_that_it_does_not_know_is_told(client: TestClient) -> None:
    for query in ({"repo": "acme/core/engine"}, {"project": "acme/core/engine", "repo": "x"}):
        answer = client.get("/badge.svg", params=query)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
        assert answer.text == "The badge knows no parameter 'repo': write /badge.svg?project=group/repository.\n"


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
        ({"late": 1, "planned": 1}, ("running: 0 of 1 ended, 1 late", "running")),
        ({"passed": 1, "to_come": 11, "ended": 1, "planned": 12}, ("running: 1 of 12 ended", "running")),
        ({"canceled": 2}, ("2 canceled", "none")),
        ({"canceled": 1, "warned": 1, "passed": 1}, ("2 passed, 1 canceled", "none")),
        ({"passed": 1, "times_missing": 1}, ("1 more time missed", "missing")),
        ({"passed": 1, "times_missing": 22, "passed_since": 1}, ("22 more times missed, 1 failed first", "missing")),
        ({"passed": 1, "passed_since": 1}, ("1 failed first", "warned")),
        ({"passed": 1, "failed_after": 1}, ("1 failed later", "warned")),
    ],
)
def test_the_worst_decides(counts: dict[str, int], told: tuple[str, str]) -> None:
    names = ("failed", "missing", "running", "late", "to_come", "canceled", "passed", "warned", "ended", "planned")
    assert badge.told(dict.fromkeys((*names, "times_missing", "passed_since", "failed_after"), 0) | counts) == told
