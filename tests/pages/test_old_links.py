"""A link to a night outlives the period that it was copied with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dashlib.store import open_store
from tests.nightlies.rows import DAY, expect
from tests.pages.conftest import YESTERDAY, Open
from tests.queries.build import Builder

OLD = YESTERDAY - timedelta(days=20)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A nightly that failed three weeks ago, never ran the night after and passed last night."""
    path = tmp_path_factory.mktemp("old") / "old.duckdb"
    with open_store(path) as store:
        built = Builder(store)
        built.project(1, "acme/core/engine")
        built.schedule(7)
        expect(built, OLD, OLD + DAY, YESTERDAY)
        built.night(OLD, failed=["unit"])
        built.night(YESTERDAY)
        built.write()
    return path


@pytest.mark.parametrize("page", ["nightlies", "report"])
def test_a_link_to_a_night_before_its_period_shows_that_night(
    opener: Callable[[Path], Open], database: Path, page: str
) -> None:
    app = opener(database)(page, night=f"{OLD:%Y-%m-%d}", period="7 days")
    assert next(box.value for box in app.selectbox if box.label == "Night") == f"{OLD:%Y-%m-%d}"
    days = {date.label: date.value for date in app.date_input}
    assert days == {"From": OLD.date() - timedelta(days=6), "To": OLD.date()}
    assert {metric.label: metric.value for metric in app.metric}["Failed"] == "1"
    assert not app.warning, "neither is the link wrong, nor has nothing run since"


def test_so_does_one_to_a_night_on_which_nothing_ran(opener: Callable[[Path], Open], database: Path) -> None:
    app = opener(database)("nightlies", night=f"{OLD + DAY:%Y-%m-%d}", period="7 days")
    assert {date.label: date.value for date in app.date_input}["To"] == (OLD + DAY).date()
    assert {metric.label: metric.value for metric in app.metric}["Never ran"] == "1"


def test_a_night_without_nightlies_moves_no_period(opener: Callable[[Path], Open], database: Path) -> None:
    app = opener(database)("nightlies", night=f"{OLD - timedelta(days=1):%Y-%m-%d}", period="7 days")
    assert not app.date_input
    assert [one for one in app.warning if "link asks" in one.value]


def test_other_pages_have_no_night(opener: Callable[[Path], Open], database: Path) -> None:
    assert not opener(database)("commits", night=f"{OLD:%Y-%m-%d}", period="7 days").date_input
