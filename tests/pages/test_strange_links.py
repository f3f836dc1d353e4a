"""Words in an address that are no choice of the page are told, whatever the page and the choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashlib.store import open_store
from dashlib.widgets.address_keys import BAR_KEYS, KEYS, PAGE_KEYS
from tests.pages.conftest import YESTERDAY, Open, fill
from tests.queries.build import Builder
from tests.queries.signal_rows import alert, put

WORD = "quux"
TEXTS = {"find", "search", "find_event", "find_person", "find_signal", "flaky_search", "log", "who", "sql", "opened"}
"""What takes any word."""


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As for the other pages, and a signal: else the page Signals has nothing to choose from."""
    path = tmp_path_factory.mktemp("strange") / "filled.duckdb"
    with open_store(path) as store:
        fill(Builder(store))
        put(store, alert("disk", YESTERDAY))
    return path


@pytest.mark.parametrize("page", PAGE_KEYS)
def test_every_choice_of_a_page_tells_a_word_that_it_does_not_know(filled: Open, page: str) -> None:
    """What the page draws, it tells; what it draws in another view only, it tells there."""
    app = filled(page, **dict.fromkeys(PAGE_KEYS[page] - TEXTS, WORD))
    held = app.session_state["address"]
    assert held.pages.get(page, set()) - BAR_KEYS <= PAGE_KEYS[page]
    said = " ".join(warning.value for warning in app.warning)
    here = {key for key in held.drawn if key in PAGE_KEYS[page]} - TEXTS
    assert {key for key, _ in held.unknown} == here
    assert said.count(WORD) == len(here)
    assert not [key for key in here if WORD in app.query_params.get(key, [])]


@pytest.mark.parametrize("page", PAGE_KEYS)
def test_a_choice_of_other_pages_is_told_with_theirs(filled: Open, page: str) -> None:
    others = sorted(KEYS - PAGE_KEYS[page] - BAR_KEYS)
    app = filled(page, **dict.fromkeys(others, WORD), period="7 days", utm_source="mail")
    [warning] = [one for one in app.warning if "The link asks for what is not here" in one.value]
    assert warning.value.count("this page has no choice") == len(others)
    assert ("this page has no choice “show”, Nightlies has" in warning.value) is (page != "nightlies")
    assert ("“split”, Nightlies and Failures have" in warning.value) is (page not in ("nightlies", "failures"))
    assert set(app.query_params) == {"period", "utm_source"}
